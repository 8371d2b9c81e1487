-- Rows whose source failed, or with NULL in a required column.
SELECT game_date, game_id, team_abbr
FROM `nba_analytics.team_offense_game_summary`
WHERE game_date >= '2021-10-19'
  AND ('all_sources_failed' IN UNNEST(quality_issues) OR 'missing_required' IN UNNEST(quality_issues))
ORDER BY game_date, game_id, team_abbr;
