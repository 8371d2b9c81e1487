-- Duplicate players of a team on a date, under one game id or two.
SELECT game_date, team_abbr, IFNULL(player_lookup, player_name) AS player, COUNT(*) AS found_rows
FROM `nba_raw.nbac_gamebook_player_stats`
WHERE game_date >= '2021-10-19'
GROUP BY game_date, team_abbr, player
HAVING COUNT(*) > 1
ORDER BY game_date, team_abbr, player;
