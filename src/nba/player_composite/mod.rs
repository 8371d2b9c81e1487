//! The rule of stage `player_composite`: scores for a player's circumstances before a game. What was known of upcoming
//! games wasn't recorded, so the scores use the games before the date.

mod fatigue;
mod mismatch;
mod row;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use chrono::NaiveDate;

use super::ids::TeamCode;
use super::raw::BadRow;
use super::stored::{Appearance, DefenseZones, PlayerLogs, PlayerZones, TeamLogs};
use super::{DateOutcome, Finals};
use crate::table::{Row, rows_on};

/// Increment this when the same feeds give different rows; stored rows then show as outdated.
pub const VERSION: u32 = 1;

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
    /// Rows of [`DefenseZones::COLUMNS`], ordered by date.
    pub defense_zones: Vec<Row>,
}

/// Computes a date: one row per player with a game on it.
///
/// # Errors
/// If a row stored by an earlier stage is invalid.
pub fn player_composite(date: NaiveDate, inputs: &Inputs) -> Result<DateOutcome, BadRow> {
    let player_zones = rows_on(&inputs.player_zones, date).iter().map(PlayerZones::parse);
    let player_zones: HashMap<&str, PlayerZones> = player_zones.collect::<Result<_, _>>()?;
    let defense_zones = rows_on(&inputs.defense_zones, date)
        .iter()
        .map(DefenseZones::parse);
    let defense_zones: HashMap<TeamCode, DefenseZones> = defense_zones.collect::<Result<_, _>>()?;
    let appearances = rows_on(&inputs.appearances, date).iter().map(Appearance::parse);
    let appearances: Vec<Appearance<'_>> = appearances.collect::<Result<_, _>>()?;
    let rows = appearances.iter().map(|appearance| {
        let circumstances = row::Circumstances {
            log: inputs.players.of(appearance.player),
            zones: player_zones.get(appearance.player),
            defense: defense_zones.get(&appearance.opponent()),
            pace: inputs.teams.pace(appearance.team, date),
            opponent_pace: inputs.teams.pace(appearance.opponent(), date),
        };
        row::row(appearance, &circumstances, &inputs.finals)
    });
    let rows: Vec<Row> = rows.collect();
    Ok(DateOutcome {
        expected: u32::try_from(rows.len()).unwrap_or(u32::MAX),
        rows,
        ..DateOutcome::default()
    })
}
