//! Invalidation: when rows are stored, units that depend on them become stale.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::ledger::{Invalidated, Settled, UnitState};
use crate::partition::Partition;

use super::super::Event;
use super::super::provenance::can_be_invalidated;
use super::{Dispatcher, Refresh, ScopeState, StageWorkload};
use crate::figures::counted;

impl Dispatcher {
    /// Units that depend on those about to be recorded. A unit whose inputs changed in flight is settled as stale.
    pub(super) fn invalidated_by(&mut self, at: usize, settled: &mut [Settled]) -> Vec<Invalidated> {
        self.settle_past(at, settled);
        let work = &mut self.stages[at];
        let changed = self.provenance.end(&work.board.name, settled);
        for Settled { unit, .. } in settled.iter_mut() {
            if let Some(reason) = work.units.get_mut(unit.date).invalidated.take() {
                unit.state = UnitState::Stale;
                unit.reason = Some(reason);
            }
            if unit.state == UnitState::Stale {
                self.provenance.forget(&work.board.name, &[unit.date]);
            }
        }
        let output = work.board.table.as_ref().unwrap_or(&work.board.name).clone();
        let found = self.invalidated(&output, &changed);
        // Dates of the same call were computed one after the other.
        for Settled { unit, .. } in settled.iter() {
            self.stages[at].units.get_mut(unit.date).invalidated = None;
        }
        found
    }

    /// Units that depend on these dates of a table, or of a stage without one, and are not in flight.
    pub(super) fn invalidated(&mut self, output: &str, dates: &BTreeSet<Partition>) -> Vec<Invalidated> {
        if !dates.is_empty() {
            self.drop_readers(output);
        }
        let found = self.provenance.invalidated(output, dates);
        self.not_in_flight(found)
    }

    /// Drops what stages keep of the rows of a table.
    pub(super) fn drop_readers(&mut self, table: &str) {
        let reads_it = |work: &StageWorkload| work.stage.inputs().iter().any(|input| input.table == table);
        for work in self.stages.iter_mut().filter(|work| reads_it(work)) {
            work.reader = None;
        }
    }

    /// The units of these that are not in flight. Those in flight are remembered and become stale when they finish.
    pub(super) fn not_in_flight(&mut self, mut found: Vec<Invalidated>) -> Vec<Invalidated> {
        for invalidated in &mut found {
            // Before a stage starts, its board doesn't show what earlier runs did, and the stage may never start.
            let is_known = |work: &&mut StageWorkload| {
                work.board.name == invalidated.stage && work.scope == ScopeState::Known
            };
            let Some(work) = (self.stages.iter_mut()).find(is_known) else {
                continue;
            };
            let (board, units) = (&work.board, &mut work.units);
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

    pub(super) fn show_invalidated(&mut self, found: Vec<Invalidated>) {
        for Invalidated { stage, dates, reason } in found {
            self.provenance.forget(&stage, &dates);
            if let Some(work) = (self.stages.iter_mut()).find(|work| work.board.name == stage) {
                let reason: Arc<str> = Arc::from(reason.as_str());
                for &date in &dates {
                    work.board.change(date, |unit| {
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
