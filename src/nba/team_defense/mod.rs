//! The rule of stage `team_defense`: one row per team and finished game with what the team allowed, from the feeds of
//! one date.

mod row;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;

use super::DateOutcome;
use super::games::{PlayedGames, Source};
use super::raw::Feeds;
use super::shot_chart::ShotChart;

/// Increment this when the same feeds give different rows; stored rows then show as outdated.
pub const VERSION: u32 = 1;

/// Computes a date from the feeds of [`Source::feeds`] and the play-by-play: two rows per finished game, or one message
/// for a game without them.
#[must_use]
pub fn team_defense(date: NaiveDate, source: Source, feeds: &Feeds) -> DateOutcome {
    let mut games = PlayedGames::read(date, source, feeds);
    let chart = ShotChart::read(&games.slate, feeds, &mut games.notes);
    let sides = games.played.iter().flat_map(|game| game.sides());
    let rows = sides.map(|side| row::row(side, games.making, &chart)).collect();
    games.into_outcome(rows)
}
