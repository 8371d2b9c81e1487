-- How many teams a date has on average, over all dates with rows.
-- Asked after the backfill of January 2026. A whole season has 12.7: the target of 25 to 28 cannot be met.
SELECT ROUND(COUNT(*) / COUNT(DISTINCT game_date), 1) as avg_teams_per_date
FROM `nba-props-platform.nba_analytics.team_offense_game_summary`
WHERE game_date >= '2021-10-19';
