-- The number of games in the table. Five seasons to 3 January 2026 have 5,796.
SELECT COUNT(DISTINCT game_id) AS games
FROM `nba_analytics.team_offense_game_summary`
WHERE game_date >= '2021-10-19';
