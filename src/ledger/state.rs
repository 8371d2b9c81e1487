//! States of units, checks and runs, and the words they are stored as.

use std::fmt;

use rusqlite::Row;
use serde::{Deserialize, Serialize};

use super::error::invalid_text;

/// State of a unit (one stage on one date).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnitState {
    /// Not done yet.
    Pending,
    /// In flight.
    Running,
    /// Done, with all expected rows.
    Ok,
    /// Fewer rows than expected.
    Partial,
    /// Rows were expected and there are none; the reason is recorded.
    Empty,
    /// Nothing to compute on this date; the reason is recorded.
    Skipped,
    /// Failed after all attempts; error class and message are recorded.
    Failed,
    /// Sent to the warehouse, outcome not confirmed; looked up until it is known.
    Unknown,
    /// Done, but one of its inputs has changed since.
    Stale,
    /// Done, but by another definition of the stage than the plan's.
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

    /// Every state, most urgent for the operator first.
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

    /// Parses the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether the unit still has to be computed or settled.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Running | Self::Unknown)
    }

    /// Whether it was computed, by any definition, and no input has changed since.
    #[must_use]
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Ok | Self::Partial | Self::Empty | Self::Outdated)
    }

    /// Whether the unit ended badly: the exit code is 1 and the operator must look.
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

/// State of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum CheckState {
    /// Not run yet.
    Pending,
    /// Its query is running.
    Running,
    /// Passed.
    Pass,
    /// Advisory, and failing.
    Warn,
    /// Blocking, and failing.
    Fail,
    /// Its query failed.
    Error,
    /// A unit it reads has changed since.
    Outdated,
    /// Blocking and failing, but waived by an operator with a reason.
    Waived,
}

impl CheckState {
    /// Every state, in declaration order.
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

    /// Parses the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Why a check in this state can't be waived; `None` if it can.
    #[must_use]
    pub fn refuse_waiver(self, check: &str) -> Option<String> {
        let word = match self {
            Self::Fail => return None,
            Self::Pending => "not run yet",
            state => state.word(),
        };
        Some(format!("only a failed check can be waived; {check} is {word}"))
    }
}

impl CheckState {
    /// Whether it is a current result.
    #[must_use]
    pub const fn is_answer(self) -> bool {
        matches!(
            self,
            Self::Pass | Self::Warn | Self::Fail | Self::Error | Self::Waived
        )
    }

    /// Whether it is a current result that a query measured.
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

/// State of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Units are being dispatched to workers.
    Running,
    /// The operator stopped dispatching, and in-flight work has finished.
    Paused,
    /// Ending early: nothing new is dispatched, in-flight work finishes.
    Draining,
    /// All work is done.
    Finished,
    /// Ended early on purpose; resumable.
    Stopped,
    /// The process died; resumable. A live run never writes it: it is derived from the lock of a dead one.
    Interrupted,
}

impl RunState {
    /// Every state, in declaration order.
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

    /// Parses the stored word.
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

/// Reads the state that a column contains as a word.
pub(super) fn read_state<T>(
    row: &Row<'_>,
    column: usize,
    from_word: fn(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    from_word(&text).ok_or_else(|| invalid_text(column, UnknownState(text)))
}

#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not a state this program knows")]
struct UnknownState(String);
