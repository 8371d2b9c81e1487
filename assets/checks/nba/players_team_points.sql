-- Teams whose players scored fewer than 60 or more than 180 points in all.
SELECT game_date, game_id, team_abbr, SUM(p.points) AS points
FROM `nba_analytics.player_game_summary` AS p
WHERE game_date >= '2021-10-19'
GROUP BY game_date, game_id, team_abbr
HAVING (SUM(p.points) BETWEEN 60 AND 180) IS NOT TRUE
ORDER BY game_date, game_id, team_abbr;
