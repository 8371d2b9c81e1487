-- Rows whose is_home differs from the schedule. One date may have right and wrong flags, so flipping all flags of a
-- date fixes nothing.
SELECT t.game_date, t.game_id, t.team_abbr, t.is_home
FROM `nba_raw.nbac_team_boxscore` AS t
JOIN (
  SELECT game_date, home_team_tricode AS team_abbr, TRUE AS is_home
  FROM `nba_raw.nbac_schedule` WHERE game_date >= '2021-10-19' AND game_status = 3
  UNION DISTINCT
  SELECT game_date, away_team_tricode AS team_abbr, FALSE AS is_home
  FROM `nba_raw.nbac_schedule` WHERE game_date >= '2021-10-19' AND game_status = 3
) AS sides ON sides.game_date = t.game_date AND sides.team_abbr = t.team_abbr
WHERE t.game_date >= '2021-10-19' AND t.is_home != sides.is_home
ORDER BY t.game_date, t.game_id, t.team_abbr;
