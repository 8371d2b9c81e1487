//! A stage and its units as shown. The sums of a stage follow each change of its units.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ledger::{Counts, GateCheck, UnitState, gate_is_open};
use crate::partition::Partition;
use crate::warehouse::Cost;

/// State of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StageState {
    /// Not started.
    Waiting,
    /// Units are running.
    Running,
    /// Units have finished; checks are running.
    Checking,
    /// Finished, with an open gate.
    Passed,
    /// Finished, but a blocking check or a unit closes the gate.
    Failed,
}

/// A stage as shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageView {
    /// Stage name.
    pub name: String,
    /// `dataset.table`; `None` if the stage has no table.
    pub table: Option<String>,
    /// State of the stage.
    pub state: StageState,
    /// Units by state.
    pub counts: Counts,
    /// Rows stored for the dates in the range.
    pub rows: u64,
    /// Seconds of work, without pauses.
    pub seconds: f64,
    /// Remaining seconds (soonest, latest) of its own work, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta: Option<(f64, f64)>,
    /// Billed for the stage and its checks, by this run and earlier ones; `None` if nothing was.
    pub cost: Option<Cost>,
    /// NULLs and data issues in its rows, most rows first.
    pub gaps: Vec<GapView>,
    /// Every date of the range, in order. Shared, so that publishing an unchanged stage is free.
    pub units: Arc<Vec<UnitView>>,
}

/// A column with NULLs, or a data issue, in the rows of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapView {
    /// Name of the column that is NULL, or of the issue.
    pub what: Arc<str>,
    /// Dates that have it.
    pub dates: u64,
    /// Rows that have it.
    pub rows: u64,
}

/// A unit: one date of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitView {
    /// Date of the unit.
    pub date: Partition,
    /// State of the unit.
    pub state: UnitState,
    /// Rows stored.
    pub rows: u32,
    /// Rows expected.
    pub expected: u32,
    /// Attempts used.
    pub attempts: u32,
    /// Why it is skipped, partial, empty or failed. Shared, because hundreds of off-days have the same reason.
    pub reason: Option<Arc<str>>,
}

impl StageView {
    fn blank(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            table: None,
            state: StageState::Waiting,
            counts: Counts::default(),
            rows: 0,
            seconds: 0.0,
            eta: None,
            cost: None,
            gaps: Vec::new(),
            units: Arc::default(),
        }
    }

    /// The stage with this name; added if it is unknown.
    pub(in crate::engine) fn named<'a>(stages: &'a mut Vec<Self>, name: &str) -> &'a mut Self {
        let known = stages.iter().position(|stage| stage.name == name);
        let at = known.unwrap_or_else(|| {
            stages.push(Self::blank(name));
            stages.len() - 1
        });
        &mut stages[at]
    }

    /// Replaces units of the same date and inserts new ones.
    pub(in crate::engine) fn put_units(&mut self, new: impl Iterator<Item = UnitView>) {
        let mut new = new.peekable();
        if new.peek().is_none() {
            return;
        }
        let units = Arc::make_mut(&mut self.units);
        for unit in new {
            match units.binary_search_by_key(&unit.date, |known| known.date) {
                Ok(at) => {
                    let old = std::mem::replace(&mut units[at], unit);
                    recount(&mut self.counts, &mut self.rows, &old, &units[at]);
                }
                Err(at) => {
                    self.counts.add(unit.state);
                    self.rows += u64::from(unit.rows);
                    units.insert(at, unit);
                }
            }
        }
    }

    pub(super) fn forget_units(&mut self) {
        self.units = Arc::default();
        self.counts = Counts::default();
        self.rows = 0;
    }

    /// Changes known units; ignores unknown dates.
    pub(in crate::engine) fn change_units(&mut self, dates: &[Partition], change: impl Fn(&mut UnitView)) {
        let units = Arc::make_mut(&mut self.units);
        for date in dates {
            if let Ok(at) = units.binary_search_by_key(date, |unit| unit.date) {
                let old = units[at].clone();
                change(&mut units[at]);
                recount(&mut self.counts, &mut self.rows, &old, &units[at]);
            }
        }
    }
}

/// Updates the sums for one changed unit. Summing all units for each event takes too long in a long plan.
fn recount(counts: &mut Counts, rows: &mut u64, old: &UnitView, new: &UnitView) {
    counts.move_one(old.state, new.state);
    *rows = *rows - u64::from(old.rows) + u64::from(new.rows);
}

/// The state of a finished stage: whether its units and checks open its gate.
pub(in crate::engine) fn judged<'a>(
    units: &[UnitView],
    checks: impl Iterator<Item = GateCheck<'a>> + Clone,
) -> StageState {
    let attention = units.iter().filter(|unit| unit.state.needs_attention());
    if gate_is_open(attention.map(|unit| unit.date), checks) {
        StageState::Passed
    } else {
        StageState::Failed
    }
}
