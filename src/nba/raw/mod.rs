//! Typed rows of the feeds: the columns read and the conditions for a row to count. Nothing is repaired here: an
//! invalid row is rejected with a reason.

mod bdl;
mod box_line;
mod feed;
mod feed_game;
mod gamebook;
mod play_by_play;
mod player_row;
mod schedule;
mod team_box;
mod zone;

pub use bdl::BdlRow;
pub use box_line::BoxLine;
pub use feed::{Feed, Feeds};
pub use feed_game::FeedGame;
pub use gamebook::{GamebookRow, PlayerStatus};
pub use play_by_play::{PlayByPlayRow, PlayEvent, Second, ShotAttempt};
pub use player_row::{Listed, PlayerRow};
pub use schedule::{GameStatus, ScheduleRow};
pub use team_box::TeamBoxRow;
pub use zone::Zone;

use super::{Minutes, Refused};
use crate::table::FieldError;

/// An invalid row of a feed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRow {
    /// A column has the wrong type, or NULL where it isn't allowed.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// A text is not valid for its column.
    #[error(transparent)]
    Text(#[from] Refused),
}

/// Parses playing time. Feeds leave it out as NULL, an empty string or a dash.
fn minutes(text: Option<&str>) -> Result<Option<Minutes>, Refused> {
    match text {
        None | Some("" | "-") => Ok(None),
        Some(text) => text.parse().map(Some),
    }
}
