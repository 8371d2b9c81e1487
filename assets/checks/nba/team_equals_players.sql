-- Rows whose points are not the sum of their players' points. The players come from the gamebook, or from bdl if
-- the gamebook has none of the team on the date. Of duplicate players the last read counts. bdl rows are matched by
-- date and team, because its game ids may be numeric or reversed.
WITH gamebook AS (
  SELECT game_date, team_abbr, SUM(points) AS points
  FROM (
    SELECT game_date, team_abbr, ANY_VALUE(points HAVING MAX processed_at) AS points
    FROM `nba_raw.nbac_gamebook_player_stats`
    WHERE game_date >= '2021-10-19' AND player_status = 'active'
    GROUP BY game_date, team_abbr, IFNULL(player_lookup, player_name)
  ) AS players
  GROUP BY game_date, team_abbr
), bdl AS (
  SELECT game_date, team_abbr, SUM(points) AS points
  FROM (
    SELECT b.game_date, b.team_abbr, ANY_VALUE(b.points HAVING MAX b.processed_at) AS points
    FROM `nba_raw.bdl_player_boxscores` AS b
    LEFT JOIN gamebook AS g ON g.game_date = b.game_date AND g.team_abbr = b.team_abbr
    WHERE b.game_date >= '2021-10-19' AND g.game_date IS NULL
    GROUP BY b.game_date, b.team_abbr, b.player_lookup
  ) AS players
  GROUP BY game_date, team_abbr
), players AS (
  SELECT game_date, team_abbr, points, 'gamebook' AS feed FROM gamebook
  UNION ALL
  SELECT game_date, team_abbr, points, 'bdl' AS feed FROM bdl
)
SELECT t.game_date, t.game_id, t.team_abbr, t.points_scored, p.points AS points_of_players, p.feed
FROM `nba_analytics.team_offense_game_summary` AS t
LEFT JOIN players AS p ON p.game_date = t.game_date AND p.team_abbr = t.team_abbr
WHERE t.game_date >= '2021-10-19' AND t.points_scored IS DISTINCT FROM p.points
ORDER BY t.game_date, t.game_id, t.team_abbr;
