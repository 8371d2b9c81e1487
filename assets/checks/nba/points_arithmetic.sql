-- Rows whose points don't follow from the made shots: two per field goal inside the line, three outside, one per
-- free throw.
SELECT game_date, game_id, team_abbr, points_scored,
  2 * (fg_makes - three_pt_makes) + 3 * three_pt_makes + ft_makes AS points_from_shots
FROM `nba_analytics.team_offense_game_summary`
WHERE game_date >= '2021-10-19'
  AND 2 * (fg_makes - three_pt_makes) + 3 * three_pt_makes + ft_makes IS DISTINCT FROM points_scored
ORDER BY game_date, game_id, team_abbr;
