//! The finished games of one date with the totals of both teams, from the source asked for: where the rule of every
//! stage of a single date begins.

#[cfg(test)]
pub mod fixtures;
mod from_players;
mod from_team_box;
mod game;
mod making;
mod source;

use chrono::NaiveDate;

pub use self::from_players::{FEWEST_PLAYERS, rosters};
pub use self::game::{PlayedGame, Side, Totals};
pub use self::making::Making;
pub use self::source::Source;
use super::raw::{Feed, Feeds};
use super::{DateOutcome, Notes, Slate};
use crate::table::Row;

/// The games of a date.
#[derive(Debug)]
pub struct Games<'a> {
    /// The games there should be.
    pub slate: Slate<'a>,
    /// How the totals were made.
    pub making: Making,
    /// The games that could be had, in the order of their ids.
    pub played: Vec<PlayedGame<'a>>,
    /// One sentence per game that could not.
    pub missing: Vec<String>,
    /// What was noticed on the way.
    pub notes: Notes,
}

/// One entry per game of the slate: the game, or a sentence why it cannot be had.
type Found<'a> = Vec<Result<PlayedGame<'a>, String>>;

impl<'a> Games<'a> {
    /// Takes the games from the feeds [`Source::feeds`] names.
    #[must_use]
    pub fn read(date: NaiveDate, source: Source, feeds: &'a Feeds) -> Self {
        let mut notes = Notes::default();
        let slate = Slate::read(date, feeds.on(Feed::Schedule, date), &mut notes);
        let (making, found) = match source {
            Source::Auto => whole_team_box(&slate, feeds, &mut notes).map_or_else(
                || (Making::Rebuilt, from_players::games(&slate, feeds, &mut notes)),
                |games| (Making::TeamBox, games),
            ),
            Source::Boxscore => (Making::TeamBox, from_team_box::games(&slate, feeds, &mut notes)),
            Source::Reconstruct { forced } => {
                let making = if forced { Making::Forced } else { Making::Rebuilt };
                (making, from_players::games(&slate, feeds, &mut notes))
            }
        };
        let mut played = Vec::with_capacity(found.len());
        let mut missing = Vec::new();
        for game in found {
            match game {
                Ok(game) => played.push(game),
                Err(reason) => missing.push(reason),
            }
        }
        played.sort_by_key(|game| game.id);
        Self {
            slate,
            making,
            played,
            missing,
            notes,
        }
    }

    /// What the date comes to with these rows, two of which every game of the slate owes.
    #[must_use]
    pub fn into_outcome(self, rows: Vec<Row>) -> DateOutcome {
        DateOutcome {
            expected: self.slate.team_rows(),
            rows,
            missing: self.missing,
            notes: self.notes.lines(),
        }
    }
}

/// The team box score, if it has every game of the slate and nothing in it contradicts the schedule or itself.
fn whole_team_box<'a>(slate: &Slate<'a>, feeds: &'a Feeds, notes: &mut Notes) -> Option<Found<'a>> {
    let games = from_team_box::games(slate, feeds, notes);
    let fault = games
        .iter()
        .zip(slate.games())
        .find_map(|(game, scheduled)| match game {
            Ok(game) => from_team_box::fault(game, scheduled),
            Err(reason) => Some(reason.clone()),
        });
    match fault {
        None => Some(games),
        Some(reason) => {
            notes.add(format!("{} not used, {reason}", Feed::TeamBox.label()));
            None
        }
    }
}
