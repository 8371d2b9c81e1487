//! What an operator can ask of a run. Keys, signals and the command line all end here; there is no second way in.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::ledger::UnitState;
use crate::table::Part;

/// Which units are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// These dates.
    Dates(Vec<NaiveDate>),
    /// Every unit that failed, stayed empty or is partial.
    Failed,
    /// The dates a check named as offending.
    Offending(String),
    /// Every unit that rests on something that changed after it was computed.
    Stale,
    /// What another definition of its stage made.
    Outdated,
}

impl Selection {
    /// Whether a unit is selected. `is_changed`: another definition made it; `failing` are the dates the selected check
    /// names.
    #[must_use]
    pub fn takes(&self, date: NaiveDate, state: UnitState, is_changed: bool, failing: &[NaiveDate]) -> bool {
        match self {
            Self::Dates(dates) => dates.contains(&date),
            Self::Failed => state.needs_attention(),
            Self::Stale => state == UnitState::Stale,
            Self::Outdated => is_changed && state.is_done(),
            Self::Offending(_) => failing.contains(&date),
        }
    }
}

/// Which checks are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checks {
    /// All of them.
    All,
    /// Just these, by name.
    Named(Vec<String>),
}

/// One order to the dispatcher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Hand out nothing new; what is in flight lands, then the run holds.
    Pause,
    /// Go on, after the question about the cost or the sample too; any other is answered in its own words.
    Resume,
    /// Answer the question the run holds for before its first unit.
    Answer {
        /// The word of one of its answers.
        answer: String,
    },
    /// Do these units again.
    Rerun {
        /// Which units.
        selection: Selection,
        /// In which stage; none means every stage.
        stage: Option<String>,
        /// From which source; none keeps the run's.
        source: Option<String>,
        /// Let rows that miss the expectation replace stored ones.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        accept_short: bool,
    },
    /// Use this many workers from now on.
    Workers(usize),
    /// Run these checks now.
    Check(Checks),
    /// Say anew why what this check counts is not all known.
    Explain {
        /// The check.
        check: String,
    },
    /// Let a failed check pass, as long as it measures the same.
    Waive {
        /// The check.
        check: String,
        /// Why; recorded for good.
        reason: String,
    },
    /// Tick an item of the runbook that facts cannot tick, or withdraw its tick.
    Tick {
        /// The item, as in `14` or `14a`.
        item: String,
        /// Whether it is done; if not, its tick is withdrawn.
        done: bool,
        /// What was done, or why it counts no more; recorded for good.
        note: String,
    },
    /// Show the rows stored for one unit.
    Inspect {
        /// The stage.
        stage: String,
        /// The date.
        date: NaiveDate,
    },
    /// Fetch the raw rows of these dates again from where they come from.
    Reload {
        /// The dates.
        dates: Vec<NaiveDate>,
    },
    /// Let a stage begin that waits for the operator's word.
    Advance {
        /// Which; none means every one that waits.
        stage: Option<String>,
    },
    /// Give up what workers have in hand, so that it is to be done again, and hold. What is being committed lands.
    Cancel,
    /// Hand out nothing new, let what is in flight land, and end.
    Drain,
    /// End now; what is in flight is cut off before its commit and done again next time.
    Abort,
}

impl Command {
    /// Whether it asks for a change, or just for an answer.
    #[must_use]
    pub const fn changes(&self) -> bool {
        !matches!(self, Self::Inspect { .. })
    }

    /// The word it goes by on the control socket and for `backcourt ctl`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Answer { .. } => "answer",
            Self::Rerun { .. } => "rerun",
            Self::Workers(_) => "workers",
            Self::Check(_) => "check",
            Self::Explain { .. } => "explain",
            Self::Waive { .. } => "waive",
            Self::Tick { done: true, .. } => "tick",
            Self::Tick { done: false, .. } => "untick",
            Self::Inspect { .. } => "inspect",
            Self::Reload { .. } => "fetch",
            Self::Advance { .. } => "advance",
            Self::Cancel => "cancel",
            Self::Drain => "drain",
            Self::Abort => "abort",
        }
    }
}

/// The dispatcher's answer to one command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Done or under way; one sentence says what.
    Accepted(String),
    /// Not done; one sentence says why and what to do instead.
    Refused(String),
    /// The rows of an inspected unit.
    Rows(StoredRows),
}

/// The rows of one unit as texts, ready to be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRows {
    /// Column names.
    pub columns: Vec<String>,
    /// One list of texts a row, in the order of the columns.
    pub rows: Vec<Vec<String>>,
    /// The columns that play a part, where the table's definition says so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, Part>,
    /// What rows of the date belong to, whether there are any or not, where the stage knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}

/// A command on its way, with the place its answer goes.
#[derive(Debug)]
pub struct Order {
    /// What is asked.
    pub command: Command,
    /// Who asks, if it is not the operator who started the run.
    pub by: Option<String>,
    /// Where the answer goes; a listener that left is no fault.
    pub answer: oneshot::Sender<Reply>,
}
