WITH daily AS (
  SELECT game_date, COUNT(DISTINCT team_abbr) AS teams, COUNTIF(win_flag) AS wins, AVG(pace) AS pace
  FROM `nba_analytics.team_offense_game_summary`
  WHERE game_date BETWEEN DATE_SUB('2024-01-31', INTERVAL 30 DAY) AND '2024-01-31' AND team_abbr NOT IN ('BOS', 'LAL')
  GROUP BY game_date HAVING COUNT(*) > 1
)
SELECT FORMAT_DATE('%Y-%m', game_date) AS month, SAFE_DIVIDE(SUM(wins), SUM(teams)) AS share,
       CASE WHEN MAX(pace) >= 100 THEN 'fast' ELSE 'slow' END AS tempo,
       ROW_NUMBER() OVER (PARTITION BY month ORDER BY SUM(teams) DESC) AS place
FROM daily LEFT JOIN (SELECT 1 AS one) AS x ON x.one = daily.teams
GROUP BY month ORDER BY month LIMIT 10
