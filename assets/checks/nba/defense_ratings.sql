-- Rows with an implausible rating, or one that differs by more than 0.5 from the opponent's offensive rating.
-- Unknown possessions are ignored.
SELECT d.game_date, d.game_id, d.defending_team_abbr, d.defensive_rating, t.offensive_rating AS rating_of_opponent
FROM `nba_analytics.team_defense_game_summary` AS d
LEFT JOIN `nba_analytics.team_offense_game_summary` AS t
  ON t.game_id = d.game_id AND t.team_abbr = d.opponent_team_abbr AND t.game_date = d.game_date
WHERE d.game_date >= '2021-10-19'
  AND ((d.defensive_rating BETWEEN 60 AND 170) IS FALSE OR ABS(d.defensive_rating - t.offensive_rating) > 0.5)
ORDER BY d.game_date, d.game_id, d.defending_team_abbr;
