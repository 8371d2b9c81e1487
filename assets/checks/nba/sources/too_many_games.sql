-- Dates with more games in a feed than finals in the schedule.
WITH found AS (
  SELECT feed, game_date, COUNT(*) AS games
  FROM (
  SELECT DISTINCT 'gamebook' AS feed, game_date, game_id FROM `nba_raw.nbac_gamebook_player_stats` WHERE game_date >= '2021-10-19'
  UNION ALL
  SELECT DISTINCT 'bdl' AS feed, game_date, game_id FROM `nba_raw.bdl_player_boxscores` WHERE game_date >= '2021-10-19'
  UNION ALL
  SELECT DISTINCT 'team_box' AS feed, game_date, game_id FROM `nba_raw.nbac_team_boxscore` WHERE game_date >= '2021-10-19'
  UNION ALL
  SELECT DISTINCT 'play_by_play' AS feed, game_date, game_id FROM `nba_raw.bigdataball_play_by_play` WHERE game_date >= '2021-10-19'
  ) AS ids
  GROUP BY feed, game_date
), scheduled AS (
  SELECT game_date, COUNT(*) AS games
  FROM `nba_raw.nbac_schedule`
  WHERE game_date >= '2021-10-19' AND game_status = 3
  GROUP BY game_date
)
SELECT found.game_date, found.feed, found.games, IFNULL(scheduled.games, 0) AS scheduled_games
FROM found
LEFT JOIN scheduled ON scheduled.game_date = found.game_date
WHERE found.games > IFNULL(scheduled.games, 0)
ORDER BY found.game_date, found.feed;
