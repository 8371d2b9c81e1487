-- Rows whose average over the last five games is not that of the five games strictly before the date. An average that
-- includes the date's own game differs.
WITH played AS (
  SELECT p.player_lookup, c.cache_date, c.points_avg_last_5,
    AVG(p.points) OVER (
      PARTITION BY p.player_lookup, p.season_year ORDER BY p.game_date ROWS BETWEEN 5 PRECEDING AND 1 PRECEDING
    ) AS average_before
  FROM `nba_analytics.player_game_summary` AS p
  LEFT JOIN `nba_precompute.player_daily_cache` AS c
    ON c.cache_date = p.game_date AND c.player_lookup = p.player_lookup AND c.cache_date >= '2021-10-19'
  WHERE p.game_date >= '2021-10-19' AND (p.minutes_played > 0 OR p.points > 0)
)
SELECT cache_date, player_lookup, points_avg_last_5, ROUND(average_before, 2) AS average_before
FROM played
WHERE cache_date IS NOT NULL AND (ABS(points_avg_last_5 - average_before) <= 0.0501) IS NOT TRUE
ORDER BY cache_date, player_lookup;
