//! The plans compiled into the program, with their SQL files.

/// A file that a built-in plan may refer to.
pub(super) struct Asset {
    pub(super) path: &'static str,
    pub(super) text: &'static str,
}

macro_rules! assets {
    ($($path:literal),* $(,)?) => {
        &[$(Asset { path: $path, text: include_str!(concat!("../../assets/", $path)) }),*]
    };
}

/// The default plan.
pub const BUILTIN: &str = "nba";

/// Built-in plan files by name.
pub(super) const PLANS: &[(&str, &str)] = &[
    ("nba", include_str!("../../assets/plans/nba.toml")),
    ("shop", include_str!("../../assets/plans/shop.toml")),
];

/// Whether this is the name of a built-in plan.
#[must_use]
pub fn is_builtin(name: &str) -> bool {
    PLANS.iter().any(|(known, _)| *known == name)
}

/// SQL files of the built-in plans, by the path in the plan.
pub(super) const SQL: &[Asset] = assets![
    "checks/nba/critical_1_teams_per_date.sql",
    "checks/nba/critical_2_game_id_format.sql",
    "checks/nba/critical_3_primary_source.sql",
    "checks/nba/critical_4_completeness.sql",
    "checks/nba/critical_5_spot_check.sql",
    "checks/nba/rows_per_date.sql",
    "checks/nba/home_truth.sql",
    "checks/nba/two_teams.sql",
    "checks/nba/one_winner.sql",
    "checks/nba/home_away_balance.sql",
    "checks/nba/points_arithmetic.sql",
    "checks/nba/team_equals_players.sql",
    "checks/nba/overtime_consistent.sql",
    "checks/nba/no_duplicates.sql",
    "checks/nba/no_orphan_ids.sql",
    "checks/nba/games_recorded.sql",
    "checks/nba/score_range.sql",
    "checks/nba/no_zero_rows.sql",
    "checks/nba/offense_ratings.sql",
    "checks/nba/offense_quality.sql",
    "checks/nba/no_critical_issues.sql",
    "checks/nba/defense_rows_per_date.sql",
    "checks/nba/defense_two_teams.sql",
    "checks/nba/defense_mirror.sql",
    "checks/nba/defense_same_game.sql",
    "checks/nba/defense_points_arithmetic.sql",
    "checks/nba/defense_no_duplicates.sql",
    "checks/nba/defense_ratings.sql",
    "checks/nba/defense_quality.sql",
    "checks/nba/usage_coverage.sql",
    "checks/nba/usage_causes.sql",
    "checks/nba/players_join_teams.sql",
    "checks/nba/players_sum_to_team.sql",
    "checks/nba/players_no_duplicates.sql",
    "checks/nba/players_makes_within_attempts.sql",
    "checks/nba/players_no_orphan_ids.sql",
    "checks/nba/usage_by_season.sql",
    "checks/nba/usage_by_team.sql",
    "checks/nba/usage_by_date.sql",
    "checks/nba/usage_range.sql",
    "checks/nba/players_games_as_teams.sql",
    "checks/nba/players_filled.sql",
    "checks/nba/players_recorded.sql",
    "checks/nba/players_per_date.sql",
    "checks/nba/players_per_game.sql",
    "checks/nba/players_team_points.sql",
    "checks/nba/players_value_range.sql",
    "checks/nba/players_zones_within_attempts.sql",
    "checks/nba/players_quality.sql",
    "checks/nba/players_from_gamebook.sql",
    "checks/nba/defense_zone_no_duplicates.sql",
    "checks/nba/defense_zone_coverage.sql",
    "checks/nba/defense_zone_rows_per_date.sql",
    "checks/nba/shot_zone_no_duplicates.sql",
    "checks/nba/shot_zone_coverage.sql",
    "checks/nba/shot_zone_rows_per_date.sql",
    "checks/nba/composite_no_duplicates.sql",
    "checks/nba/composite_coverage.sql",
    "checks/nba/composite_one_per_player.sql",
    "checks/nba/composite_within_zones.sql",
    "checks/nba/no_look_ahead.sql",
    "checks/nba/cache_no_duplicates.sql",
    "checks/nba/cache_coverage.sql",
    "checks/nba/cache_games_played.sql",
    "checks/nba/features_no_duplicates.sql",
    "checks/nba/features_coverage.sql",
    "checks/nba/features_by_season.sql",
    "checks/nba/features_one_per_player.sql",
    "checks/nba/features_whole.sql",
    "checks/nba/features_quality.sql",
    "checks/nba/sources/schedule_repeated.sql",
    "checks/nba/sources/gamebook_repeated.sql",
    "checks/nba/sources/bdl_repeated.sql",
    "checks/nba/sources/team_box_repeated.sql",
    "checks/nba/sources/gamebook_foreign_ids.sql",
    "checks/nba/sources/coverage.sql",
    "checks/nba/sources/bdl_foreign_ids.sql",
    "checks/nba/sources/team_box_foreign_ids.sql",
    "checks/nba/sources/play_by_play_foreign_ids.sql",
    "checks/nba/sources/reversed_ids.sql",
    "checks/nba/sources/shared_ids.sql",
    "checks/nba/sources/too_many_games.sql",
    "checks/nba/sources/team_box_home_flags.sql",
    "checks/nba/sources/home_teams.sql",
    "checks/nba/sources/gamebook_missing.sql",
    "checks/nba/sources/bdl_missing.sql",
    "checks/nba/sources/team_box_missing.sql",
];
