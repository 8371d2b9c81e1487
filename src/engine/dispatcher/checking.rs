//! Checks: run when a stage's units have finished or when the operator asks. Each result is shown as its query ends.

use std::sync::Arc;

use chrono::NaiveDate;
use tokio::time::Instant;

use crate::checks::Measured;
use crate::figures::counted;
use crate::ledger::{CheckState, Purpose};
use crate::plan::{Severity, value_and_target, with_hint};
use crate::warehouse::WarehouseError;

use super::super::board::{Answered, is_open, take_answer};
use super::super::judging::Judging;
use super::super::{CheckView, Checks, Event};
use super::{CheckTicket, Dispatcher, Fatal, Refresh, StageRun, TaskKind, TaskOutcome};

/// Maximum number of check queries in flight.
pub(super) const ABREAST: usize = 4;

impl Dispatcher {
    /// Queues the checks of a stage that have no current result.
    pub(super) fn ask_open_checks(&mut self, at: usize) {
        // Without stored rows there may be no table to query. A stage without a table has checks on other tables.
        let board = &self.stage_runs[at].board;
        if board.rows() > 0 || board.table.is_none() {
            self.queue_checks(at, is_open);
        } else {
            self.ask_outdated_checks(at);
        }
    }

    /// Queues a stage's outdated checks, so that its gate is not decided by an old result.
    pub(super) fn ask_outdated_checks(&mut self, at: usize) {
        self.queue_checks(at, |check| check.state == CheckState::Outdated);
    }

    fn queue_checks(&mut self, at: usize, is_meant: impl Fn(&CheckView) -> bool) {
        let of_stage = self.checks.of_stage(&self.stage_runs[at].board.name);
        let meant = of_stage.filter(|(check, view)| is_meant(view) && self.not_run_yet(*check).is_none());
        for check in meant.map(|(check, _)| check).collect::<Vec<_>>() {
            self.checks.enqueue(check);
        }
    }

    /// Runs checks at the operator's request.
    pub(super) fn check(&mut self, checks: &Checks) -> Result<String, String> {
        let asked: Vec<usize> = match checks {
            Checks::All => (0..self.checks.views.len()).collect(),
            Checks::Named(names) => {
                let sources = names.iter().map(|name| self.sources.place(name));
                if let Some(sources) = sources
                    .collect::<Option<Vec<_>>>()
                    .filter(|asked| !asked.is_empty())
                {
                    return self.ask_sources(sources);
                }
                let unknown = |name: &String| with_hint("check", name, self.checks.names());
                let place = |name: &String| self.checks.place(name).ok_or_else(|| unknown(name));
                names.iter().map(place).collect::<Result<_, _>>()?
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
    pub(super) fn not_run_yet(&self, check: usize) -> Option<NaiveDate> {
        let view = &self.checks.views[check];
        let stage_run = self.stage_run(&view.stage)?;
        let spec = self.plan.check(&view.name)?;
        let mut dates = spec.dates.iter().copied();
        dates.find(|date| !stage_run.units.is_recorded(*date))
    }

    pub(super) fn start_checks(&mut self) {
        while let Some(at) = self.checks.take_next() {
            let Some(spec) = self.plan.check(&self.checks.views[at].name).cloned() else {
                continue;
            };
            let Some(stage_run) = self.stage_run(&spec.stage) else {
                continue;
            };
            let changes = stage_run.changes;
            let judging = self.judging(stage_run);
            let warehouse = self.charging(&Purpose::check(&spec.stage, &spec.name));
            self.checks.views[at].state = CheckState::Running;
            self.emit(Event::CheckStarted {
                check: spec.name.clone(),
            });
            self.request_refresh(Refresh::Now);
            self.spawn(TaskKind::Check(at), async move {
                let began = Instant::now();
                let result = judging.measure(&spec, warehouse.as_ref()).await;
                let ticket = CheckTicket { at, changes };
                TaskOutcome::Checked(ticket, result, began.elapsed().as_secs_f64())
            });
        }
    }

    /// The dates that a check of this stage is judged by now.
    fn judging(&self, stage_run: &StageRun) -> Judging {
        let here = stage_run.board.units().iter().map(|unit| unit.date);
        let elsewhere = self.elsewhere.of(&stage_run.board.name).map(|(date, _)| date);
        let recorded = stage_run.units.recorded();
        Judging {
            stage: Arc::clone(&stage_run.stage),
            range: self.plan.range,
            known: here.chain(elsewhere).chain(recorded.iter().copied()).collect(),
            recorded,
        }
    }

    pub(super) fn on_checked(
        &mut self,
        asked: CheckTicket,
        result: Result<Measured, WarehouseError>,
        seconds: f64,
    ) -> Result<(), Fatal> {
        let view = &self.checks.views[asked.at];
        let is_current = self.changes_of(&view.stage) == asked.changes;
        let answered = match result {
            Err(error) => {
                tracing::error!(stage = view.stage, "check {} could not run: {error}", view.name);
                Answered::error(error.message, seconds)
            }
            Ok(measured) => {
                let state = match (measured.met, view.severity) {
                    _ if !is_current => CheckState::Outdated,
                    (true, _) => CheckState::Pass,
                    (false, Severity::Advisory) => CheckState::Warn,
                    (false, Severity::Blocking) if self.is_waived(view, &measured.value) => {
                        CheckState::Waived
                    }
                    (false, Severity::Blocking) => CheckState::Fail,
                };
                Answered::of(state, measured, seconds)
            }
        };
        self.answer_check(asked.at, answered)
    }

    pub(super) fn on_check_panic(&mut self, check: usize, message: &str) -> Result<(), Fatal> {
        self.answer_check(
            check,
            Answered::error(format!("the check panicked: {message}"), 0.0),
        )
    }

    fn answer_check(&mut self, check: usize, answered: Answered) -> Result<(), Fatal> {
        let coverage = self.coverage(&self.checks.views[check], answered.state);
        let view = &mut self.checks.views[check];
        let stage = view.stage.clone();
        let Some(spec) = self.plan.check(&view.name) else {
            return Ok(());
        };
        let record = take_answer(view, spec, &self.run.id, &answered);
        let Answered {
            state,
            value,
            failing_dates,
            note,
            ..
        } = answered;
        let (name, found) = (&view.name, value_and_target(&value, &view.target));
        if let Some(note) = &note {
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
        let event = Event::CheckFinished {
            check: view.name.clone(),
            stage: view.stage.clone(),
            severity: view.severity,
            state,
            value,
            target: view.target.clone(),
            failing_dates,
            coverage,
            note,
        };
        self.ledger.record_check(self.target, &self.run.id, &record)?;
        self.emit(event);
        self.request_refresh(Refresh::Now);
        self.judge_again(&stage)
    }

    /// Marks a stage's checks outdated. Call before its stored rows change.
    pub(super) fn outdate_checks(&mut self, at: usize) -> Result<(), Fatal> {
        let stage_run = &mut self.stage_runs[at];
        stage_run.changes += 1;
        let stage = &stage_run.board.name;
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

    /// Whether a check of this stage is queued or in flight.
    pub(super) fn is_checking(&self, at: usize) -> bool {
        self.checks.are_awaited_by(&self.stage_runs[at].board.name)
    }
}
