//! Stages that depend on their past: a date starts when the dates before it are done. Which date waits, and for what.

use std::sync::Arc;

use crate::figures::counted;
use crate::ledger::{Settled, UnitState};
use crate::partition::Partition;

use super::super::writer::Commit;
use super::Dispatcher;

impl Dispatcher {
    /// The date before a date that is not done, so that it waits for that. Dates without work are passed over, and so are
    /// those before the plan that no run has included.
    fn open_before(&self, at: usize, date: Partition) -> Option<(Partition, UnitState)> {
        let work = &self.stages[at];
        let mut before = date.previous();
        while let Some(date) = before {
            let here = work.board.unit(date).map(|unit| unit.state);
            let known = here.or_else(|| self.elsewhere.state(&work.board.name, date));
            match known {
                None if date < work.range.from() => return None,
                None => return Some((date, UnitState::Pending)),
                Some(UnitState::Skipped) => before = date.previous(),
                // The rows of another definition were kept on purpose.
                Some(UnitState::Ok | UnitState::Outdated) => return None,
                Some(state) => return Some((date, state)),
            }
        }
        None
    }

    /// Whether the earliest date left of a stage may start: nothing is in flight, and the date before it is done.
    pub(super) fn may_continue(&self, at: usize) -> bool {
        let work = &self.stages[at];
        let next = work.queue.earliest();
        let is_ready = next.is_some_and(|date| self.open_before(at, date).is_none());
        is_ready && work.writer.is_idle() && !self.is_worked_on(at)
    }

    /// What the earliest date left of a stage waits for, if nothing in this run can change it.
    fn open_past(&self, at: usize) -> Option<(Partition, UnitState)> {
        let work = &self.stages[at];
        if !work.stage.depends_on_past() || !work.writer.is_idle() || self.is_worked_on(at) {
            return None;
        }
        self.open_before(at, work.queue.earliest()?)
    }

    pub(super) fn is_held(&self, at: usize) -> bool {
        self.open_past(at).is_some()
    }

    /// How many dates of a stage wait, and for what.
    pub(super) fn held(&self, at: usize) -> Option<String> {
        let (before, state) = self.open_past(at)?;
        let work = &self.stages[at];
        let dates = work.queue.waiting().count();
        let wait = if dates == 1 { "waits" } else { "wait" };
        let ends = match state {
            UnitState::Partial | UnitState::Empty | UnitState::Failed => {
                "; rerun it with 'backcourt rerun --failed'"
            }
            UnitState::Stale => "; rerun it with 'backcourt run'",
            _ => "; include it in the run",
        };
        Some(format!(
            "{} of {} {wait} for {before}, which is {state}{ends}",
            counted(dates, "date"),
            work.board.name
        ))
    }

    /// Shows that the dates left of a stage run in order.
    pub(super) fn show_order(&mut self, at: usize) {
        self.show_reason(at, "waits for the dates before it");
    }

    /// Shows what the dates left of a stage wait for.
    pub(super) fn show_held(&mut self, at: usize) {
        if let (Some((before, state)), Some(held)) = (self.open_past(at), self.held(at)) {
            tracing::warn!(stage = self.stages[at].board.name, "{held}");
            self.show_reason(at, &format!("waits for {before}, which is {state}"));
        }
    }

    fn show_reason(&mut self, at: usize, reason: &str) {
        let work = &mut self.stages[at];
        if !work.stage.depends_on_past() {
            return;
        }
        let reason: Arc<str> = Arc::from(reason);
        let waiting: Vec<Partition> = work.queue.waiting().collect();
        for date in waiting {
            work.board
                .change(date, |unit| unit.reason = Some(Arc::clone(&reason)));
        }
    }

    /// Whether no earlier date was ever stored for the date of a commit to read.
    pub(super) fn is_first(&self, at: usize, commit: &Commit) -> bool {
        let work = &self.stages[at];
        let is_first = |date| self.provenance.is_first(&work.board.name, date);
        work.stage.depends_on_past() && commit.results().all(|result| is_first(result.date()))
    }

    /// Marks the dates of a commit stale that follow one that isn't done, in it or before it: they were computed from an
    /// incomplete past.
    pub(super) fn settle_past(&self, at: usize, settled: &mut [Settled]) {
        if !self.stages[at].stage.depends_on_past() {
            return;
        }
        let here: Vec<Partition> = settled.iter().map(|settled| settled.unit.date).collect();
        let mut open: Option<(Partition, UnitState)> = None;
        for Settled { unit, .. } in settled {
            let before = self.open_before(at, unit.date);
            open = open.or(before.filter(|(before, _)| !here.contains(before)));
            if let Some((before, state)) = open.filter(|_| unit.state.is_done()) {
                unit.state = UnitState::Stale;
                unit.reason = Some(format!("it was computed while {before} was {state}"));
            } else if open.is_none() && !matches!(unit.state, UnitState::Ok | UnitState::Skipped) {
                open = Some((unit.date, unit.state));
            }
        }
    }
}
