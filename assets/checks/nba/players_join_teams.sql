-- The share of players' games whose id is in the team table.
WITH games AS (
  SELECT DISTINCT game_date, game_id
  FROM `nba_analytics.player_game_summary`
  WHERE game_date >= '2021-10-19'
), teams AS (
  SELECT DISTINCT game_date, game_id
  FROM `nba_analytics.team_offense_game_summary`
  WHERE game_date >= '2021-10-19'
)
SELECT ROUND(100.0 * COUNTIF(teams.game_id IS NOT NULL) / COUNT(*), 2) AS pct
FROM games
LEFT JOIN teams ON teams.game_date = games.game_date AND teams.game_id = games.game_id;
