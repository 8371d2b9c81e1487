-- Dates without 15 to 34 rows per final, the possible number of players.
WITH finals AS (
  SELECT game_date, COUNT(DISTINCT home_team_tricode) AS games
  FROM `nba_raw.nbac_schedule`
  WHERE game_date >= '2021-10-19' AND game_status = 3
  GROUP BY game_date
), players AS (
  SELECT game_date, COUNT(*) AS found_rows
  FROM `nba_analytics.player_game_summary`
  WHERE game_date >= '2021-10-19'
  GROUP BY game_date
)
SELECT finals.game_date, finals.games, IFNULL(players.found_rows, 0) AS found_rows
FROM finals
LEFT JOIN players ON players.game_date = finals.game_date
WHERE (IFNULL(players.found_rows, 0) BETWEEN 15 * finals.games AND 34 * finals.games) IS NOT TRUE
ORDER BY finals.game_date;
