-- The rows of one date that is known by heart, 2023-12-16: 20 teams, ids with the visitor first, all rebuilt.
-- Asked after the backfill of January 2026.
SELECT game_id, team_abbr, points_scored, primary_source_used
FROM `nba-props-platform.nba_analytics.team_offense_game_summary`
WHERE game_date = '2023-12-16' ORDER BY game_id, team_abbr;
