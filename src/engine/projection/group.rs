//! Units that stand alike, with their dates: most of a stage's dates say the same, so that this is a tenth of the text.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::engine::UnitView;
use crate::ledger::UnitState;

/// Some units of a stage that differ in their dates alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitGroup {
    /// How they stand.
    pub state: UnitState,
    /// Rows stored for each.
    pub rows: u32,
    /// Rows expected of each.
    pub expected: u32,
    /// Attempts used.
    pub attempts: u32,
    /// Why they are skipped, partial, empty or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
    /// Which.
    pub dates: Vec<NaiveDate>,
}

impl UnitGroup {
    /// Units put together, in the order in which their kinds first come.
    pub(super) fn gathered<'a>(units: impl Iterator<Item = &'a UnitView>) -> Vec<Self> {
        let mut places = HashMap::new();
        let mut gathered: Vec<Self> = Vec::new();
        for unit in units {
            let kind = (
                unit.state,
                unit.rows,
                unit.expected,
                unit.attempts,
                unit.reason.as_deref(),
            );
            let at = *places.entry(kind).or_insert(gathered.len());
            if at == gathered.len() {
                gathered.push(Self {
                    state: unit.state,
                    rows: unit.rows,
                    expected: unit.expected,
                    attempts: unit.attempts,
                    reason: unit.reason.clone(),
                    dates: Vec::new(),
                });
            }
            gathered[at].dates.push(unit.date);
        }
        gathered
    }

    /// The units one by one.
    pub(super) fn units(&self) -> impl Iterator<Item = UnitView> {
        self.dates.iter().map(|&date| UnitView {
            date,
            state: self.state,
            rows: self.rows,
            expected: self.expected,
            attempts: self.attempts,
            reason: self.reason.clone(),
        })
    }
}
