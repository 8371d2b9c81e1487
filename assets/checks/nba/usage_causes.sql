-- Players by cause of a missing usage rate (NULL if known), for each date and team. The first cause that applies
-- counts. usage_coverage counts players with a rate or minutes. Beside them: rows without minutes, and players whom a
-- feed says have played but who could not be identified and have no row. bdl is used if the gamebook has none of
-- the team on the date.
WITH known AS (
  SELECT game_date, team_abbr, CAST(NULL AS STRING) AS cause, COUNT(*) AS players
  FROM `nba_analytics.player_game_summary`
  WHERE game_date >= '2021-10-19' AND minutes_played > 0 AND usage_rate IS NOT NULL
  GROUP BY game_date, team_abbr
), lacking AS (
  SELECT game_date, game_id, team_abbr, IFNULL(minutes_played, 0) AS minutes
  FROM `nba_analytics.player_game_summary`
  WHERE game_date >= '2021-10-19' AND usage_rate IS NULL
), without_attempts AS (
  SELECT DISTINCT game_id, team_abbr
  FROM `nba_analytics.player_game_summary`
  WHERE game_date >= '2021-10-19' AND (fg_attempts IS NULL OR ft_attempts IS NULL OR turnovers IS NULL)
), teams AS (
  SELECT DISTINCT game_id, team_abbr
  FROM `nba_analytics.team_offense_game_summary`
  WHERE game_date >= '2021-10-19'
), unknown AS (
  SELECT l.game_date, l.team_abbr,
    CASE
      WHEN l.minutes = 0 THEN 'no minutes'
      WHEN t.game_id IS NULL THEN 'no team row'
      WHEN a.game_id IS NOT NULL THEN 'no attempts in the feed'
      ELSE 'no team total'
    END AS cause
  FROM lacking AS l
  LEFT JOIN teams AS t ON t.game_id = l.game_id AND t.team_abbr = l.team_abbr
  LEFT JOIN without_attempts AS a ON a.game_id = l.game_id AND a.team_abbr = l.team_abbr
), gamebook AS (
  SELECT game_date, team_abbr, IFNULL(player_lookup, player_name) AS player
  FROM `nba_raw.nbac_gamebook_player_stats`
  WHERE game_date >= '2021-10-19' AND player_status = 'active'
), gamebook_teams AS (
  SELECT DISTINCT game_date, team_abbr FROM gamebook
), named AS (
  SELECT game_date, team_abbr, player FROM gamebook
  UNION ALL
  SELECT b.game_date, b.team_abbr, b.player_lookup AS player
  FROM `nba_raw.bdl_player_boxscores` AS b
  LEFT JOIN gamebook_teams AS g ON g.game_date = b.game_date AND g.team_abbr = b.team_abbr
  WHERE b.game_date >= '2021-10-19' AND g.game_date IS NULL
    AND IFNULL(b.minutes, '0') NOT IN ('', '0', '00', '0:00', '00:00')
), rows_of_players AS (
  SELECT game_date, team_abbr, player_lookup AS player
  FROM `nba_analytics.player_game_summary`
  WHERE game_date >= '2021-10-19'
  UNION ALL
  SELECT game_date, team_abbr, player_full_name AS player
  FROM `nba_analytics.player_game_summary`
  WHERE game_date >= '2021-10-19'
), unresolved AS (
  SELECT game_date, team_abbr, player FROM named
  EXCEPT DISTINCT
  SELECT game_date, team_abbr, player FROM rows_of_players
), dates AS (
  SELECT DISTINCT game_date FROM known
  UNION DISTINCT
  SELECT DISTINCT game_date FROM lacking
), judged AS (
  SELECT game_date, team_abbr, cause, players FROM known
  UNION ALL
  SELECT game_date, team_abbr, cause, COUNT(*) AS players FROM unknown GROUP BY game_date, team_abbr, cause
  UNION ALL
  SELECT u.game_date, u.team_abbr, 'unresolved player' AS cause, COUNT(*) AS players
  FROM unresolved AS u
  JOIN dates AS d ON d.game_date = u.game_date
  GROUP BY u.game_date, u.team_abbr
)
SELECT
  game_date,
  FORMAT_DATE('%Y', DATE_SUB(game_date, INTERVAL 9 MONTH)) AS season,
  FORMAT_DATE('%Y-%m', game_date) AS month,
  team_abbr AS team,
  cause,
  players
FROM judged
ORDER BY game_date, team, cause;
