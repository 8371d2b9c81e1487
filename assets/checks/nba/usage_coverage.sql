-- The share of players with minutes whose usage rate is known: the metric this backfill is for.
SELECT ROUND(100.0 * COUNTIF(usage_rate IS NOT NULL) / COUNT(*), 2) AS pct
FROM `nba_analytics.player_game_summary`
WHERE game_date >= '2021-10-19' AND minutes_played > 0;
