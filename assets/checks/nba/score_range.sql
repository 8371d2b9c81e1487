-- Rows with implausible points.
SELECT game_date, game_id, team_abbr, points_scored
FROM `nba_analytics.team_offense_game_summary`
WHERE game_date >= '2021-10-19' AND (points_scored BETWEEN 50 AND 200) IS NOT TRUE
ORDER BY game_date, game_id, team_abbr;
