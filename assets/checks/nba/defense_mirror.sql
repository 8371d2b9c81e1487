-- Rows that don't mirror the opponent's offence: points allowed must be the opponent's points in the game.
SELECT d.game_date, d.game_id, d.defending_team_abbr, d.points_allowed, t.points_scored AS points_of_opponent
FROM `nba_analytics.team_defense_game_summary` AS d
LEFT JOIN `nba_analytics.team_offense_game_summary` AS t
  ON t.game_id = d.game_id AND t.team_abbr = d.opponent_team_abbr AND t.game_date = d.game_date
WHERE d.game_date >= '2021-10-19' AND t.points_scored IS DISTINCT FROM d.points_allowed
ORDER BY d.game_date, d.game_id, d.defending_team_abbr;
