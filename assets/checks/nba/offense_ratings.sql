-- Rows with an implausible rating. Unknown possessions are ignored.
SELECT game_date, game_id, team_abbr, offensive_rating
FROM `nba_analytics.team_offense_game_summary`
WHERE game_date >= '2021-10-19' AND (offensive_rating BETWEEN 60 AND 170) IS FALSE
ORDER BY game_date, game_id, team_abbr;
