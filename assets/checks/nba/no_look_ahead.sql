-- Rows whose average over the last five games is not that of the five games strictly before the date. An average that
-- includes the date's own game differs.
WITH played AS (
  SELECT player_lookup, game_date,
    AVG(points) OVER (
      PARTITION BY player_lookup, season_year ORDER BY game_date ROWS BETWEEN 5 PRECEDING AND 1 PRECEDING
    ) AS average_before
  FROM `nba_analytics.player_game_summary`
  WHERE game_date >= '2021-10-19' AND (minutes_played > 0 OR points > 0)
)
SELECT c.cache_date, c.player_lookup, c.points_avg_last_5, ROUND(played.average_before, 2) AS average_before
FROM `nba_precompute.player_daily_cache` AS c
JOIN played ON played.player_lookup = c.player_lookup AND played.game_date = c.cache_date
WHERE c.cache_date >= '2021-10-19' AND (ABS(c.points_avg_last_5 - played.average_before) <= 0.0501) IS NOT TRUE
ORDER BY c.cache_date, c.player_lookup;
