-- Rows whose points allowed don't follow from the opponent's shots.
SELECT game_date, game_id, defending_team_abbr, points_allowed,
  2 * (opp_fg_makes - opp_three_pt_makes) + 3 * opp_three_pt_makes + opp_ft_makes AS points_from_shots
FROM `nba_analytics.team_defense_game_summary`
WHERE game_date >= '2021-10-19'
  AND 2 * (opp_fg_makes - opp_three_pt_makes) + 3 * opp_three_pt_makes + opp_ft_makes
    IS DISTINCT FROM points_allowed
ORDER BY game_date, game_id, defending_team_abbr;
