//! Invalidation: when rows are stored, units that depend on them become stale.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::ledger::{Invalidated, Settled, UnitState};

use super::super::Event;
use super::super::provenance::can_be_invalidated;
use super::{Dispatcher, Refresh, ScopeState, StageRun};
use crate::figures::counted;

impl Dispatcher {
    /// Units that depend on those about to be recorded. If a unit's own inputs changed while it was in flight, its
    /// state in `settled` is set to stale.
    pub(super) fn invalidated_by(&mut self, at: usize, settled: &mut [Settled]) -> Vec<Invalidated> {
        let stage_run = &mut self.stage_runs[at];
        let changed = self.provenance.end(&stage_run.board.name, settled);
        for Settled { unit, .. } in settled {
            if let Some(reason) = stage_run.units.get_mut(unit.date).invalidated.take() {
                unit.state = UnitState::Stale;
                unit.reason = Some(reason);
                self.provenance.forget(&stage_run.board.name, &[unit.date]);
            }
        }
        match stage_run.board.table.clone() {
            Some(table) => self.invalidated(&table, &changed),
            None => Vec::new(),
        }
    }

    /// Units that depend on these dates of a table. Those in flight are remembered and become stale when they finish.
    pub(super) fn invalidated(&mut self, table: &str, dates: &BTreeSet<NaiveDate>) -> Vec<Invalidated> {
        let mut found = self.provenance.invalidated(table, dates);
        for invalidated in &mut found {
            // Before a stage starts, its board doesn't show what earlier runs did, and the stage may never start.
            let is_known = |stage_run: &&mut StageRun| {
                stage_run.board.name == invalidated.stage && stage_run.scope == ScopeState::Known
            };
            let Some(stage_run) = (self.stage_runs.iter_mut()).find(is_known) else {
                continue;
            };
            let (board, units) = (&stage_run.board, &mut stage_run.units);
            invalidated
                .dates
                .retain(|&date| match board.unit(date).map(|unit| unit.state) {
                    Some(UnitState::Running) => {
                        units.get_mut(date).invalidated = Some(invalidated.reason.clone());
                        false
                    }
                    Some(state) => can_be_invalidated(state),
                    None => true,
                });
        }
        found.retain(|invalidated| !invalidated.dates.is_empty());
        found
    }

    /// Shows the invalidated dates recorded in the ledger and emits events for them.
    pub(super) fn show_invalidated(&mut self, found: Vec<Invalidated>) {
        for Invalidated { stage, dates, reason } in found {
            self.provenance.forget(&stage, &dates);
            if let Some(stage_run) =
                (self.stage_runs.iter_mut()).find(|stage_run| stage_run.board.name == stage)
            {
                let reason: Arc<str> = Arc::from(reason.as_str());
                for &date in &dates {
                    stage_run.board.change(date, |unit| {
                        unit.state = UnitState::Stale;
                        unit.reason = Some(Arc::clone(&reason));
                    });
                }
            }
            tracing::warn!(stage, "{} stale: {reason}", counted(dates.len(), "date"));
            self.emit(Event::UnitsInvalidated { stage, dates, reason });
            self.request_refresh(Refresh::Now);
        }
    }
}
