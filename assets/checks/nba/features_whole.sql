-- Rows without 25 features under 25 names.
SELECT game_date, player_lookup, ARRAY_LENGTH(features) AS numbers, ARRAY_LENGTH(feature_names) AS names, feature_count
FROM `nba_predictions.ml_feature_store_v2`
WHERE game_date >= '2021-10-19'
  AND (ARRAY_LENGTH(features) != 25 OR ARRAY_LENGTH(feature_names) != 25 OR feature_count != 25)
ORDER BY game_date, player_lookup;
