-- Games without exactly one home row and one road row.
SELECT game_date, game_id, COUNTIF(home_game) AS home_rows, COUNTIF(NOT home_game) AS road_rows
FROM `nba_analytics.team_offense_game_summary`
WHERE game_date >= '2021-10-19'
GROUP BY game_date, game_id
HAVING COUNTIF(home_game) != 1 OR COUNTIF(NOT home_game) != 1
ORDER BY game_date, game_id;
