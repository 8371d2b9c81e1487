//! The rule of stage `player_shot_zone`: each player's shots by zone over the last 10 and 20 games.

mod row;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;

use super::stored::Extracts;
use super::{DateOutcome, Notes};

/// Increment this when the same feeds give different rows; stored rows then show as outdated.
pub const VERSION: u32 = 1;

/// Length of the shorter window, and the minimum number of counted games.
pub const GAMES: usize = 10;

/// Length of the longer window.
const LONGER: usize = 20;

/// Computes a date. Every player of the season has a row, including one without a game on the date or for weeks; the
/// row shows it.
#[must_use]
pub fn player_shot_zone(date: NaiveDate, extracts: &Extracts) -> DateOutcome {
    let mut made = DateOutcome::default();
    let mut notes = Notes::default();
    for shooter in extracts.shots.shooters() {
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
                made.rows.push(row::row(shooter, date, &extracts.finals));
            }
        }
    }
    made.notes = notes.lines();
    made
}
