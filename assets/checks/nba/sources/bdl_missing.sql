-- Teams of a final without a player in the feed on that date. Ignores the feed's game ids, which may be foreign.
SELECT sides.game_date, sides.team_abbr
FROM (
  SELECT game_date, home_team_tricode AS team_abbr FROM `nba_raw.nbac_schedule` WHERE game_date >= '2021-10-19' AND game_status = 3
  UNION DISTINCT
  SELECT game_date, away_team_tricode AS team_abbr FROM `nba_raw.nbac_schedule` WHERE game_date >= '2021-10-19' AND game_status = 3
) AS sides
LEFT JOIN (
  SELECT DISTINCT game_date, team_abbr FROM `nba_raw.bdl_player_boxscores` WHERE game_date >= '2021-10-19'
) AS found ON found.game_date = sides.game_date AND found.team_abbr = sides.team_abbr
WHERE found.team_abbr IS NULL
ORDER BY sides.game_date, sides.team_abbr;
