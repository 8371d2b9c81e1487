//! The plans that are compiled in, with the SQL their checks refer to.

/// A file that a built-in plan may name.
pub(super) struct Asset {
    pub(super) path: &'static str,
    pub(super) text: &'static str,
}

macro_rules! assets {
    ($($path:literal),* $(,)?) => {
        &[$(Asset { path: $path, text: include_str!(concat!("../../assets/", $path)) }),*]
    };
}

/// Name of the plan that runs when nobody names one.
pub const BUILTIN: &str = "nba";

/// Built-in plan files by name.
pub(super) const PLANS: &[(&str, &str)] = &[("nba", include_str!("../../assets/plans/nba.toml"))];

/// The SQL files of the built-in plans, by the path the plan gives.
pub(super) const SQL: &[Asset] = assets![
    "checks/nba/seed_1_teams_per_date.sql",
    "checks/nba/seed_2_game_id_format.sql",
    "checks/nba/seed_3_primary_source.sql",
    "checks/nba/seed_4_completeness.sql",
    "checks/nba/seed_5_spot_check.sql",
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
];
