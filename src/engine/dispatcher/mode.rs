//! The mode of a run: what may start, and why if nothing may. It must not know how modes change.

use std::sync::Arc;

use super::super::limit::Limit;
use super::super::{Ending, Question, Topic};

/// The dispatcher's view of the run state; it decides what may start.
#[derive(Debug)]
pub(super) enum Mode {
    /// Before the first unit: preflight, estimate, sample.
    Preparing,
    Running,
    /// Hands out nothing until resumed.
    Holding(HoldReason),
    /// Hands out nothing more; in-flight work finishes, then the run ends, with this message if there is one.
    Draining(Option<String>),
    /// In-flight work is being aborted; once its tasks have ended, the run ends with this message.
    Aborting(String),
    /// The run has ended; commands are still accepted.
    Ended(Ending),
}

/// Why a run hands out nothing.
#[derive(Debug)]
pub(super) enum HoldReason {
    Operator,
    /// A question before the first unit is open. Nothing is computed or written until it is answered.
    Question(Arc<Question>),
}

impl Mode {
    pub(super) const fn is_preparing(&self) -> bool {
        matches!(self, Self::Preparing)
    }

    pub(super) const fn is_running(&self) -> bool {
        matches!(self, Self::Running)
    }

    /// Whether units may start, now or once resumed.
    pub(super) const fn may_start(&self) -> bool {
        matches!(self, Self::Preparing | Self::Running | Self::Holding(_))
    }

    pub(super) const fn is_holding(&self) -> bool {
        matches!(self, Self::Holding(_))
    }

    pub(super) const fn question(&self) -> Option<&Arc<Question>> {
        match self {
            Self::Holding(HoldReason::Question(question)) => Some(question),
            _ => None,
        }
    }

    pub(super) const fn ending(&self) -> Option<&Ending> {
        match self {
            Self::Ended(ending) => Some(ending),
            _ => None,
        }
    }

    pub(super) const fn has_ended(&self) -> bool {
        self.ending().is_some()
    }

    /// What limits the speed of a run in this mode; `None` while it hands out batches.
    pub(super) fn limit(&self) -> Option<Limit> {
        match self {
            Self::Preparing => Some(Limit::Preparing),
            Self::Running => None,
            Self::Holding(HoldReason::Operator) => Some(Limit::Operator),
            Self::Holding(HoldReason::Question(question)) => Some(match question.topic {
                Topic::Cost => Limit::Cost,
                Topic::Sample => Limit::Sample,
                Topic::ExistingRows | Topic::Outdated => Limit::Answer,
            }),
            Self::Draining(_) | Self::Aborting(_) => Some(Limit::Draining),
            Self::Ended(_) => Some(Limit::Ended),
        }
    }
}
