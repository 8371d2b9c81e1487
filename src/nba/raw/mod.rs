//! The feeds as rows with types: which columns are read, and what a row must be to count.
//! Nothing is mended here: a row that is not what it should be is refused with its reason.

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
pub use play_by_play::{Event, PlayByPlayRow, Second, Shot};
pub use player_row::{Listed, PlayerRow};
pub use schedule::{GameStatus, ScheduleRow};
pub use team_box::TeamBoxRow;
pub use zone::Zone;

use super::{Minutes, Refused};
use crate::table::FieldError;

/// A row of a feed that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRow {
    /// A column holds another type than it should, or NULL where none may be.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// A text is not what its column promises.
    #[error(transparent)]
    Text(#[from] Refused),
}

/// Playing time as feeds leave it out: NULL, nothing, or a dash.
fn minutes(text: Option<&str>) -> Result<Option<Minutes>, Refused> {
    match text {
        None | Some("" | "-") => Ok(None),
        Some(text) => text.parse().map(Some),
    }
}
