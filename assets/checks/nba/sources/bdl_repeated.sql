-- Duplicate players of a team on a date, under one game id or two.
SELECT game_date, team_abbr, player_lookup AS player, COUNT(*) AS found_rows
FROM `nba_raw.bdl_player_boxscores`
WHERE game_date >= '2021-10-19'
GROUP BY game_date, team_abbr, player
HAVING COUNT(*) > 1
ORDER BY game_date, team_abbr, player;
