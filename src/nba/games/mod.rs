//! The finished games of a date with the totals of both teams, from the requested source. The common input of all rules
//! that work on a single date.

#[cfg(test)]
pub mod fixtures;
mod from_players;
mod from_team_box;
mod game;
mod making;
mod source;

use chrono::NaiveDate;

pub use self::from_players::{MIN_PLAYERS, rosters};
pub use self::game::{PlayedGame, Side, TeamTotals};
pub use self::making::Making;
pub use self::source::Source;
use super::raw::{Feed, Feeds};
use super::{DateOutcome, Notes, Slate};
use crate::table::Row;

/// The games of a date.
#[derive(Debug)]
pub struct PlayedGames<'a> {
    /// The games that are expected.
    pub slate: Slate<'a>,
    /// How the totals were made.
    pub making: Making,
    /// The games with totals, ordered by id.
    pub played: Vec<PlayedGame<'a>>,
    /// One message per game without totals.
    pub missing: Vec<String>,
    /// Remarks collected while reading.
    pub notes: Notes,
}

/// One entry per game of the slate: the game, or the reason why it is missing.
type FoundGames<'a> = Vec<Result<PlayedGame<'a>, String>>;

impl<'a> PlayedGames<'a> {
    /// Reads the games from the feeds of [`Source::feeds`].
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

    /// The outcome of the date with these rows. Every game of the slate expects two.
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

/// The team box score, if it has every game of the slate and contradicts neither the schedule nor itself.
fn whole_team_box<'a>(slate: &Slate<'a>, feeds: &'a Feeds, notes: &mut Notes) -> Option<FoundGames<'a>> {
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
