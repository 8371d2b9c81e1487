//! Stages that depend on their past: a date starts when the dates before it are done. Which date waits, and for what.

use std::sync::Arc;

use crate::figures::counted;
use crate::ledger::UnitState;
use crate::partition::Partition;

use super::super::writer::Commit;
use super::Dispatcher;

/// The date before a date of a stage, not counting dates without work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Past {
    /// There is none in the plan.
    Nothing,
    Done,
    /// It is not done, so the date waits for it.
    Open(Partition, UnitState),
}

impl Dispatcher {
    fn past(&self, at: usize, date: Partition) -> Past {
        let work = &self.stages[at];
        let mut before = date.previous();
        while let Some(date) = before.filter(|date| work.range.contains(*date)) {
            let here = work.board.unit(date).map(|unit| unit.state);
            let state = here.or_else(|| self.elsewhere.state(&work.board.name, date));
            match state.unwrap_or(UnitState::Pending) {
                UnitState::Skipped => before = date.previous(),
                // The rows of another definition were kept on purpose.
                UnitState::Ok | UnitState::Outdated => return Past::Done,
                state => return Past::Open(date, state),
            }
        }
        Past::Nothing
    }

    /// Whether the earliest date left of a stage may start: nothing is in flight, and the date before it is done.
    pub(super) fn may_continue(&self, at: usize) -> bool {
        let work = &self.stages[at];
        let next = work.queue.earliest();
        let is_ready = next.is_some_and(|date| !matches!(self.past(at, date), Past::Open(..)));
        is_ready && work.writer.is_idle() && !self.is_worked_on(at)
    }

    /// What the earliest date left of a stage waits for, if nothing in this run can change it.
    fn open_past(&self, at: usize) -> Option<(Partition, UnitState)> {
        let work = &self.stages[at];
        if !work.stage.depends_on_past() || !work.writer.is_idle() || self.is_worked_on(at) {
            return None;
        }
        match self.past(at, work.queue.earliest()?) {
            Past::Open(before, state) => Some((before, state)),
            Past::Nothing | Past::Done => None,
        }
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

    /// Whether the date of a commit has none before it in the plan.
    pub(super) fn is_first(&self, at: usize, commit: &Commit) -> bool {
        self.stages[at].stage.depends_on_past()
            && (commit.results()).all(|result| self.past(at, result.date()) == Past::Nothing)
    }
}
