-- Dates after New Year with fewer than 250 or more than 620 players.
SELECT analysis_date, COUNT(*) AS players
FROM `nba_precompute.player_shot_zone_analysis`
WHERE analysis_date >= '2021-10-19' AND EXTRACT(MONTH FROM analysis_date) BETWEEN 1 AND 6
GROUP BY analysis_date
HAVING (COUNT(*) BETWEEN 250 AND 620) IS NOT TRUE
ORDER BY analysis_date;
