-- Dates without exactly two rows per final of the schedule, including dates without a final.
WITH expected AS (
  SELECT game_date, 2 * COUNT(*) AS expected_rows
  FROM (
    SELECT DISTINCT game_date, away_team_tricode, home_team_tricode
    FROM `nba_raw.nbac_schedule`
    WHERE game_date >= '2021-10-19' AND game_status = 3
  ) AS finals
  GROUP BY game_date
), found AS (
  SELECT game_date, COUNT(*) AS found_rows
  FROM `nba_analytics.team_offense_game_summary`
  WHERE game_date >= '2021-10-19'
  GROUP BY game_date
)
SELECT game_date, IFNULL(expected_rows, 0) AS expected_rows, IFNULL(found_rows, 0) AS found_rows
FROM expected
FULL OUTER JOIN found USING (game_date)
WHERE IFNULL(expected_rows, 0) != IFNULL(found_rows, 0)
ORDER BY game_date;
