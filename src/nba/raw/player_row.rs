//! What every feed of player box scores says about one player of one game.

use chrono::{DateTime, Utc};

use super::{BoxLine, FeedGame};
use crate::nba::Minutes;
use crate::nba::ids::{PlayerLookup, TeamCode};

/// One player of one game.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayerRow<'a> {
    /// The game.
    pub game: FeedGame,
    /// The player's team.
    pub team: TeamCode,
    /// The player.
    pub player: PlayerLookup<'a>,
    /// Playing time.
    pub minutes: Option<Minutes>,
    /// The counts.
    pub line: BoxLine,
    /// When the feed was read.
    pub processed_at: Option<DateTime<Utc>>,
}
