//! Checks: run when a stage's units have finished or when the operator asks. Each result is shown as its query ends.

use std::sync::Arc;

use tokio::time::Instant;

use crate::checks::Measured;
use crate::figures::counted;
use crate::ledger::{CheckState, Purpose};
use crate::partition::Partition;
use crate::plan::{Severity, value_and_target, with_hint};
use crate::warehouse::WarehouseError;

use super::super::board::{CheckOutcome, is_open, show_outcome};
use super::super::judging::Judging;
use super::super::{CheckView, Checks, Event, StageState};
use super::mode::Mode;
use super::{CheckGroup, CheckTicket, Dispatcher, Fatal, Refresh, StageWorkload, TaskKind, TaskOutcome};

pub(super) const MAX_IN_FLIGHT: usize = 4;

impl Dispatcher {
    pub(super) fn queue_open_checks(&mut self, at: usize) {
        // Without stored rows there may be no table to query. A stage without a table has checks on other tables.
        let board = &self.stages[at].board;
        if board.rows() > 0 || board.table.is_none() {
            self.queue_checks(at, is_open);
        } else {
            self.queue_outdated_checks(at);
        }
    }

    /// Queues a stage's outdated checks, so that its gate is not decided by an old result.
    pub(super) fn queue_outdated_checks(&mut self, at: usize) {
        self.queue_checks(at, |check| check.state == CheckState::Outdated);
    }

    fn queue_checks(&mut self, at: usize, is_meant: impl Fn(&CheckView) -> bool) {
        let of_stage = self.checks.of_stage(&self.stages[at].board.name);
        let meant = of_stage.filter(|(check, view)| is_meant(view) && self.not_run_yet(*check).is_none());
        for check in meant.map(|(check, _)| check).collect::<Vec<_>>() {
            self.checks.enqueue(check);
        }
    }

    pub(super) fn check(&mut self, checks: &Checks) -> Result<String, String> {
        let asked: Vec<usize> = match checks {
            Checks::All => (0..self.checks.views.len()).collect(),
            Checks::Named(names) => {
                let sources = names.iter().map(|name| self.sources.position(name));
                if let Some(sources) = sources
                    .collect::<Option<Vec<_>>>()
                    .filter(|asked| !asked.is_empty())
                {
                    return self.queue_sources(sources);
                }
                let unknown = |name: &String| with_hint("check", name, self.checks.names());
                let position = |name: &String| self.checks.position(name).ok_or_else(|| unknown(name));
                names.iter().map(position).collect::<Result<_, _>>()?
            }
        };
        let mut count = 0;
        let mut waiting = None;
        for check in asked {
            if let Some(date) = self.not_run_yet(check) {
                let name = &self.checks.views[check].name;
                waiting = Some(format!("check '{name}' needs {date}, which has not run yet"));
            } else if self.checks.enqueue(check) {
                count += 1;
            }
        }
        match (count, waiting) {
            (0, Some(waiting)) => Err(waiting),
            (0, None) => Err("already running".to_owned()),
            (count, _) => Ok(format!("started {}", counted(count, "check"))),
        }
    }

    /// The first of the check's dates that has never been run.
    pub(super) fn not_run_yet(&self, check: usize) -> Option<Partition> {
        let view = &self.checks.views[check];
        let work = self.stage(&view.stage)?;
        let spec = self.plan.check(&view.name)?;
        let mut dates = spec.dates.iter().copied();
        dates.find(|date| !work.units.is_recorded(*date))
    }

    pub(super) fn start_checks(&mut self) {
        let is_running = |work: &StageWorkload| work.board.state == StageState::Running;
        let is_beside_units = self.stages.iter().any(is_running);
        while let Some(at) = self.checks.take_next(is_beside_units) {
            let Some(spec) = self.plan.check(&self.checks.views[at].name).cloned() else {
                continue;
            };
            let Some(work) = self.stage(&spec.stage) else {
                continue;
            };
            let changes = work.changes;
            let judging = self.judging(work);
            let warehouse = self.charging(&Purpose::check(&spec.stage, &spec.name));
            self.checks.views[at].state = CheckState::Running;
            self.emit(Event::CheckStarted {
                check: spec.name.clone(),
            });
            self.request_refresh(Refresh::Now);
            self.spawn(TaskKind::Check(CheckGroup::Stages, at), async move {
                let began = Instant::now();
                let result = judging.measure(&spec, warehouse.as_ref()).await;
                let ticket = CheckTicket { at, changes };
                TaskOutcome::Checked(CheckGroup::Stages, ticket, result, began.elapsed().as_secs_f64())
            });
        }
    }

    /// The dates that a check of this stage is judged by now.
    fn judging(&self, work: &StageWorkload) -> Judging {
        let here = work.board.units().iter().map(|unit| unit.date);
        let elsewhere = self.elsewhere.of(&work.board.name).map(|(date, _)| date);
        let recorded = work.units.recorded();
        Judging {
            stage: Arc::clone(&work.stage),
            range: work.range,
            known: here.chain(elsewhere).chain(recorded.iter().copied()).collect(),
            recorded,
        }
    }

