//! Filters for the dates of a stage: by state or by cause.

use crate::engine::{StageView, UnitView};
use crate::ledger::{UnitState, fingerprint};

use super::causes::{DateCause, reason_of};

/// The condition a date must meet to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    State(UnitState),
    /// Its state and its reason, numbers ignored.
    Cause {
        state: UnitState,
        /// The reason's fingerprint.
        fingerprint: String,
    },
}

impl Filter {
    /// The filter that shows only the dates of a cause.
    pub fn of_cause(cause: &DateCause<'_>) -> Self {
        Self::Cause {
            state: cause.kind,
            fingerprint: fingerprint(&cause.reason),
        }
    }

    pub fn passes(&self, unit: &UnitView) -> bool {
        match self {
            Self::State(state) => unit.state == *state,
            Self::Cause {
                state,
                fingerprint: print,
            } => unit.state == *state && fingerprint(reason_of(unit)) == *print,
        }
    }

    /// The filter after this one: the next state that occurs in the stage, most urgent first; `None` after the last.
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

    pub fn label(&self) -> String {
        match self {
            Self::State(state) => format!("only {state}"),
            Self::Cause { state, .. } => format!("only {state} for one cause"),
        }
    }
}
