-- Duplicate teams on a date.
SELECT analysis_date, team_abbr, COUNT(*) AS found_rows
FROM `nba_precompute.team_defense_zone_analysis`
WHERE analysis_date >= '2021-10-19'
GROUP BY analysis_date, team_abbr
HAVING COUNT(*) > 1
ORDER BY analysis_date, team_abbr;
