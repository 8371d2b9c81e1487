-- Rows whose home_game, or the third part of their id, is not the schedule's home team.
-- A feed's own flag was right for some games of a date and inverted for others.
WITH sides AS (
  SELECT game_date, home_team_tricode AS team_abbr, home_team_tricode AS home
  FROM `nba_raw.nbac_schedule`
  WHERE game_date >= '2021-10-19' AND game_status = 3
  UNION DISTINCT
  SELECT game_date, away_team_tricode AS team_abbr, home_team_tricode AS home
  FROM `nba_raw.nbac_schedule`
  WHERE game_date >= '2021-10-19' AND game_status = 3
)
SELECT t.game_date, t.game_id, t.team_abbr, t.home_game, sides.home AS scheduled_home
FROM `nba_analytics.team_offense_game_summary` AS t
LEFT JOIN sides ON sides.game_date = t.game_date AND sides.team_abbr = t.team_abbr
WHERE t.game_date >= '2021-10-19'
  AND (
    sides.home IS NULL
    OR t.home_game != (t.team_abbr = sides.home)
    OR SPLIT(t.game_id, '_')[SAFE_OFFSET(2)] IS DISTINCT FROM sides.home
  )
ORDER BY t.game_date, t.game_id, t.team_abbr;
