//! Reruns at the operator's request: dates are recorded as pending, then queued.

use crate::figures::counted;
use crate::ledger::{UnitRecord, UnitState};
use crate::partition::Partition;

use super::super::{Event, Reply, Selection, StageState};
use super::{Dispatcher, Fatal, ScopeState};

impl Dispatcher {
    pub(super) fn rerun(
        &mut self,
        selection: &Selection,
        stage: Option<&str>,
        source: Option<&str>,
        accept_short: bool,
    ) -> Result<Reply, Fatal> {
        if let Some(why) = &self.preflight.writes_nothing {
            return Ok(Reply::Refused(format!("{why}; rerun with 'backcourt rerun'")));
        }
        let selection = match selection.at(self.plan.range.grain()) {
            Ok(selection) => selection,
            Err(error) => return Ok(Reply::Refused(error.to_string())),
        };
        let mut count = 0;
        for at in 0..self.stages.len() {
            if stage.is_none_or(|stage| stage == self.stages[at].board.name) {
                let dates = self.selected(at, &selection);
                let keeps_source = matches!(&*selection, Selection::Stale | Selection::Outdated);
                self.prepare_rerun(at, &dates, source, keeps_source, accept_short);
                count += dates.len();
                self.requeue(at, dates)?;
            }
        }
        let left_out = self.left_out(&selection, stage);
        if count == 0 {
            return Ok(Reply::Refused(format!(
                "{} matches no dates to rerun now{left_out}",
                describe(&selection)
            )));
        }
        if self.mode.has_ended() {
            self.reopen()?;
        }
        let later = if self.mode.is_holding() {
            "; they start when you resume the run"
        } else {
            ""
        };
        Ok(Reply::Accepted(format!(
            "{} queued{later}{left_out}",
            counted(count, "date")
        )))
    }

    /// Sets how dates are computed again. A date rerun only because its inputs changed keeps the source of its rows.
    fn prepare_rerun(
        &mut self,
        at: usize,
        dates: &[Partition],
        source: Option<&str>,
        keeps_source: bool,
        accept_short: bool,
    ) {
        for &date in dates {
            let unit = self.stages[at].units.get_mut(date);
            unit.attempts = 0;
            unit.accepts_short = accept_short;
            let kept = || unit.stored_source.clone().filter(|_| keeps_source);
            unit.source = source.map(str::to_owned).or_else(kept);
        }
    }

    /// Queues dates of a stage, recorded as pending first.
    pub(super) fn requeue(&mut self, at: usize, dates: Vec<Partition>) -> Result<(), Fatal> {
        if dates.is_empty() {
            return Ok(());
        }
        let work = &mut self.stages[at];
        work.queue.open();
        work.errors.restart();
        for &date in &dates {
            work.requeue(date, UnitState::Pending);
        }
        work.board.state = StageState::Running;
        self.show_order(at);
        let work = &mut self.stages[at];
        let reopened = |date: &Partition| work.reopened(*date, &self.options.source);
        let records: Vec<UnitRecord> = dates.iter().filter_map(reopened).collect();
        let stage = work.board.name.clone();
        self.record_units(at, &records)?;
        self.start_clock(at);
        self.eta.add(at, dates.len() as u64);
        tracing::info!(stage, "{} requeued by the operator", counted(dates.len(), "date"));
        self.emit(Event::RerunQueued { stage, dates });
        Ok(())
    }

    /// Which part of a selection this run can't rerun because the dates are outside it, and the command that can.
    fn left_out(&self, selection: &Selection, stage: Option<&str>) -> String {
        let (is_meant, flag): (fn(UnitState) -> bool, &str) = match selection {
            Selection::Failed => (UnitState::needs_attention, "--failed"),
            Selection::Stale => (|state| state == UnitState::Stale, "--stale"),
            Selection::Outdated => (|state| state == UnitState::Outdated, "--outdated"),
            Selection::Dates(_) | Selection::FailingDates(_) => return String::new(),
        };
        let stages = self.plan.stages.iter().map(|spec| spec.name.as_str());
        let stages = stages.filter(|name| stage.is_none_or(|stage| stage == *name));
        let states = stages.flat_map(|name| self.elsewhere.of(name).map(|(_, state)| state));
        match states.filter(|state| is_meant(*state)).count() {
            0 => String::new(),
            left => format!(
                "; {} outside this run: use 'backcourt rerun {flag}' when it has ended",
                counted(left, "more date")
            ),
        }
    }

    /// The dates of a selection that are not in flight.
    fn selected(&self, at: usize, selection: &Selection) -> Vec<Partition> {
        let work = &self.stages[at];
        if work.scope != ScopeState::Known {
            return Vec::new();
        }
        let failing = match selection {
            Selection::FailingDates(check) => self.checks.failing_dates(&work.board.name, check),
            _ => &[],
        };
        let is_free = |state: UnitState| !(state.is_open() || state == UnitState::Skipped);
        let selected = (work.board.units().iter()).filter(|unit| {
            is_free(unit.state)
                && selection.takes(unit.date, unit.state, work.units.is_outdated(unit.date), failing)
        });
        selected.map(|unit| unit.date).collect()
    }
}

fn describe(selection: &Selection) -> String {
    match selection {
        Selection::Dates(dates) => format!("the selection of {}", counted(dates.count(), "date")),
        Selection::Failed => "'failed'".to_owned(),
        Selection::Stale => "'stale'".to_owned(),
        Selection::Outdated => "'outdated'".to_owned(),
        Selection::FailingDates(check) => format!("check '{check}'"),
    }
}
