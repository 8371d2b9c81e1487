//! The rule of stage `player_shot_zone`: from where each player of the season has shot over the last 10 and 20 games.

mod log;
mod row;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;

pub use self::log::{Shooter, ShotGame, ShotLogs};
use super::{DateOutcome, Finals, Notes};

/// Grows whenever the same feeds come to other rows than before: stored rows then show as outdated.
pub const VERSION: u32 = 1;

/// Games a player looks back on, and the fewest that must count.
pub const GAMES: usize = 10;

/// Games of the longer window.
const LONGER: usize = 20;

/// Computes a date. Schedule and logs must hold its season up to the day before. Every player of the season has a
/// row, also one who does not play that night or has not played for weeks: the row says so.
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
