//! A player's row in any feed of player box scores.

use chrono::{DateTime, Utc};

use super::{BoxLine, FeedGame};
use crate::nba::Minutes;
use crate::nba::ids::{PlayerLookup, TeamCode};

/// A player listed for a game, without counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<'a> {
    /// The game of this row.
    pub game: FeedGame,
    /// The player's team.
    pub team: TeamCode,
    /// The player.
    pub player: PlayerLookup<'a>,
}

/// One player of one game.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayerRow<'a> {
    /// The game of this row.
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
    /// Point difference while on the floor, if the feed has it.
    pub plus_minus: Option<i64>,
    /// When the feed was collected.
    pub processed_at: Option<DateTime<Utc>>,
}
