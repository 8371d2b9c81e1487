-- Teams whose points are not the sum of their players' rows, including games without players' rows.
WITH players AS (
  SELECT game_date, game_id, team_abbr, SUM(points) AS points
  FROM `nba_analytics.player_game_summary`
  WHERE game_date >= '2021-10-19'
  GROUP BY game_date, game_id, team_abbr
)
SELECT t.game_date, t.game_id, t.team_abbr, t.points_scored, p.points AS points_of_players
FROM `nba_analytics.team_offense_game_summary` AS t
LEFT JOIN players AS p ON p.game_date = t.game_date AND p.game_id = t.game_id AND p.team_abbr = t.team_abbr
WHERE t.game_date >= '2021-10-19' AND t.points_scored IS DISTINCT FROM p.points
ORDER BY t.game_date, t.game_id, t.team_abbr;
