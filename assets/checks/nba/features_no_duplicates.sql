-- Duplicate players on a date.
SELECT game_date, player_lookup, COUNT(*) AS found_rows
FROM `nba_predictions.ml_feature_store_v2`
WHERE game_date >= '2021-10-19'
GROUP BY game_date, player_lookup
HAVING COUNT(*) > 1
ORDER BY game_date, player_lookup;
