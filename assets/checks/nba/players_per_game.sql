-- Games without 12 to 36 players, or without exactly two teams. On the last day of a season a team once
-- played with six.
SELECT game_date, game_id, COUNT(*) AS players, COUNT(DISTINCT team_abbr) AS teams
FROM `nba_analytics.player_game_summary`
WHERE game_date >= '2021-10-19'
GROUP BY game_date, game_id
HAVING (COUNT(*) BETWEEN 12 AND 36) IS NOT TRUE OR COUNT(DISTINCT team_abbr) != 2
ORDER BY game_date, game_id;
