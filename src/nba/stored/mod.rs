//! What earlier stages stored, as rows with types: which columns the look-back stages read and what they mean.
//! A row that cannot be read is no feed's fault but ours, so it stops the batch and is not passed over.

mod appearance;
mod cached;
mod defense_zones;
mod factors;
mod player_log;
mod player_zones;
mod team_log;

pub use appearance::Appearance;
pub use cached::Cached;
pub use defense_zones::DefenseZones;
pub use factors::Factors;
pub use player_log::{PlayerGame, PlayerLogs};
pub use player_zones::{PlayerZones, PrimaryZone};
pub use team_log::{TeamGame, TeamLogs};

/// Games that form is taken from, of a player and of a team.
pub const FORM: usize = 10;

#[cfg(test)]
pub(super) mod fixture;
