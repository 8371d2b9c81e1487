-- Duplicate players in a game.
SELECT game_date, game_id, player_lookup, COUNT(*) AS found_rows
FROM `nba_analytics.player_game_summary`
WHERE game_date >= '2021-10-19'
GROUP BY game_date, game_id, player_lookup
HAVING COUNT(*) > 1
ORDER BY game_date, game_id, player_lookup;
