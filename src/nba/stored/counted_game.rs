//! Which games count for a player: those with minutes or points. In seasons of whole minutes, a few seconds are stored
//! as 0 minutes.

/// The rule as a condition on a row of `player_game_summary`.
pub const COUNTED_GAME: &str = "minutes_played > 0 OR points > 0";

/// The rule for the values of such a row.
pub(super) fn is_counted(minutes: Option<f64>, points: Option<u32>) -> bool {
    minutes.is_some_and(|minutes| minutes > 0.0) || points.is_some_and(|points| points > 0)
}
