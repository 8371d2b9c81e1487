-- Coverage of each season by each feed: dates with any row, and games with both teams, of those scheduled.
WITH found AS (
  SELECT DISTINCT 'gamebook' AS feed, game_date, team_abbr FROM `nba_raw.nbac_gamebook_player_stats` WHERE game_date >= '2021-10-19'
  UNION ALL
  SELECT DISTINCT 'bdl' AS feed, game_date, team_abbr FROM `nba_raw.bdl_player_boxscores` WHERE game_date >= '2021-10-19'
  UNION ALL
  SELECT DISTINCT 'team_box' AS feed, game_date, team_abbr FROM `nba_raw.nbac_team_boxscore` WHERE game_date >= '2021-10-19'
  UNION ALL
  SELECT DISTINCT 'play_by_play' AS feed, game_date, home_team_abbr AS team_abbr
  FROM `nba_raw.bigdataball_play_by_play` WHERE game_date >= '2021-10-19'
  UNION ALL
  SELECT DISTINCT 'play_by_play' AS feed, game_date, away_team_abbr AS team_abbr
  FROM `nba_raw.bigdataball_play_by_play` WHERE game_date >= '2021-10-19'
), games AS (
  SELECT finals.season_year, finals.game_date, finals.home_team_tricode,
    COUNT(DISTINCT CASE WHEN found.feed = 'gamebook' THEN found.team_abbr END) AS gamebook,
    COUNT(DISTINCT CASE WHEN found.feed = 'bdl' THEN found.team_abbr END) AS bdl,
    COUNT(DISTINCT CASE WHEN found.feed = 'team_box' THEN found.team_abbr END) AS team_box,
    COUNT(DISTINCT CASE WHEN found.feed = 'play_by_play' THEN found.team_abbr END) AS play_by_play
  FROM (
    SELECT DISTINCT season_year, game_date, home_team_tricode, away_team_tricode
    FROM `nba_raw.nbac_schedule`
    WHERE game_date >= '2021-10-19' AND game_status = 3
  ) AS finals
  LEFT JOIN found ON found.game_date = finals.game_date
    AND found.team_abbr IN (finals.home_team_tricode, finals.away_team_tricode)
  GROUP BY finals.season_year, finals.game_date, finals.home_team_tricode
)
SELECT season_year AS season,
  CAST(COUNT(DISTINCT CASE WHEN gamebook > 0 THEN game_date END) AS STRING) || '/' || CAST(COUNT(DISTINCT game_date) AS STRING)
    || ' ' || CAST(COUNTIF(gamebook = 2) AS STRING) || '/' || CAST(COUNT(*) AS STRING) AS gamebook,
  CAST(COUNT(DISTINCT CASE WHEN bdl > 0 THEN game_date END) AS STRING) || '/' || CAST(COUNT(DISTINCT game_date) AS STRING)
    || ' ' || CAST(COUNTIF(bdl = 2) AS STRING) || '/' || CAST(COUNT(*) AS STRING) AS bdl,
  CAST(COUNT(DISTINCT CASE WHEN team_box > 0 THEN game_date END) AS STRING) || '/' || CAST(COUNT(DISTINCT game_date) AS STRING)
    || ' ' || CAST(COUNTIF(team_box = 2) AS STRING) || '/' || CAST(COUNT(*) AS STRING) AS team_box,
  CAST(COUNT(DISTINCT CASE WHEN play_by_play > 0 THEN game_date END) AS STRING) || '/' || CAST(COUNT(DISTINCT game_date) AS STRING)
    || ' ' || CAST(COUNTIF(play_by_play = 2) AS STRING) || '/' || CAST(COUNT(*) AS STRING) AS play_by_play
FROM games
GROUP BY season_year
ORDER BY season_year;
