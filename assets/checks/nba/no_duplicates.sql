-- Duplicate teams on a date, under one id or two.
SELECT game_date, team_abbr, COUNT(*) AS found_rows, STRING_AGG(DISTINCT game_id, ',' ORDER BY game_id) AS game_ids
FROM `nba_analytics.team_offense_game_summary`
WHERE game_date >= '2021-10-19'
GROUP BY game_date, team_abbr
HAVING COUNT(*) > 1
ORDER BY game_date, team_abbr;
