-- Players with more makes than attempts, or more threes than field goals.
SELECT game_date, game_id, player_lookup, fg_makes, fg_attempts, three_pt_makes, three_pt_attempts, ft_makes, ft_attempts
FROM `nba_analytics.player_game_summary`
WHERE game_date >= '2021-10-19'
  AND (fg_makes > fg_attempts OR three_pt_makes > three_pt_attempts OR ft_makes > ft_attempts
    OR three_pt_makes > fg_makes)
ORDER BY game_date, game_id, player_lookup;
