-- Rows whose overtimes differ from the opponent's, or whose pace contradicts possessions and overtimes.
-- Possessions are truncated and pace is rounded to a tenth, so pace may be up to 1.1 higher and 0.1 lower.
-- Unknown possessions are ignored.
WITH games AS (
  SELECT game_date, game_id, team_abbr, overtime_periods, possessions, pace,
    MIN(overtime_periods) OVER (PARTITION BY game_date, game_id) AS fewest,
    MAX(overtime_periods) OVER (PARTITION BY game_date, game_id) AS most,
    pace * (48 + 5 * overtime_periods) / 48 AS possessions_by_pace
  FROM `nba_analytics.team_offense_game_summary`
  WHERE game_date >= '2021-10-19'
)
SELECT game_date, game_id, team_abbr, overtime_periods, most AS overtimes_of_game, possessions,
  ROUND(possessions_by_pace, 1) AS possessions_by_pace
FROM games
WHERE overtime_periods IS NULL
  OR fewest != most
  OR (
    possessions IS NOT NULL
    AND (possessions_by_pace - possessions BETWEEN -0.1 AND 1.1) IS NOT TRUE
  )
ORDER BY game_date, game_id, team_abbr;
