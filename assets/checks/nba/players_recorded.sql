-- The number of players' games in the table.
SELECT COUNT(*) AS players_games
FROM `nba_analytics.player_game_summary`
WHERE game_date >= '2021-10-19' AND points IS NOT NULL;
