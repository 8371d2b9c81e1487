//! Units that rest on something that changed: found when rows are stored, stale from then on.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::ledger::{Invalidated, Settled, UnitState};

use super::super::Event;
use super::super::provenance::can_be_invalidated;
use super::{Dispatcher, Line, Picture, ScopeState};
use crate::figures::counted;

impl Dispatcher {
    /// What rests on units that are about to be recorded as stored. Those among them whose own inputs changed while
    /// they were under way are stale at once.
    pub(super) fn invalidated_by(&mut self, at: usize, settled: &mut [Settled]) -> Vec<Invalidated> {
        let line = &mut self.lines[at];
        let changed = self.provenance.end(&line.board.name, settled);
        for Settled { unit, .. } in settled {
            if let Some(reason) = line.invalidated.remove(&unit.date) {
                unit.state = UnitState::Stale;
                unit.reason = Some(reason);
                self.provenance.forget(&line.board.name, &[unit.date]);
            }
        }
        match line.board.table.clone() {
            Some(table) => self.invalidated(&table, &changed),
            None => Vec::new(),
        }
    }

    /// What rests on these dates of a table. What is under way is remembered and stale when it lands.
    pub(super) fn invalidated(&mut self, table: &str, dates: &BTreeSet<NaiveDate>) -> Vec<Invalidated> {
        let mut found = self.provenance.invalidated(table, dates);
        for invalidated in &mut found {
            // Before a stage has begun its board says nothing of what earlier runs did, and it may never begin.
            let is_known =
                |line: &&mut Line| line.board.name == invalidated.stage && line.scope == ScopeState::Known;
            let Some(line) = (self.lines.iter_mut()).find(is_known) else {
                continue;
            };
            let (board, under_way) = (&line.board, &mut line.invalidated);
            invalidated
                .dates
                .retain(|&date| match board.unit(date).map(|unit| unit.state) {
                    Some(UnitState::Running) => {
                        under_way.insert(date, invalidated.reason.clone());
                        false
                    }
                    Some(state) => can_be_invalidated(state),
                    None => true,
                });
        }
        found.retain(|invalidated| !invalidated.dates.is_empty());
        found
    }

    /// Shows and tells what the ledger has as overtaken.
    pub(super) fn show_invalidated(&mut self, found: Vec<Invalidated>) {
        for Invalidated { stage, dates, reason } in found {
            self.provenance.forget(&stage, &dates);
            if let Some(line) = (self.lines.iter_mut()).find(|line| line.board.name == stage) {
                let reason: Arc<str> = Arc::from(reason.as_str());
                for &date in &dates {
                    line.board.change(date, |unit| {
                        unit.state = UnitState::Stale;
                        unit.reason = Some(Arc::clone(&reason));
                    });
                }
            }
            tracing::warn!(stage, "{} stale: {reason}", counted(dates.len(), "date"));
            self.tell(Event::UnitsOvertaken { stage, dates, reason });
            self.want_picture(Picture::Now);
        }
    }
}
