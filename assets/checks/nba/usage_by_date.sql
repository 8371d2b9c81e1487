-- Dates on which fewer than 95 % of players with minutes have a usage rate.
SELECT game_date, ROUND(100.0 * COUNTIF(usage_rate IS NOT NULL) / COUNT(*), 2) AS pct
FROM `nba_analytics.player_game_summary`
WHERE game_date >= '2021-10-19' AND minutes_played > 0
GROUP BY game_date
HAVING 100.0 * COUNTIF(usage_rate IS NOT NULL) / COUNT(*) < 95
ORDER BY game_date;
