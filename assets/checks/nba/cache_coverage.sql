-- The share of dates with rows, of all dates that can have them: from the day after a player has
-- played 5 games of the season, and from its fifteenth day on.
WITH ready AS (
  SELECT season_year, MIN(game_date) AS first_date
  FROM (
    SELECT season_year, game_date,
      COUNT(*) OVER (PARTITION BY season_year, player_lookup ORDER BY game_date) AS games
    FROM `nba_analytics.player_game_summary`
    WHERE game_date >= '2021-10-19' AND (minutes_played > 0 OR points > 0)
  ) AS counted
  WHERE games >= 5
  GROUP BY season_year
), openers AS (
  SELECT season_year, MIN(game_date) AS opener
  FROM `nba_analytics.team_offense_game_summary`
  WHERE game_date >= '2021-10-19'
  GROUP BY season_year
), reachable AS (
  SELECT DISTINCT t.game_date
  FROM `nba_analytics.team_offense_game_summary` AS t
  JOIN ready ON ready.season_year = t.season_year
  JOIN openers ON openers.season_year = t.season_year
  WHERE t.game_date >= '2021-10-19'
    AND t.game_date > ready.first_date
    AND t.game_date >= DATE_ADD(openers.opener, INTERVAL 14 DAY)
), covered AS (
  SELECT EXISTS (
    SELECT 1
    FROM `nba_precompute.player_daily_cache` AS made
    WHERE made.cache_date >= '2021-10-19' AND made.cache_date = reachable.game_date
  ) AS has_rows
  FROM reachable
)
SELECT ROUND(100.0 * IFNULL(SAFE_DIVIDE(COUNTIF(has_rows), COUNT(*)), 1), 2) AS pct, COUNT(*) AS reachable_dates
FROM covered;
