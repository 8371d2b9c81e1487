-- Duplicate players on a date.
SELECT analysis_date, player_lookup, COUNT(*) AS found_rows
FROM `nba_precompute.player_shot_zone_analysis`
WHERE analysis_date >= '2021-10-19'
GROUP BY analysis_date, player_lookup
HAVING COUNT(*) > 1
ORDER BY analysis_date, player_lookup;
