-- Dates with composite factors but without the defence zones they use, once a season has any. In its first weeks no
-- team has 15 games yet, and the factors are computed without.
WITH zones AS (
  SELECT DISTINCT analysis_date
  FROM `nba_precompute.team_defense_zone_analysis`
  WHERE analysis_date >= '2021-10-19'
), seasons AS (
  SELECT EXTRACT(YEAR FROM DATE_SUB(analysis_date, INTERVAL 9 MONTH)) AS season, MIN(analysis_date) AS first_date
  FROM zones
  GROUP BY EXTRACT(YEAR FROM DATE_SUB(analysis_date, INTERVAL 9 MONTH))
), factors AS (
  SELECT DISTINCT game_date
  FROM `nba_precompute.player_composite_factors`
  WHERE game_date >= '2021-10-19'
)
SELECT factors.game_date
FROM factors
JOIN seasons ON seasons.season = EXTRACT(YEAR FROM DATE_SUB(factors.game_date, INTERVAL 9 MONTH))
LEFT JOIN zones ON zones.analysis_date = factors.game_date
WHERE factors.game_date > seasons.first_date AND zones.analysis_date IS NULL
ORDER BY factors.game_date;
