-- Dates whose players with a row differ from those who played.
WITH made AS (
  SELECT game_date AS game_date, COUNT(*) AS made_rows
  FROM `nba_precompute.player_composite_factors`
  WHERE game_date >= '2021-10-19'
  GROUP BY game_date
), played AS (
  SELECT game_date, COUNT(DISTINCT player_lookup) AS players
  FROM `nba_analytics.player_game_summary`
  WHERE game_date >= '2021-10-19'
  GROUP BY game_date
)
SELECT made.game_date, made.made_rows, IFNULL(played.players, 0) AS players
FROM made
LEFT JOIN played ON played.game_date = made.game_date
WHERE made.made_rows != IFNULL(played.players, 0)
ORDER BY made.game_date;
