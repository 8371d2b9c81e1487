//! The rule of stage `player_daily_cache`: how a player has lately played, known on the morning of a game.

mod row;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use chrono::NaiveDate;

use super::raw::BadRow;
use super::stored::{Appearance, PlayerGame, PlayerLogs, PlayerZones, TeamLogs};
use super::{DateOutcome, Finals, GameLog};
use crate::table::{Row, rows_on};

/// Grows whenever the same feeds come to other rows than before: stored rows then show as outdated.
pub const VERSION: u32 = 1;

/// A player needs this many games of the season before the date.
pub const FEWEST_GAMES: usize = 5;

/// What was read for a batch of dates.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// The finals of the season so far.
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

/// Whether a player with these games gets a row on the date.
fn is_eligible(log: &GameLog<PlayerGame>, date: NaiveDate) -> bool {
    log.before(date).len() >= FEWEST_GAMES
}

/// Computes a date: one row per player who plays on it and has games enough to look back on.
///
/// # Errors
/// When a row an earlier stage stored cannot be read.
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
