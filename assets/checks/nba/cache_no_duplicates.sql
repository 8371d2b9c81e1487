-- Duplicate players on a date.
SELECT cache_date, player_lookup, COUNT(*) AS found_rows
FROM `nba_precompute.player_daily_cache`
WHERE cache_date >= '2021-10-19'
GROUP BY cache_date, player_lookup
HAVING COUNT(*) > 1
ORDER BY cache_date, player_lookup;
