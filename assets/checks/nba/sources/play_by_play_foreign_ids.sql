-- Game ids that match no final of their date: the source's own numbers, ids of other dates, unscheduled games.
-- reversed_ids covers ids with home and visitors swapped.
WITH known AS (
  SELECT game_date, FORMAT_DATE('%Y%m%d', game_date) || '_' || away_team_tricode || '_' || home_team_tricode AS game_id
  FROM `nba_raw.nbac_schedule`
  WHERE game_date >= '2021-10-19' AND game_status = 3
  UNION DISTINCT
  SELECT game_date, FORMAT_DATE('%Y%m%d', game_date) || '_' || home_team_tricode || '_' || away_team_tricode AS game_id
  FROM `nba_raw.nbac_schedule`
  WHERE game_date >= '2021-10-19' AND game_status = 3
), found AS (
  SELECT game_date, game_id, COUNT(*) AS found_rows
  FROM `nba_raw.bigdataball_play_by_play`
  WHERE game_date >= '2021-10-19'
  GROUP BY game_date, game_id
)
SELECT found.game_date, found.game_id, found.found_rows
FROM found
LEFT JOIN known ON known.game_date = found.game_date AND known.game_id = found.game_id
WHERE known.game_id IS NULL
ORDER BY found.game_date, found.game_id;
