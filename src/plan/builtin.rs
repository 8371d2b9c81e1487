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
pub(super) const SQL: &[Asset] = assets![];
