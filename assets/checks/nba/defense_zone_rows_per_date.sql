-- Dates with more teams than the league, or, once all have played 15 games, with fewer.
SELECT analysis_date, COUNT(*) AS teams
FROM `nba_precompute.team_defense_zone_analysis`
WHERE analysis_date >= '2021-10-19'
GROUP BY analysis_date
HAVING COUNT(*) > 30 OR (COUNT(*) < 30 AND EXTRACT(MONTH FROM analysis_date) BETWEEN 1 AND 6)
ORDER BY analysis_date;
