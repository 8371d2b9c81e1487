-- Rows with a wrong count of the player's games in the season before the date.
WITH played AS (
  SELECT player_lookup, game_date,
    COUNT(*) OVER (
      PARTITION BY player_lookup, season_year ORDER BY game_date ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS games_before
  FROM `nba_analytics.player_game_summary`
  WHERE game_date >= '2021-10-19' AND (minutes_played > 0 OR points > 0)
)
SELECT c.cache_date, c.player_lookup, c.games_played_season, played.games_before
FROM `nba_precompute.player_daily_cache` AS c
JOIN played ON played.player_lookup = c.player_lookup AND played.game_date = c.cache_date
WHERE c.cache_date >= '2021-10-19' AND c.games_played_season IS DISTINCT FROM played.games_before
ORDER BY c.cache_date, c.player_lookup;
