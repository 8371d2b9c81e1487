//! The rule of stage `team_offense`: from the feeds of one date to one row per team and finished game.

mod from_players;
mod from_team_box;
mod played;
mod row;
mod source;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;

use self::played::PlayedGame;
use self::row::Making;
pub use self::source::Source;
use super::raw::{Feed, Feeds};
use super::{DateOutcome, Notes, Slate};

/// Computes a date from the feeds [`Source::feeds`] names: two rows per finished game, one sentence per game without.
#[must_use]
pub fn team_offense(date: NaiveDate, source: Source, feeds: &Feeds) -> DateOutcome {
    let mut notes = Notes::default();
    let slate = Slate::read(date, feeds.on(Feed::Schedule, date), &mut notes);
    let (making, games) = match source {
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
    let mut played = Vec::with_capacity(games.len());
    let mut missing = Vec::new();
    for game in games {
        match game {
            Ok(game) => played.push(game),
            Err(reason) => missing.push(reason),
        }
    }
    played.sort_by_key(|game| game.id);
    DateOutcome {
        expected: slate.team_rows(),
        rows: played.iter().flat_map(|game| row::rows(game, making)).collect(),
        missing,
        notes: notes.lines(),
    }
}

/// One entry per game of the slate: the game, or a sentence why it cannot be had.
type Games<'a> = Vec<Result<PlayedGame<'a>, String>>;

/// The team box score, if it has every game of the slate and nothing in it contradicts the schedule or itself.
fn whole_team_box<'a>(slate: &Slate<'a>, feeds: &'a Feeds, notes: &mut Notes) -> Option<Games<'a>> {
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
