-- Rows with a wrong count of the player's games in the season before the date.
WITH played AS (
  SELECT p.player_lookup, c.cache_date, c.games_played_season,
    COUNT(*) OVER (
      PARTITION BY p.player_lookup, p.season_year ORDER BY p.game_date ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS games_before
  FROM `nba_analytics.player_game_summary` AS p
  LEFT JOIN `nba_precompute.player_daily_cache` AS c
    ON c.cache_date = p.game_date AND c.player_lookup = p.player_lookup AND c.cache_date >= '2021-10-19'
  WHERE p.game_date >= '2021-10-19' AND (p.minutes_played > 0 OR p.points > 0)
)
SELECT cache_date, player_lookup, games_played_season, games_before
FROM played
WHERE cache_date IS NOT NULL AND games_played_season IS DISTINCT FROM games_before
ORDER BY cache_date, player_lookup;
