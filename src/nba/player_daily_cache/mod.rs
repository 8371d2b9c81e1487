//! The rule of stage `player_daily_cache`: a player's recent form, as of the morning of a game.

mod row;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;

use super::raw::BadRow;
use super::stored::{Extracts, PlayerGame};
use super::{DateOutcome, GameLog};

/// Increment this when the same feeds give different rows; stored rows then show as outdated.
pub const VERSION: u32 = 1;

/// Minimum number of games a player needs in the season before the date.
pub const MIN_GAMES: usize = 5;

/// Whether a player with this game log gets a row for the date.
fn is_eligible(log: &GameLog<PlayerGame>, date: NaiveDate) -> bool {
    log.before(date).len() >= MIN_GAMES
}

/// Computes a date: one row per player with a game on it and enough games before it.
///
/// # Errors
/// If a row stored by an earlier stage is invalid.
pub fn player_daily_cache(date: NaiveDate, extracts: &Extracts) -> Result<DateOutcome, BadRow> {
    let player_zones = extracts.player_zones(date)?;
    let mut rows = Vec::new();
    for appearance in extracts.appearances(date)? {
        let log = extracts.players.of(appearance.player);
        if is_eligible(log, date) {
            let zones = player_zones.get(appearance.player);
            rows.push(row::row(&appearance, log, zones, extracts));
        }
    }
    Ok(rows.into())
}
