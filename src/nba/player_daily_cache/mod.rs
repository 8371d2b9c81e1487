//! The rule of stage `player_daily_cache`: a player's recent form, as of the morning of a game.

mod row;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use chrono::NaiveDate;

use super::raw::BadRow;
use super::stored::{Appearance, PlayerGame, PlayerLogs, PlayerZones, TeamLogs};
use super::{DateOutcome, Finals, GameLog};
use crate::table::{Row, rows_on};

/// Increment this when the same feeds give different rows; stored rows then show as outdated.
pub const VERSION: u32 = 1;

/// Minimum number of games a player needs in the season before the date.
pub const FEWEST_GAMES: usize = 5;

/// The inputs of a batch of dates.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// Finished games of the season so far.
    pub finals: Finals,
    /// The players' games of the season so far.
    pub players: PlayerLogs,
    /// The teams' games of the season so far.
    pub teams: TeamLogs,
    /// Rows of [`Appearance::COLUMNS`], ordered by date.
    pub appearances: Vec<Row>,
    /// Rows of [`PlayerZones::COLUMNS`], ordered by date.
    pub player_zones: Vec<Row>,
}

/// Whether a player with this game log gets a row for the date.
fn is_eligible(log: &GameLog<PlayerGame>, date: NaiveDate) -> bool {
    log.before(date).len() >= FEWEST_GAMES
}

/// Computes a date: one row per player with a game on it and enough games before it.
///
/// # Errors
/// If a row stored by an earlier stage is invalid.
pub fn player_daily_cache(date: NaiveDate, inputs: &Inputs) -> Result<DateOutcome, BadRow> {
    let player_zones = rows_on(&inputs.player_zones, date).iter().map(PlayerZones::parse);
    let player_zones: HashMap<&str, PlayerZones> = player_zones.collect::<Result<_, _>>()?;
    let mut rows = Vec::new();
    for stored in rows_on(&inputs.appearances, date) {
        let appearance = Appearance::parse(stored)?;
        let log = inputs.players.of(appearance.player);
        if is_eligible(log, date) {
            let zones = player_zones.get(appearance.player);
            rows.push(row::row(&appearance, log, zones, inputs));
        }
    }
    Ok(DateOutcome {
        expected: u32::try_from(rows.len()).unwrap_or(u32::MAX),
        rows,
        ..DateOutcome::default()
    })
}
