//! The words for how things stand: of a unit, of a check, of a run.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a unit (one stage on one date) stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnitState {
    /// Not done yet.
    Pending,
    /// A worker has it.
    Running,
    /// Done: its rows are exactly as many as the schedule asks for.
    Ok,
    /// Some of the expected rows are there, some are not.
    Partial,
    /// Rows were expected and none came; the reason is recorded.
    Empty,
    /// Nothing was to be done on this date; the reason is recorded.
    Skipped,
    /// Given up after its attempts; class and message are recorded.
    Failed,
    /// Sent to the warehouse, outcome not known; will be replayed.
    Unknown,
    /// Was done, but something it was computed from has changed since.
    Stale,
    /// Done, but by another definition of the stage than the plan has now.
    Outdated,
}

impl UnitState {
    /// Every state, in the order they are counted and shown.
    pub const ALL: [Self; 10] = [
        Self::Ok,
        Self::Partial,
        Self::Empty,
        Self::Skipped,
        Self::Failed,
        Self::Unknown,
        Self::Stale,
        Self::Outdated,
        Self::Pending,
        Self::Running,
    ];

    /// Every state, what an operator must see first before the others.
    pub const BY_URGENCY: [Self; 10] = [
        Self::Failed,
        Self::Empty,
        Self::Partial,
        Self::Unknown,
        Self::Stale,
        Self::Outdated,
        Self::Running,
        Self::Pending,
        Self::Ok,
        Self::Skipped,
    ];

    /// The word shown and stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Ok => "ok",
            Self::Partial => "partial",
            Self::Empty => "empty",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Stale => "stale",
            Self::Outdated => "outdated",
        }
    }

    /// The state of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether the engine still owes this unit work.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Running | Self::Unknown)
    }

    /// Whether it was computed, by whatever definition, and nothing it was computed from has changed since.
    #[must_use]
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Ok | Self::Partial | Self::Empty | Self::Outdated)
    }

    /// Whether the unit ended otherwise than it should: the exit code is 1 and the operator must look.
    #[must_use]
    pub const fn needs_attention(self) -> bool {
        matches!(self, Self::Partial | Self::Empty | Self::Failed)
    }
}

impl fmt::Display for UnitState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How a check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum CheckState {
    /// Not asked yet.
    Pending,
    /// Its query is under way.
    Running,
    /// Met.
    Pass,
    /// Advisory, and not met.
    Warn,
    /// Blocking, and not met.
    Fail,
    /// Its query could not be run.
    Error,
    /// A unit it looked at has changed since.
    Outdated,
    /// Blocking and not met, but an operator let it pass, with a reason.
    Waived,
}

impl CheckState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Running,
        Self::Pass,
        Self::Warn,
        Self::Fail,
        Self::Error,
        Self::Outdated,
        Self::Waived,
    ];

    /// The word shown and stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Pass => "PASS",
            Self::Warn => "WARN",
            Self::Fail => "FAIL",
            Self::Error => "ERROR",
            Self::Outdated => "OUTDATED",
            Self::Waived => "WAIVED",
        }
    }

    /// The state of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Why a check that stands like this cannot be waived; none if it can.
    #[must_use]
    pub fn refuse_waiver(self, check: &str) -> Option<String> {
        let stands = match self {
            Self::Fail => return None,
            Self::Pending => "not run yet",
            state => state.word(),
        };
        Some(format!("only a failed check can be waived; {check} is {stands}"))
    }
}

impl CheckState {
    /// Whether it is an answer that still counts.
    #[must_use]
    pub const fn is_answer(self) -> bool {
        matches!(
            self,
            Self::Pass | Self::Warn | Self::Fail | Self::Error | Self::Waived
        )
    }

    /// Whether it is an answer that still counts and that a query gave.
    #[must_use]
    pub const fn is_measured(self) -> bool {
        matches!(self, Self::Pass | Self::Warn | Self::Fail | Self::Waived)
    }
}

impl fmt::Display for CheckState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Units are handed to workers.
    Running,
    /// The operator stopped the hand-out; what was in flight has landed.
    Paused,
    /// Ending early: nothing new starts, what is in flight lands.
    Draining,
    /// Nothing is left to do.
    Finished,
    /// Ended early on purpose; resumable.
    Stopped,
    /// The process died under it; resumable. Never written by a live run, only read off a dead one.
    Interrupted,
}

impl RunState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Running,
        Self::Paused,
        Self::Draining,
        Self::Finished,
        Self::Stopped,
        Self::Interrupted,
    ];

    /// The word shown and stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Draining => "draining",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Interrupted => "interrupted",
        }
    }

    /// The state of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether a run in this state has ended.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Finished | Self::Stopped | Self::Interrupted)
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
