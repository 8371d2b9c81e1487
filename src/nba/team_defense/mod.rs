//! The rule of stage `team_defense`: from the feeds of one date to one row per team and finished game, which says what
//! the team allowed.

mod row;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;

use super::DateOutcome;
use super::games::{Games, Source};
use super::raw::Feeds;
use super::shot_chart::ShotChart;

/// Grows whenever the same feeds come to other rows than before: stored rows then show as outdated.
pub const VERSION: u32 = 1;

/// Computes a date from the feeds [`Source::feeds`] names and the play-by-play: two rows per finished game, one
/// sentence per game without.
#[must_use]
pub fn team_defense(date: NaiveDate, source: Source, feeds: &Feeds) -> DateOutcome {
    let mut games = Games::read(date, source, feeds);
    let chart = ShotChart::read(&games.slate, feeds, &mut games.notes);
    let sides = games.played.iter().flat_map(|game| game.sides());
    let rows = sides.map(|side| row::row(side, games.making, &chart)).collect();
    games.into_outcome(rows)
}
