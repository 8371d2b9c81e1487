-- How many rows have a game id of the form YYYYMMDD_AWAY_HOME.
-- Asked after the backfill of January 2026. A reversed id has the form too: see home_truth and no_orphan_ids.
SELECT COUNT(*) as total,
  COUNTIF(REGEXP_CONTAINS(game_id, r'^\d{8}_[A-Z]{2,3}_[A-Z]{2,3}$')) as valid,
  ROUND(100.0 * COUNTIF(REGEXP_CONTAINS(game_id, r'^\d{8}_[A-Z]{2,3}_[A-Z]{2,3}$')) / COUNT(*), 1) as pct
FROM `nba-props-platform.nba_analytics.team_offense_game_summary`
WHERE game_date >= '2021-10-19';
