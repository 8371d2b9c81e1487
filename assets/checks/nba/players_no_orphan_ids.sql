-- Rows whose id matches no final of the schedule on their date: YYYYMMDD, visitor, home team.
WITH canonical AS (
  SELECT DISTINCT game_date,
    FORMAT_DATE('%Y%m%d', game_date) || '_' || away_team_tricode || '_' || home_team_tricode AS game_id
  FROM `nba_raw.nbac_schedule`
  WHERE game_date >= '2021-10-19' AND game_status = 3
)
SELECT t.game_date, t.game_id, t.player_lookup
FROM `nba_analytics.player_game_summary` AS t
LEFT JOIN canonical AS c ON c.game_date = t.game_date AND c.game_id = t.game_id
WHERE t.game_date >= '2021-10-19' AND c.game_id IS NULL
ORDER BY t.game_date, t.game_id, t.player_lookup;
