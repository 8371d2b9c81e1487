-- The mean quality score of the teams' rows, and the share fit for production.
SELECT ROUND(AVG(quality_score), 1) AS mean_score,
  ROUND(100.0 * COUNTIF(is_production_ready) / COUNT(*), 1) AS production_ready_pct
FROM `nba_analytics.team_offense_game_summary`
WHERE game_date >= '2021-10-19';
