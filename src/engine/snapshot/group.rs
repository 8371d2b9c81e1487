//! Units grouped by equal state. Most dates of a stage are alike, so the text is about a tenth as long.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::UnitView;
use crate::ledger::UnitState;
use crate::partition::Partition;

/// Units of a stage that differ only in their date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitGroup {
    pub state: UnitState,
    pub rows: u32,
    pub expected: u32,
    pub attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
    pub dates: Vec<Partition>,
}

impl UnitGroup {
    /// Groups units, in order of first occurrence.
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
