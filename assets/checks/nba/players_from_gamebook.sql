-- The share of rows from the official gamebook, in percent; the others come from bdl.
SELECT ROUND(100.0 * COUNTIF(primary_source_used = 'nbac_gamebook') / COUNT(*), 2) AS pct
FROM `nba_analytics.player_game_summary`
WHERE game_date >= '2021-10-19';
