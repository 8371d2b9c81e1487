-- Rows that contradict the team's own offence row: home, winner, margin and overtimes must be the same in both.
SELECT d.game_date, d.game_id, d.defending_team_abbr
FROM `nba_analytics.team_defense_game_summary` AS d
LEFT JOIN `nba_analytics.team_offense_game_summary` AS t
  ON t.game_id = d.game_id AND t.team_abbr = d.defending_team_abbr AND t.game_date = d.game_date
WHERE d.game_date >= '2021-10-19'
  AND (
    t.home_game IS DISTINCT FROM d.home_game
    OR t.win_flag IS DISTINCT FROM d.win_flag
    OR t.margin_of_victory IS DISTINCT FROM d.margin_of_victory
    OR t.overtime_periods IS DISTINCT FROM d.overtime_periods
  )
ORDER BY d.game_date, d.game_id, d.defending_team_abbr;
