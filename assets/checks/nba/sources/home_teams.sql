-- Games whose home team in a feed is the schedule's visitor.
WITH found AS (
  SELECT DISTINCT 'gamebook' AS feed, game_date, home_team_abbr, away_team_abbr FROM `nba_raw.nbac_gamebook_player_stats` WHERE game_date >= '2021-10-19'
  UNION ALL
  SELECT DISTINCT 'bdl' AS feed, game_date, home_team_abbr, away_team_abbr FROM `nba_raw.bdl_player_boxscores` WHERE game_date >= '2021-10-19'
  UNION ALL
  SELECT DISTINCT 'play_by_play' AS feed, game_date, home_team_abbr, away_team_abbr FROM `nba_raw.bigdataball_play_by_play` WHERE game_date >= '2021-10-19'
)
SELECT found.game_date, found.feed, found.home_team_abbr, found.away_team_abbr
FROM found
JOIN (
  SELECT DISTINCT game_date, home_team_tricode, away_team_tricode
  FROM `nba_raw.nbac_schedule`
  WHERE game_date >= '2021-10-19' AND game_status = 3
) AS finals ON finals.game_date = found.game_date
  AND finals.home_team_tricode = found.away_team_abbr AND finals.away_team_tricode = found.home_team_abbr
ORDER BY found.game_date, found.feed, found.home_team_abbr;
