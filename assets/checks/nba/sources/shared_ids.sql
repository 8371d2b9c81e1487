-- Game ids on more than one date of a feed, with each of these dates.
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
  SELECT feed, game_id FROM found GROUP BY feed, game_id HAVING COUNT(*) > 1
) AS shared ON shared.feed = found.feed AND shared.game_id = found.game_id
ORDER BY found.game_date, found.feed, found.game_id;
