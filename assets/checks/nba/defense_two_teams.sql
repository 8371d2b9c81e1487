-- Games without exactly two teams.
SELECT game_date, game_id, COUNT(DISTINCT defending_team_abbr) AS teams,
  STRING_AGG(DISTINCT defending_team_abbr, ',' ORDER BY defending_team_abbr) AS team_list
FROM `nba_analytics.team_defense_game_summary`
WHERE game_date >= '2021-10-19'
GROUP BY game_date, game_id
HAVING COUNT(DISTINCT defending_team_abbr) != 2
ORDER BY game_date, game_id;
