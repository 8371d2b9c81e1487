-- Dates whose games differ between the players' and the teams' table.
WITH players AS (
  SELECT game_date, COUNT(DISTINCT game_id) AS games
  FROM `nba_analytics.player_game_summary`
  WHERE game_date >= '2021-10-19'
  GROUP BY game_date
), teams AS (
  SELECT game_date, COUNT(DISTINCT game_id) AS games
  FROM `nba_analytics.team_offense_game_summary`
  WHERE game_date >= '2021-10-19'
  GROUP BY game_date
)
SELECT game_date, IFNULL(players.games, 0) AS games_of_players, IFNULL(teams.games, 0) AS games_of_teams
FROM players
FULL OUTER JOIN teams USING (game_date)
WHERE IFNULL(players.games, 0) != IFNULL(teams.games, 0)
ORDER BY game_date;
