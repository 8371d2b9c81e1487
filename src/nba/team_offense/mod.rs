//! The rule of stage `team_offense`: from the feeds of one date to one row per team and finished game.

mod row;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;

use super::DateOutcome;
use super::games::{Games, Source};
use super::raw::Feeds;

/// Grows whenever the same feeds come to other rows than before: stored rows then show as outdated.
pub const VERSION: u32 = 1;

/// Computes a date from the feeds [`Source::feeds`] names: two rows per finished game, one sentence per game without.
#[must_use]
pub fn team_offense(date: NaiveDate, source: Source, feeds: &Feeds) -> DateOutcome {
    let games = Games::read(date, source, feeds);
    let sides = games.played.iter().flat_map(|game| game.sides());
    let rows = sides.map(|side| row::row(side, games.making)).collect();
    games.into_outcome(rows)
}
