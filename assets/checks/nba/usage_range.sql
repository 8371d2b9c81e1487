-- Usage rates outside 0 to 100 of players with five minutes or more. A player who takes a shot in a few seconds is
-- correctly above 100.
SELECT game_date, game_id, player_lookup, minutes_played, usage_rate
FROM `nba_analytics.player_game_summary`
WHERE game_date >= '2021-10-19' AND minutes_played >= 5 AND (usage_rate < 0 OR usage_rate > 100)
ORDER BY game_date, game_id, player_lookup;
