-- Players with more shots in the zones than attempts; the feeds may differ by one.
SELECT game_date, game_id, player_lookup, paint_attempts, mid_range_attempts, three_pt_attempts, fg_attempts
FROM `nba_analytics.player_game_summary`
WHERE game_date >= '2021-10-19' AND paint_attempts + mid_range_attempts + three_pt_attempts > fg_attempts + 1
ORDER BY game_date, game_id, player_lookup;
