-- How many rows came from which source.
-- Asked after the backfill of January 2026.
SELECT primary_source_used, COUNT(*) as count
FROM `nba-props-platform.nba_analytics.team_offense_game_summary`
WHERE game_date >= '2021-10-19' GROUP BY primary_source_used;
