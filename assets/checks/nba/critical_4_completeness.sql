-- How many dates have 20 teams or more, 10 or more, or fewer.
-- Asked after the backfill of January 2026. 20 % of the dates have ten games or more: the target of 80 % FULL cannot
-- be met. See rows_per_date.
WITH completeness AS (
  SELECT game_date, COUNT(*) as teams,
    CASE WHEN COUNT(*)>=20 THEN 'FULL' WHEN COUNT(*)>=10 THEN 'PARTIAL' ELSE 'INCOMPLETE' END as status
  FROM `nba-props-platform.nba_analytics.team_offense_game_summary`
  WHERE game_date >= '2021-10-19' GROUP BY game_date
)
SELECT status, COUNT(*) as dates, ROUND(100.0*COUNT(*)/SUM(COUNT(*)) OVER(),1) as pct
FROM completeness GROUP BY status;
