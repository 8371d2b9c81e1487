//! The rule of stage `player_composite`: scores for a player's circumstances before a game. What was known of upcoming
//! games wasn't recorded, so the scores use the games before the date.

mod contexts;
mod fatigue;
mod mismatch;
mod row;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;

use super::DateOutcome;
use super::raw::BadRow;
use super::stored::Extracts;

/// Increment this when the same feeds give different rows; stored rows then show as outdated.
pub const VERSION: u32 = 1;

/// Computes a date: one row per player with a game on it.
///
/// # Errors
/// If a row stored by an earlier stage is invalid.
pub fn player_composite(date: NaiveDate, extracts: &Extracts) -> Result<DateOutcome, BadRow> {
    let player_zones = extracts.player_zones(date)?;
    let defense_zones = extracts.defense_zones(date)?;
    let mut rows = Vec::new();
    for appearance in extracts.appearances(date)? {
        let circumstances = row::Circumstances {
            log: extracts.players.of(appearance.player),
            zones: player_zones.get(appearance.player),
            defense: defense_zones.get(&appearance.opponent()),
            pace: extracts.teams.pace(appearance.team, date),
            opponent_pace: extracts.teams.pace(appearance.opponent(), date),
        };
        rows.push(row::row(&appearance, &circumstances, &extracts.finals));
    }
    Ok(rows.into())
}
