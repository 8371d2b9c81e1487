-- Minutes beyond the game's length, overtimes included, points above 83 and assists above 30.
SELECT p.game_date, p.game_id, p.player_lookup, p.minutes_played, p.points, p.assists
FROM `nba_analytics.player_game_summary` AS p
LEFT JOIN `nba_analytics.team_offense_game_summary` AS t
  ON t.game_id = p.game_id AND t.team_abbr = p.team_abbr AND t.game_date = p.game_date
WHERE p.game_date >= '2021-10-19'
  AND (p.minutes_played < 0 OR p.minutes_played > 48 + 5 * IFNULL(t.overtime_periods, 0)
    OR (p.points BETWEEN 0 AND 83) IS FALSE OR (p.assists BETWEEN 0 AND 30) IS FALSE)
ORDER BY p.game_date, p.game_id, p.player_lookup;
