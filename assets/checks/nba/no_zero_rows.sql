-- Rows of teams without points or shot attempts, as an empty feed produces.
SELECT game_date, game_id, team_abbr, points_scored, fg_attempts
FROM `nba_analytics.team_offense_game_summary`
WHERE game_date >= '2021-10-19' AND (points_scored = 0 OR fg_attempts = 0)
ORDER BY game_date, game_id, team_abbr;
