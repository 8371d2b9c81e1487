//! The rule of stage `player_game`: from the feeds of one date to one row per player who played.

mod owed;
mod row;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;

use self::owed::owed;
use self::row::Appearance;
use super::games::rosters;
use super::raw::{Feed, Feeds};
use super::shot_chart::ShotChart;
use super::{DateOutcome, Notes, Slate};

/// Grows whenever the same feeds come to other rows than before: stored rows then show as outdated.
pub const VERSION: u32 = 1;

/// The feeds that must be read.
pub const FEEDS: &[Feed] = &[Feed::Schedule, Feed::Gamebook, Feed::Bdl, Feed::PlayByPlay];

/// Computes a date from [`FEEDS`]: the players of every finished game, each beside the totals of the team that are the
/// sum of just these players.
#[must_use]
pub fn player_game(date: NaiveDate, feeds: &Feeds) -> DateOutcome {
    let mut notes = Notes::default();
    let slate = Slate::read(date, feeds.on(Feed::Schedule, date), &mut notes);
    let rosters = rosters(&slate, feeds, &mut notes);
    let chart = ShotChart::read(&slate, feeds, &mut notes);
    let (mut rows, mut missing) = (Vec::new(), Vec::new());
    for (scheduled, roster) in slate.games().iter().zip(&rosters) {
        let game = roster.game(scheduled).map_err(|reason| missing.push(reason)).ok();
        rows.extend(roster.players().into_iter().map(|player| {
            row::row(&Appearance {
                player,
                feed: roster.feed,
                id: scheduled.id,
                side: game.as_ref().map(|game| game.side(player.team)),
                shots: chart.player(player.team, &player.player),
            })
        }));
    }
    DateOutcome {
        expected: owed(&slate, feeds),
        rows,
        missing,
        notes: notes.lines(),
    }
}
