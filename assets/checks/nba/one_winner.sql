-- Games without exactly one winner, whose margins do not cancel out, or whose win flag contradicts the margin.
SELECT game_date, game_id, COUNTIF(win_flag) AS winners, SUM(margin_of_victory) AS sum_of_margins,
  COUNTIF((win_flag = (margin_of_victory > 0)) IS NOT TRUE) AS contradictions
FROM `nba_analytics.team_offense_game_summary`
WHERE game_date >= '2021-10-19'
GROUP BY game_date, game_id
HAVING COUNTIF(win_flag) != 1
  OR SUM(margin_of_victory) IS DISTINCT FROM 0
  OR COUNTIF((win_flag = (margin_of_victory > 0)) IS NOT TRUE) > 0
ORDER BY game_date, game_id;
