//! The stages a plan can name: each reads its inputs from the warehouse and hands them to a pure rule.
//! This room knows how inputs are fetched; what they mean is the rule's business, when they are fetched the engine's.

mod schedule;
mod team_offense;

use std::sync::Arc;

use crate::engine::{Outcome, Stage};
use crate::nba::DateOutcome;
use crate::plan::{StageKind, StageSpec};
use team_offense::TeamOffense;

/// Sources that rows of the built-in stages can come from, as an operator names them.
pub const SOURCES: [&str; 3] = ["auto", "reconstruct", "boxscore"];

/// The source that the old runbook asked for by an environment variable; rows made from it say so.
pub const FORCED: &str = "forced-reconstruction";

/// The implementation of a stage of the plan; none if the plan names a built-in stage that does not exist.
#[must_use]
pub fn stage(spec: &StageSpec) -> Option<Arc<dyn Stage>> {
    match (&spec.kind, spec.name.as_str()) {
        (StageKind::Nba, TeamOffense::NAME) => Some(Arc::new(TeamOffense)),
        (StageKind::Nba, _) => None,
    }
}

/// The names of the built-in stages.
pub const BUILT_IN: [&str; 1] = [TeamOffense::NAME];

impl From<DateOutcome> for Outcome {
    fn from(made: DateOutcome) -> Self {
        Self {
            expected: made.expected,
            rows: made.rows,
            missing: made.missing,
            notes: made.notes,
        }
    }
}
