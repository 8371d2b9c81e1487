//! The rule of stage `player_shot_zone`: each player's shots by zone over the last 10 and 20 games.

mod log;
mod row;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;

pub use self::log::{Shooter, ShotGame, ShotLogs};
use super::{DateOutcome, Finals, Notes};

/// Increment this when the same feeds give different rows; stored rows then show as outdated.
pub const VERSION: u32 = 1;

/// Length of the shorter window, and the minimum number of counted games.
pub const GAMES: usize = 10;

/// Length of the longer window.
const LONGER: usize = 20;

/// Computes a date. Schedule and logs must cover its season up to the day before. Every player of the season has a row,
/// including one without a game on the date or for weeks; the row shows it.
#[must_use]
pub fn player_shot_zone(date: NaiveDate, finals: &Finals, logs: &ShotLogs) -> DateOutcome {
    let mut made = DateOutcome::default();
    let mut notes = Notes::default();
    for shooter in logs.shooters() {
        match shooter.games.before(date).len() {
            0 => {}
            1..GAMES => notes.add(format!(
                "INSUFFICIENT_DATA: a player has played fewer than {GAMES} games"
            )),
            _ => {
                if shooter
                    .games
                    .newest(GAMES, date)
                    .iter()
                    .all(|game| game.shots.is_none())
                {
                    notes.add(row::NO_SHOT_DATA.to_owned());
                }
                made.expected += 1;
                made.rows.push(row::row(shooter, date, finals));
            }
        }
    }
    made.notes = notes.lines();
    made
}
