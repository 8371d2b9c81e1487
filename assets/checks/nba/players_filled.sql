-- The share of rows in which a column is not NULL, in percent.
SELECT
  ROUND(100.0 * COUNTIF(minutes_played IS NOT NULL) / COUNT(*), 2) AS minutes_pct,
  ROUND(100.0 * COUNTIF(points IS NOT NULL) / COUNT(*), 2) AS points_pct,
  ROUND(100.0 * COUNTIF(fg_attempts IS NOT NULL) / COUNT(*), 2) AS fg_attempts_pct,
  ROUND(100.0 * COUNTIF(three_pt_attempts IS NOT NULL) / COUNT(*), 2) AS three_pt_attempts_pct,
  ROUND(100.0 * COUNTIF(assists IS NOT NULL) / COUNT(*), 2) AS assists_pct,
  ROUND(100.0 * COUNTIF(paint_attempts IS NOT NULL) / COUNT(*), 2) AS paint_attempts_pct,
  ROUND(100.0 * COUNTIF(mid_range_attempts IS NOT NULL) / COUNT(*), 2) AS mid_range_attempts_pct
FROM `nba_analytics.player_game_summary`
WHERE game_date >= '2021-10-19';
