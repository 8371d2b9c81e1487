//! The stages of a plan: each reads its inputs from the warehouse and passes them to a pure rule. This module fetches
//! inputs; rules interpret them, and the engine decides when they are fetched.

mod command;
mod dates;
mod expected_rows;
mod extracts;
mod feed_stage;
mod look_back;
mod ml_feature_store;
mod player_composite;
mod player_daily_cache;
mod player_game;
mod player_shot_zone;
pub mod printed;
mod process;
mod schedule;
mod seasons;
mod spool;
mod sql;
mod team_defense;
mod team_defense_zone;
mod team_offense;
#[cfg(test)]
mod tests;
mod unresolved;

use std::sync::Arc;

use chrono::NaiveDate;

use crate::engine::{MemoryShare, Outcome, Stage};
use crate::nba::DateOutcome;
use crate::partition::Partition;
use crate::plan::{FilledTable, StageKind, StageSpec};
use command::CommandStage;
use feed_stage::FeedStage;
use look_back::LookBackStage;
use ml_feature_store::ML_FEATURE_STORE;
use player_composite::PLAYER_COMPOSITE;
use player_daily_cache::PLAYER_DAILY_CACHE;
use player_game::PLAYER_GAME;
use player_shot_zone::PLAYER_SHOT_ZONE;
use sql::SqlStage;
use team_defense::TEAM_DEFENSE;
use team_defense_zone::TEAM_DEFENSE_ZONE;
use team_offense::TEAM_OFFENSE;
use unresolved::UnresolvedStage;

/// The days of a batch: the built-in rules know nothing longer.
fn days_of(dates: &[Partition]) -> Vec<NaiveDate> {
    dates.iter().map(|date| date.first_day()).collect()
}

/// The sources of rows in built-in stages, as named by the operator.
pub const SOURCES: [&str; 3] = ["auto", "reconstruct", "boxscore"];

/// The source that the old runbook selected by an environment variable. Rows made from it are marked.
pub const FORCED: &str = "forced-reconstruction";

const FEED_STAGES: [FeedStage; 3] = [TEAM_OFFENSE, TEAM_DEFENSE, PLAYER_GAME];

const LOOK_BACK_STAGES: [LookBackStage; 5] = [
    TEAM_DEFENSE_ZONE,
    PLAYER_SHOT_ZONE,
    PLAYER_COMPOSITE,
    PLAYER_DAILY_CACHE,
    ML_FEATURE_STORE,
];

/// The names of the built-in stages.
pub const BUILT_IN: [&str; 8] = [
    TEAM_OFFENSE.name,
    TEAM_DEFENSE.name,
    PLAYER_GAME.name,
    TEAM_DEFENSE_ZONE.name,
    PLAYER_SHOT_ZONE.name,
    PLAYER_COMPOSITE.name,
    PLAYER_DAILY_CACHE.name,
    ML_FEATURE_STORE.name,
];

/// The implementation of a stage; `None` for an unknown built-in stage.
#[must_use]
pub fn stage(spec: &StageSpec) -> Option<Arc<dyn Stage>> {
    match (&spec.kind, spec.name.as_str()) {
        (StageKind::Sql(own), _) => Some(match &own.table {
            FilledTable::Complete(table) => Arc::new(SqlStage::new(spec, own, table)),
            FilledTable::Inferred(table) => Arc::new(UnresolvedStage::new(spec, table)),
        }),
        (StageKind::Command(own), _) => Some(Arc::new(CommandStage::new(spec, own))),
        (StageKind::Nba, name) => {
            if let Some(stage) = FEED_STAGES.into_iter().find(|stage| stage.name == name) {
                return Some(Arc::new(stage));
            }
            let stage = LOOK_BACK_STAGES.into_iter().find(|stage| stage.name == name)?;
            Some(Arc::new(stage))
        }
    }
}

impl From<DateOutcome> for Outcome {
    fn from(made: DateOutcome) -> Self {
        Self {
            expected: Some(made.expected),
            skip: None,
            rows: made.rows,
            quarantined: Vec::new(),
            missing: made.missing,
            notes: made.notes,
            memory: MemoryShare::default(),
        }
    }
}
