-- Feature quality: the share of rows with a score of 70 or more, percent, and the mean score.
SELECT ROUND(100.0 * COUNTIF(feature_quality_score >= 70) / COUNT(*), 1) AS usable_pct,
  ROUND(AVG(feature_quality_score), 1) AS mean_score
FROM `nba_predictions.ml_feature_store_v2`
WHERE game_date >= '2021-10-19';
