//! Which dates of a stage are shown: all, those of one state, or those of one cause.

use crate::engine::{StageView, UnitView};
use crate::ledger::{UnitState, fingerprint};

use super::causes::{Cause, reason_of};

/// What a date must have in common with the others to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Its state.
    State(UnitState),
    /// Its state and what its reason says, numbers aside.
    Cause {
        /// The state.
        state: UnitState,
        /// The reason's fingerprint.
        fingerprint: String,
    },
}

impl Filter {
    /// What shows the dates of a cause alone.
    pub fn of_cause(cause: &Cause<'_>) -> Self {
        Self::Cause {
            state: cause.kind,
            fingerprint: fingerprint(&cause.reason),
        }
    }

    /// Whether a date is shown.
    pub fn passes(&self, unit: &UnitView) -> bool {
        match self {
            Self::State(state) => unit.state == *state,
            Self::Cause {
                state,
                fingerprint: print,
            } => unit.state == *state && fingerprint(reason_of(unit)) == *print,
        }
    }

    /// The filter after this one: the next state that dates of the stage have, the most urgent first, and none after the
    /// last.
    pub fn next(now: Option<&Self>, stage: &StageView) -> Option<Self> {
        let at = match now {
            None => 0,
            Some(Self::State(state)) => {
                1 + UnitState::BY_URGENCY
                    .iter()
                    .position(|offered| offered == state)?
            }
            Some(Self::Cause { .. }) => return None,
        };
        let mut to_come = UnitState::BY_URGENCY.iter().skip(at);
        let state = to_come.find(|state| stage.counts.of(**state) > 0)?;
        Some(Self::State(*state))
    }

    /// What the operator reads.
    pub fn label(&self) -> String {
        match self {
            Self::State(state) => format!("only {state}"),
            Self::Cause { state, .. } => format!("only {state} for one cause"),
        }
    }
}
