-- Game ids that name a final of their date with home and visitors swapped, in any feed.
WITH found AS (
  SELECT DISTINCT 'gamebook' AS feed, game_date, game_id FROM `nba_raw.nbac_gamebook_player_stats` WHERE game_date >= '2021-10-19'
  UNION ALL
  SELECT DISTINCT 'bdl' AS feed, game_date, game_id FROM `nba_raw.bdl_player_boxscores` WHERE game_date >= '2021-10-19'
  UNION ALL
  SELECT DISTINCT 'team_box' AS feed, game_date, game_id FROM `nba_raw.nbac_team_boxscore` WHERE game_date >= '2021-10-19'
  UNION ALL
  SELECT DISTINCT 'play_by_play' AS feed, game_date, game_id FROM `nba_raw.bigdataball_play_by_play` WHERE game_date >= '2021-10-19'
)
SELECT found.game_date, found.feed, found.game_id
FROM found
JOIN (
  SELECT game_date, FORMAT_DATE('%Y%m%d', game_date) || '_' || home_team_tricode || '_' || away_team_tricode AS game_id
  FROM `nba_raw.nbac_schedule`
  WHERE game_date >= '2021-10-19' AND game_status = 3
) AS turned ON turned.game_date = found.game_date AND turned.game_id = found.game_id
ORDER BY found.game_date, found.feed, found.game_id;
