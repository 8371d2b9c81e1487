-- Teams in two finals of one date. Everything else is measured against the schedule.
SELECT game_date, team_abbr, COUNT(*) AS finals
FROM (
  SELECT game_date, home_team_tricode AS team_abbr FROM `nba_raw.nbac_schedule` WHERE game_date >= '2021-10-19' AND game_status = 3
  UNION ALL
  SELECT game_date, away_team_tricode AS team_abbr FROM `nba_raw.nbac_schedule` WHERE game_date >= '2021-10-19' AND game_status = 3
) AS sides
GROUP BY game_date, team_abbr
HAVING COUNT(*) > 1
ORDER BY game_date, team_abbr;
