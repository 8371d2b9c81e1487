//! The sample as shown: its units with their results, and the NULLs of its stages. It must not know who shows it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::StageNulls;
use super::difference::Difference;
use crate::figures::counted;
use crate::partition::Partition;
use crate::reason::bounded;

/// The sample before the first unit, as far as it has been taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleView {
    /// Sampled units, in plan order.
    pub units: Vec<UnitSample>,
    /// The result in one sentence, once the sample has finished.
    pub message: Option<String>,
    /// NULLs per column, for every stage with sampled rows.
    pub nulls: Vec<StageNulls>,
}

impl SampleView {
    pub(in crate::engine) fn finish(&mut self, message: &str, nulls: &[StageNulls]) {
        self.message = Some(message.to_owned());
        self.nulls = nulls.to_vec();
    }
}

/// The result of a sampled unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SampleState {
    /// As expected, and the same as the stored rows.
    Same,
    /// As expected; nothing is stored yet.
    New,
    /// As expected, but different from the stored rows.
    Differs,
    /// Not the expected number of rows.
    Short,
    /// Could not be computed.
    Failed,
    /// Not sampled: its inputs are missing, or only a run can make its rows.
    Unsampled,
}

impl SampleState {
    /// The word shown.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::New => "new",
            Self::Differs => "differs",
            Self::Short => "short",
            Self::Failed => "failed",
            Self::Unsampled => "not sampled",
        }
    }

    /// Whether a run would do what the operator expects of it.
    #[must_use]
    pub const fn is_as_expected(self) -> bool {
        matches!(self, Self::Same | Self::New)
    }

    /// Whether it blocks the full run until the operator has looked at it.
    #[must_use]
    pub const fn blocks_run(self) -> bool {
        matches!(self, Self::Differs | Self::Short | Self::Failed)
    }
}

impl fmt::Display for SampleState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One date of a stage, computed and compared with its stored rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitSample {
    /// Stage name.
    pub stage: String,
    /// Date of the unit.
    pub date: Partition,
    /// Why this date is representative, as stated in the plan.
    pub why: String,
    /// The result.
    pub state: SampleState,
    /// Rows computed.
    pub rows: usize,
    /// Rows expected.
    pub expected: u32,
    /// Rows stored now.
    pub stored: usize,
    /// How the computed rows differ from the stored ones.
    pub difference: Difference,
    /// Why rows are missing or not expected, why it failed, or why it was not sampled.
    pub reason: Option<String>,
    /// Remarks that don't affect the result.
    pub notes: Vec<String>,
}

impl UnitSample {
    /// A unit without rows, with only a state and a reason.
    pub(super) fn bare(stage: &str, date: Partition, why: &str, state: SampleState, reason: &str) -> Self {
        Self {
            stage: stage.to_owned(),
            date,
            why: why.to_owned(),
            state,
            rows: 0,
            expected: 0,
            stored: 0,
            difference: Difference::default(),
            reason: Some(bounded(reason)),
            notes: Vec::new(),
        }
    }

    /// The result in a few words.
    #[must_use]
    pub fn summary(&self) -> String {
        let reason = self.reason.as_deref();
        if matches!(self.state, SampleState::Failed | SampleState::Unsampled) {
            return reason.unwrap_or("no reason given").to_owned();
        }
        let made = match (self.expected, self.rows) {
            (0, 0) => "no rows expected".to_owned(),
            (expected, rows) => format!("{rows} of {}", counted(expected as usize, "row")),
        };
        let Difference {
            same,
            changed,
            new,
            gone,
            ..
        } = self.difference;
        let stored = match (self.stored, self.rows) {
            (0, 0) => "none stored".to_owned(),
            (0, _) => "none stored yet".to_owned(),
            (_, _) if self.difference.is_none() => "all as stored".to_owned(),
            (stored, _) => {
                format!("against {stored} stored: {changed} changed, {new} new, {gone} gone, {same} same")
            }
        };
        let reason = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
        format!("{made}, {stored}{reason}")
    }

    /// Further lines: differences, then remarks.
    #[must_use]
    pub fn details(&self) -> Vec<String> {
        let differences = match self.state {
            // Every row is new, so listing the keys would add nothing.
            SampleState::New => Vec::new(),
            _ if self.stored == 0 => Vec::new(),
            _ => self.difference.lines(),
        };
        let notes = match self.notes.as_slice() {
            [] => None,
            [note] => Some(format!("note: {note}")),
            [note, more @ ..] => Some(format!("note: {note} (and {} more in the event)", more.len())),
        };
        differences.into_iter().chain(notes).collect()
    }
}
