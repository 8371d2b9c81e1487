//! The rule of stage `player_game`: one row per player who played, from the feeds of one date.

mod owed;
mod row;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;

use self::owed::owed;
use self::row::PlayerInGame;
use super::games::rosters;
use super::raw::{Feed, Feeds};
use super::shot_chart::ShotChart;
use super::{DateOutcome, Notes, Slate};

/// Increment this when the same feeds give different rows; stored rows then show as outdated.
pub const VERSION: u32 = 1;

/// The feeds to read.
pub const FEEDS: &[Feed] = &[Feed::Schedule, Feed::Gamebook, Feed::Bdl, Feed::PlayByPlay];

/// Computes a date from [`FEEDS`]: the players of every finished game. Team totals are the sums of exactly these
/// players.
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
            row::row(&PlayerInGame {
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
