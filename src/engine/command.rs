//! Commands to a run. Keys, signals and the command line all use these; there is no other way to control a run.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::ledger::UnitState;
use crate::partition::{Grain, Partition, PartitionError, PartitionRanges};
use crate::table::Part;

/// A selection of units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// These dates.
    Dates(PartitionRanges),
    /// Units that are failed, empty or partial.
    Failed,
    /// The failing dates of this check.
    #[serde(alias = "offending")]
    FailingDates(String),
    /// Stale units: their inputs changed after they were computed.
    Stale,
    /// Outdated units: computed with another definition of their stage.
    Outdated,
}

impl Selection {
    /// The selection with its dates as partitions of this length.
    pub(super) fn at(&self, grain: Grain) -> Result<Cow<'_, Self>, PartitionError> {
        match self {
            Self::Dates(dates) => Ok(Cow::Owned(Self::Dates(dates.at(grain)?))),
            other => Ok(Cow::Borrowed(other)),
        }
    }

    /// Whether a unit is selected. `is_changed`: it is outdated; `failing`: the dates of the selected check.
    #[must_use]
    pub fn takes(&self, date: Partition, state: UnitState, is_changed: bool, failing: &[Partition]) -> bool {
        match self {
            Self::Dates(dates) => dates.contains(date),
            Self::Failed => state.needs_attention(),
            Self::Stale => state == UnitState::Stale,
            Self::Outdated => is_changed && state.is_done(),
            Self::FailingDates(_) => failing.contains(&date),
        }
    }
}

/// A selection of checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checks {
    /// Every check.
    All,
    /// These checks, by name.
    Named(Vec<String>),
}

/// A command to the dispatcher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Stop handing out batches; the run is paused once in-flight work has finished.
    Pause,
    /// Resume. Also answers a question about the cost or the sample; other questions need [`Command::Answer`].
    Resume,
    /// Answer the open question before the first unit.
    Answer {
        /// The word of the choice.
        answer: String,
    },
    /// Rerun units.
    Rerun {
        /// Which units.
        selection: Selection,
        /// In this stage; `None` for every stage.
        stage: Option<String>,
        /// From this source; `None` for the run's.
        source: Option<String>,
        /// Let rows that miss the expectation replace stored rows.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        accept_short: bool,
    },
    /// Change the number of workers.
    Workers(usize),
    /// Run these checks now.
    Check(Checks),
    /// Run the breakdown of a check.
    #[serde(alias = "explain")]
    Breakdown {
        /// Check name.
        check: String,
    },
    /// Waive a failing check, for its current definition and value.
    Waive {
        /// Check name.
        check: String,
        /// The reason; permanently recorded.
        reason: String,
    },
    /// Tick or untick a runbook item that is not ticked automatically.
    Tick {
        /// Item id, such as `14` or `14a`.
        item: String,
        /// `true` to tick, `false` to untick.
        done: bool,
        /// What was done, or why the tick no longer counts; permanently recorded.
        note: String,
    },
    /// Show the rows stored for one unit.
    Inspect {
        /// Stage name.
        stage: String,
        /// Date of the unit.
        date: Partition,
    },
    /// Reload the raw rows of these dates from their origin.
    Reload {
        /// The dates to reload.
        dates: PartitionRanges,
    },
    /// Look at the declared sources again: late rows make dates stale, and dates that wait for rows start.
    Look,
    /// Approve the start of a stage.
    Advance {
        /// Stage name; `None` for all waiting stages.
        stage: Option<String>,
    },
    /// Cancel and requeue batches that workers are reading or computing, and pause. Commits in flight finish.
    Cancel,
    /// Stop handing out batches, let in-flight work finish, and end.
    Drain,
    /// End now. In-flight work is aborted before its commit and rerun by the next start.
    Abort,
}

impl Command {
    /// Whether it changes the run; `false` if it only reads.
    #[must_use]
    pub const fn changes(&self) -> bool {
        !matches!(self, Self::Inspect { .. })
    }

    /// Its name on the control socket and for `backcourt ctl`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Answer { .. } => "answer",
            Self::Rerun { .. } => "rerun",
            Self::Workers(_) => "workers",
            Self::Check(_) => "check",
            Self::Breakdown { .. } => "breakdown",
            Self::Waive { .. } => "waive",
            Self::Tick { done: true, .. } => "tick",
            Self::Tick { done: false, .. } => "untick",
            Self::Inspect { .. } => "inspect",
            Self::Reload { .. } => "reload",
            Self::Look => "look",
            Self::Advance { .. } => "advance",
            Self::Cancel => "cancel",
            Self::Drain => "drain",
            Self::Abort => "abort",
        }
    }
}

/// The dispatcher's reply to a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Done or started, described in one sentence.
    Accepted(String),
    /// Refused: one sentence on why, and what to do instead.
    Refused(String),
    /// The rows of an inspected unit.
    Rows(StoredRows),
}

impl From<Result<String, String>> for Reply {
    fn from(sentence: Result<String, String>) -> Self {
        sentence.map_or_else(Self::Refused, Self::Accepted)
    }
}

/// The rows of one unit as text, ready to show.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRows {
    /// Column names.
    pub columns: Vec<String>,
    /// One list of values per row, in column order.
    pub rows: Vec<Vec<String>>,
    /// The role of columns that have one in the table's definition.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, Part>,
    /// Groups of the date, such as its games, with or without rows; empty if the stage has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}

/// A command with its sender and reply channel.
#[derive(Debug)]
pub struct Order {
    /// The command.
    pub command: Command,
    /// The sender, if not the operator who started the run.
    pub by: Option<String>,
    /// Reply channel. A client that has disconnected is not an error.
    pub answer: oneshot::Sender<Reply>,
}