    pub(super) fn on_checked(
        &mut self,
        group: CheckGroup,
        ticket: CheckTicket,
        result: Result<Measured, WarehouseError>,
        seconds: f64,
    ) -> Result<(), Fatal> {
        let (view, changes) = match group {
            CheckGroup::Stages => {
                let view = &self.checks.views[ticket.at];
                (view, self.changes_of(&view.stage))
            }
            CheckGroup::Sources => (&self.sources.views[ticket.at], self.raw_changes),
        };
        let outcome = match result {
            Err(error) => CheckOutcome::error(&error.message, seconds),
            Ok(measured) => {
                let state = match (measured.met, view.severity) {
                    _ if changes != ticket.changes => CheckState::Outdated,
                    (true, _) => CheckState::Pass,
                    (false, Severity::Advisory) => CheckState::Warn,
                    (false, Severity::Blocking) if self.is_waived(view, &measured.value) => {
                        CheckState::Waived
                    }
                    (false, Severity::Blocking) => CheckState::Fail,
                };
                CheckOutcome::of(state, measured, seconds)
            }
        };
        self.answer_check(group, ticket.at, outcome)?;
        if let CheckGroup::Stages = group {
            self.repeat_outdated(ticket.at);
        }
        Ok(())
    }

    /// Queues a check again whose answer was outdated when it came, unless the units of its stage still run: the checks
    /// are queued after them.
    fn repeat_outdated(&mut self, at: usize) {
        let view = &self.checks.views[at];
        let is_over = |work: &StageWorkload| work.board.state != StageState::Running;
        if view.state == CheckState::Outdated
            && !matches!(self.mode, Mode::Draining(_) | Mode::Aborting(_))
            && self.stage(&view.stage).is_some_and(is_over)
            && self.not_run_yet(at).is_none()
        {
            self.checks.enqueue(at);
        }
    }

    pub(super) fn on_check_panic(
        &mut self,
        group: CheckGroup,
        at: usize,
        message: &str,
    ) -> Result<(), Fatal> {
        let outcome = CheckOutcome::error(&format!("the check panicked: {message}"), 0.0);
        self.answer_check(group, at, outcome)
    }

    fn answer_check(&mut self, group: CheckGroup, at: usize, outcome: CheckOutcome) -> Result<(), Fatal> {
        let (view, spec) = match group {
            CheckGroup::Stages => {
                let view = &mut self.checks.views[at];
                let spec = self.plan.check(&view.name);
                (view, spec)
            }
            CheckGroup::Sources => {
                let view = &mut self.sources.views[at];
                let spec = self.plan.source(&view.name);
                (view, spec)
            }
        };
        let Some(spec) = spec else {
            return Ok(());
        };
        let record = show_outcome(view, spec, &self.run.id, &outcome);
        let view = view.clone();
        log_answer(&view, &outcome.value);
        self.ledger.record_check(self.target, &self.run.id, &record)?;
        let coverage = self.coverage(&view, outcome.state);
        self.request_refresh(Refresh::Now);
        match group {
            CheckGroup::Stages => {
                self.emit(outcome.event(&view, coverage));
                self.judge_again(&view.stage)
            }
            CheckGroup::Sources => {
                self.emit(outcome.source_event(&view));
                Ok(())
            }
        }
    }

    /// Marks a stage's checks outdated. Call before its stored rows change.
    pub(super) fn outdate_checks(&mut self, at: usize) -> Result<(), Fatal> {
        let work = &mut self.stages[at];
        work.changes += 1;
        let stage = &work.board.name;
        self.breakdowns.outdate(stage);
        let names = self.checks.outdate(|check| check.stage == *stage);
        if !names.is_empty() {
            self.ledger.outdate_checks(self.target, &names)?;
        }
        Ok(())
    }

    /// Whether the check's latest waiver covers the value it has now.
    fn is_waived(&self, view: &CheckView, value: &str) -> bool {
        let counts = || {
            let fingerprint = self.plan.check(&view.name)?.fingerprint;
            Some(view.waiver.as_ref()?.lapsed(fingerprint, value).is_none())
        };
        counts().unwrap_or(false)
    }

    /// Whether the stage's gate can't be decided yet.
    pub(super) fn is_checking(&self, at: usize) -> bool {
        self.checks.blocking_are_pending_for(&self.stages[at].board.name)
    }
}

fn log_answer(view: &CheckView, value: &str) {
    let CheckView {
        name, stage, state, ..
    } = view;
    let found = value_and_target(value, &view.target);
    if let Some(note) = &view.note {
        tracing::info!(stage, "{name} {note}");
    }
    match state {
        CheckState::Fail | CheckState::Error => {
            tracing::error!(stage, "{state} {name}: {found}");
            if let Some(remark) = &view.remark {
                tracing::error!(stage, "{remark}");
            }
        }
        CheckState::Warn => tracing::warn!(stage, "{state} {name}: {found}"),
        _ => tracing::info!(stage, "{state} {name}: {found}"),
    }
}
