-- Seasons with features on fewer than 80 % of dates with games: one had 13.6 %, unnoticed.
WITH dates AS (
  SELECT DISTINCT season_year, game_date
  FROM `nba_analytics.team_offense_game_summary`
  WHERE game_date >= '2021-10-19'
), covered AS (
  SELECT DISTINCT game_date
  FROM `nba_predictions.ml_feature_store_v2`
  WHERE game_date >= '2021-10-19'
)
SELECT season_year, ROUND(100.0 * COUNTIF(covered.game_date IS NOT NULL) / COUNT(*), 1) AS pct
FROM dates
LEFT JOIN covered ON covered.game_date = dates.game_date
GROUP BY season_year
HAVING 100.0 * COUNTIF(covered.game_date IS NOT NULL) / COUNT(*) < 80
ORDER BY season_year;
