//! What every feed of player box scores says about one player of one game.

use chrono::{DateTime, Utc};

use super::{BoxLine, FeedGame};
use crate::nba::Minutes;
use crate::nba::ids::{PlayerLookup, TeamCode};

/// Who is named for which game, without anything done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<'a> {
    /// The game.
    pub game: FeedGame,
    /// The player's team.
    pub team: TeamCode,
    /// The player.
    pub player: PlayerLookup<'a>,
}

/// One player of one game.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayerRow<'a> {
    /// The game.
    pub game: FeedGame,
    /// The player's team.
    pub team: TeamCode,
    /// The player.
    pub player: PlayerLookup<'a>,
    /// The name as printed.
    pub name: Option<&'a str>,
    /// Playing time.
    pub minutes: Option<Minutes>,
    /// The counts.
    pub line: BoxLine,
    /// Point difference while on the floor, where the feed tells.
    pub plus_minus: Option<i64>,
    /// When the feed was read.
    pub processed_at: Option<DateTime<Utc>>,
}
