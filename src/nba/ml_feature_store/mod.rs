//! The rule of stage `ml_feature_store`: the 25 features of a prediction and the source of each.

mod features;
mod inputs;
mod origin;
mod row;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;

use self::inputs::FeatureInputs;
use super::raw::BadRow;
use super::stored::Extracts;
use super::{DateOutcome, Notes, Slate};
use crate::table::rows_on;

/// Increment this when the same feeds give different rows; stored rows then show as outdated.
pub const VERSION: u32 = 1;

/// Computes a date: one row per player with a game on it.
///
/// # Errors
/// If a row stored by an earlier stage is invalid.
pub fn ml_feature_store(date: NaiveDate, extracts: &Extracts) -> Result<DateOutcome, BadRow> {
    let mut notes = Notes::default();
    let slate = Slate::read(date, rows_on(&extracts.schedule, date), &mut notes);
    let (cached, factors) = (extracts.cached(date)?, extracts.factors(date)?);
    let (zones, defense) = (extracts.player_zones(date)?, extracts.defense_zones(date)?);
    let mut rows = Vec::new();
    for appearance in extracts.appearances(date)? {
        let player = appearance.player;
        let known = FeatureInputs {
            log: extracts.players.of(player),
            teams: &extracts.teams,
            scheduled: slate.games().iter().find(|game| game.id == appearance.game),
            cached: cached.get(player).copied().unwrap_or_default(),
            factors: factors.get(player).copied().unwrap_or_default(),
            zones: zones.get(player).copied().unwrap_or_default(),
            defense: defense.get(&appearance.opponent()).copied().unwrap_or_default(),
            appearance,
        };
        rows.push(row::row(&known, &extracts.finals));
    }
    Ok(DateOutcome {
        notes: notes.lines(),
        ..rows.into()
    })
}
