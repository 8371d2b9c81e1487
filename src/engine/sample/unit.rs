//! Samples one unit: reads and computes it as a run does, judges the result and writes nothing.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::super::unit_result::judge_unit;
use super::super::worker::Made;
use super::super::{Fills, Outcome, RetryPolicy, Scope, Stage, StageError};
use super::difference::Difference;
use super::nulls::Nulls;
use crate::figures::counted;
use crate::ledger::UnitState;
use crate::table::{Row, TableDef};
use crate::warehouse::{Dates, Read, Warehouse};

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

    /// Whether it blocks the full run until the operator has looked at it.
    #[must_use]
    pub const fn stands_against(self) -> bool {
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
    pub date: NaiveDate,
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
    pub(super) fn bare(stage: &str, date: NaiveDate, why: &str, state: SampleState, reason: String) -> Self {
        Self {
            stage: stage.to_owned(),
            date,
            why: why.to_owned(),
            state,
            rows: 0,
            expected: 0,
            stored: 0,
            difference: Difference::default(),
            reason: Some(reason),
            notes: Vec::new(),
        }
    }

    /// The result in a few words.
    #[must_use]
    pub fn standing(&self) -> String {
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

/// A sampled unit with its NULLs.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) unit: UnitSample,
    pub(super) sampled: Nulls,
    pub(super) stored: Nulls,
}

impl Found {
    /// A unit without rows to compare.
    pub(super) fn nothing(unit: UnitSample) -> Self {
        Self {
            unit,
            sampled: Nulls::default(),
            stored: Nulls::default(),
        }
    }
}

/// Samples one unit, with retries after transient errors.
pub(super) async fn find_out(
    stage: &dyn Stage,
    warehouse: &dyn Warehouse,
    date: NaiveDate,
    why: &str,
    source: &str,
    retry: RetryPolicy,
) -> Found {
    let mut attempt = 1;
    loop {
        let error = match look(stage, warehouse, date, why, source).await {
            Ok(found) => return found,
            Err(error) => error,
        };
        let Some(pause) = retry.pause_after(attempt, error.class, fastrand::f64()) else {
            let state = SampleState::Failed;
            return Found::nothing(UnitSample::bare(stage.name(), date, why, state, error.message));
        };
        attempt += 1;
        tokio::time::sleep(pause).await;
    }
}

async fn look(
    stage: &dyn Stage,
    warehouse: &dyn Warehouse,
    date: NaiveDate,
    why: &str,
    source: &str,
) -> Result<Found, StageError> {
    let table = match stage.fills() {
        Fills::Computed(table) => table,
        fills => return Ok(Found::nothing(not_computed(stage, date, why, fills))),
    };
    let stored = stored(table, warehouse, date).await?;
    let scope = stage.scope(warehouse, &[date]).await?.pop();
    let made = match &scope {
        Some(Scope::Skip(reason)) => Outcome {
            skip: Some(reason.clone()),
            ..Outcome::default()
        },
        _ => stage.read(warehouse, &[date], source).await?.compute(date)?,
    };
    Ok(judged(stage, table, date, why, scope, made, &stored))
}

/// A unit that can't be sampled, because only writing its rows would compute them.
fn not_computed(stage: &dyn Stage, date: NaiveDate, why: &str, fills: Fills<'_>) -> UnitSample {
    let reason = match fills {
        Fills::Query(..) => "a query in the warehouse computes its rows; only a run shows them",
        _ => "it runs a program; only a run starts it",
    };
    UnitSample::bare(stage.name(), date, why, SampleState::Unsampled, reason.to_owned())
}

/// Judges a computed date. Pure.
fn judged(
    stage: &dyn Stage,
    table: &TableDef,
    date: NaiveDate,
    why: &str,
    scope: Option<Scope>,
    made: Outcome,
    stored: &[Row],
) -> Found {
    let notes = made.notes.clone();
    let outcome = Made {
        outcome: made,
        output: 0,
    };
    let unit_result = judge_unit(stage.fills(), date, outcome, "", 0.0, 1);
    let (rows, unit) = (unit_result.rows, unit_result.settled.unit);
    let difference = Difference::between(table, &rows, stored);
    let owed = match &scope {
        Some(Scope::Rows(owed)) => *owed,
        Some(Scope::Skip(_)) => 0,
        Some(Scope::SomeRows | Scope::Untold) | None => unit.expected,
    };
    let is_whole = matches!(unit.state, UnitState::Ok | UnitState::Skipped) && unit.rows == owed;
    let state = match (is_whole, stored.is_empty()) {
        (false, _) => SampleState::Short,
        (true, _) if difference.is_none() => SampleState::Same,
        (true, true) => SampleState::New,
        (true, false) => SampleState::Differs,
    };
    let reason = match scope {
        Some(Scope::Skip(reason)) => Some(reason),
        _ if is_whole => None,
        _ => unit
            .reason
            .or_else(|| Some(format!("the schedule expects {owed}"))),
    };
    Found {
        unit: UnitSample {
            stage: stage.name().to_owned(),
            date,
            why: why.to_owned(),
            state,
            rows: rows.len(),
            expected: owed,
            stored: stored.len(),
            difference,
            reason,
            notes,
        },
        sampled: Nulls::of_rows(&rows),
        stored: Nulls::of_rows(stored),
    }
}

/// The stored rows of a date; empty if the table doesn't exist yet.
async fn stored(
    table: &TableDef,
    warehouse: &dyn Warehouse,
    date: NaiveDate,
) -> Result<Vec<Row>, StageError> {
    if !warehouse.holds_rows(table).await? {
        return Ok(Vec::new());
    }
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
    let read = Read {
        table,
        columns: &columns,
        dates: Dates::Only(&[date]),
    };
    Ok(warehouse.read(read).await?)
}
