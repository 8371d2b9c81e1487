//! The rule of stage `ml_feature_store`: the 25 features of a prediction and the source of each.

mod features;
mod known;
mod origin;
mod row;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use chrono::NaiveDate;

use self::known::Known;
use super::ids::TeamCode;
use super::raw::BadRow;
use super::stored::{Appearance, Cached, DefenseZones, Factors, PlayerLogs, PlayerZones, TeamLogs};
use super::{DateOutcome, Finals, Notes, Slate};
use crate::table::{Row, rows_on};

/// Increment this when the same feeds give different rows; stored rows then show as outdated.
pub const VERSION: u32 = 1;

/// The inputs of a batch of dates.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// Finished games of the season so far.
    pub finals: Finals,
    /// Rows of [`super::raw::ScheduleRow::COLUMNS`], ordered by date.
    pub schedule: Vec<Row>,
    /// The players' games of the season so far.
    pub players: PlayerLogs,
    /// The teams' games of the season so far.
    pub teams: TeamLogs,
    /// Rows of [`Appearance::COLUMNS`], ordered by date.
    pub appearances: Vec<Row>,
    /// Rows of [`Cached::COLUMNS`], ordered by date.
    pub cached: Vec<Row>,
    /// Rows of [`Factors::COLUMNS`], ordered by date.
    pub factors: Vec<Row>,
    /// Rows of [`PlayerZones::COLUMNS`], ordered by date.
    pub player_zones: Vec<Row>,
    /// Rows of [`DefenseZones::COLUMNS`], ordered by date.
    pub defense_zones: Vec<Row>,
}

/// Computes a date: one row per player with a game on it.
///
/// # Errors
/// If a row stored by an earlier stage is invalid.
pub fn ml_feature_store(date: NaiveDate, inputs: &Inputs) -> Result<DateOutcome, BadRow> {
    let mut notes = Notes::default();
    let slate = Slate::read(date, rows_on(&inputs.schedule, date), &mut notes);
    let cached = rows_on(&inputs.cached, date).iter().map(Cached::parse);
    let cached: HashMap<&str, Cached> = cached.collect::<Result<_, _>>()?;
    let factors = rows_on(&inputs.factors, date).iter().map(Factors::parse);
    let factors: HashMap<&str, Factors> = factors.collect::<Result<_, _>>()?;
    let zones = rows_on(&inputs.player_zones, date).iter().map(PlayerZones::parse);
    let zones: HashMap<&str, PlayerZones> = zones.collect::<Result<_, _>>()?;
    let defense = rows_on(&inputs.defense_zones, date)
        .iter()
        .map(DefenseZones::parse);
    let defense: HashMap<TeamCode, DefenseZones> = defense.collect::<Result<_, _>>()?;
    let mut rows = Vec::new();
    for stored in rows_on(&inputs.appearances, date) {
        let appearance = Appearance::parse(stored)?;
        let player = appearance.player;
        let known = Known {
            log: inputs.players.of(player),
            teams: &inputs.teams,
            scheduled: slate.games().iter().find(|game| game.id == appearance.game),
            cached: cached.get(player).copied().unwrap_or_default(),
            factors: factors.get(player).copied().unwrap_or_default(),
            zones: zones.get(player).copied().unwrap_or_default(),
            defense: defense.get(&appearance.opponent()).copied().unwrap_or_default(),
            appearance,
        };
        rows.push(row::row(&known, &inputs.finals));
    }
    Ok(DateOutcome {
        expected: u32::try_from(rows.len()).unwrap_or(u32::MAX),
        rows,
        missing: Vec::new(),
        notes: notes.lines(),
    })
}
