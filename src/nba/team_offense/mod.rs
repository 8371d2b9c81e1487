//! The rule of stage `team_offense`: one row per team and finished game, from the feeds of one date.

mod row;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;

use super::DateOutcome;
use super::games::{PlayedGames, Source};
use super::raw::Feeds;

/// Increment this when the same feeds give different rows; stored rows then show as outdated.
pub const VERSION: u32 = 1;

/// Computes a date from the feeds of [`Source::feeds`]: two rows per finished game, or one message for a game without
/// them.
#[must_use]
pub fn team_offense(date: NaiveDate, source: Source, feeds: &Feeds) -> DateOutcome {
    let games = PlayedGames::read(date, source, feeds);
    let sides = games.played.iter().flat_map(|game| game.sides());
    let rows = sides.map(|side| row::row(side, games.making)).collect();
    games.into_outcome(rows)
}
