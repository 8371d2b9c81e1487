//! Typed rows stored by earlier stages: the columns that look-back stages read. An invalid row is a bug in backcourt,
//! not in a feed, so it fails the batch instead of being skipped.

mod appearance;
mod cached;
mod counted_game;
mod defense_log;
mod defense_zones;
mod extract;
mod factors;
mod player_log;
mod player_zones;
mod shot_log;
mod team_log;

pub use appearance::Appearance;
pub use cached::Cached;
pub use counted_game::COUNTED_GAME;
pub use defense_log::{DefendedGame, DefenseLogs};
pub use defense_zones::DefenseZones;
pub use extract::{Extract, Extracts};
pub use factors::Factors;
pub use player_log::{PlayerGame, PlayerLogs};
pub use player_zones::{PlayerZones, PrimaryZone};
pub use shot_log::{Makes, Shooter, ShotGame, ShotLogs};
pub use team_log::{TeamGame, TeamLogs};

/// Number of games for the form of a player or team.
pub const FORM: usize = 10;

#[cfg(test)]
pub(super) mod fixture;
