//! The stages of a run: prepare raw data, read each date's expected rows, run the units, run the checks, next stage.

use std::sync::Arc;

use chrono::Utc;

use crate::figures::counted;
use crate::ledger::{CheckState, GateCheck, Purpose, UnitState};

use super::super::snapshot::judged;
use super::super::{Event, StageError, StageState, Topic, Work};
use super::mode::{HoldReason, Mode};
use super::scoping::scoped;
use super::{Dispatcher, Fatal, Refresh, ScopeState, TaskKind, TaskOutcome};

impl Dispatcher {
    pub(super) fn begin(&mut self) -> Result<(), Fatal> {
        self.emit(Event::RunStarted {
            plan: self.plan.name.clone(),
            warehouse: self.run.warehouse.clone(),
            source: self.plan.shown_source(&self.run.source),
            workers: self.workers.wanted,
            pid: self.run.pid,
            version: self.run.version.clone(),
            control: self.options.control.clone(),
        });
        if let Some(message) = self.preflight.continued.take() {
            tracing::info!("{message}");
            self.emit(Event::Continued { message });
        }
        self.time.start();
        self.request_refresh(Refresh::Now);
        self.continue_preflight()
    }

    /// Starts the preparation that precedes all stages. Returns whether there is anything to wait for.
    pub(super) fn start_preparation(&mut self) -> bool {
        let Some(prepare) = self.preflight.prepare.take() else {
            if !self.preflight.is_prepared {
                self.preflight.is_prepared = true;
                self.queue_open_sources();
            }
            return false;
        };
        let meter = self.begin_step(prepare.what());
        let warehouse = self.charging(&Purpose::default());
        self.spawn(TaskKind::Step("the preparation"), async move {
            TaskOutcome::Prepared(prepare.prepare(warehouse.as_ref(), &meter).await)
        });
        true
    }

    pub(super) fn on_prepared(&mut self, result: Result<Option<String>, StageError>) -> Result<(), Fatal> {
        let Some(message) = self.end_step(result) else {
            return Ok(());
        };
        if let Some(message) = message {
            tracing::info!("{message}");
            let seconds = self.time.seconds();
            self.emit(Event::Prepared { message, seconds });
            self.outdate_sources()?;
        }
        self.request_refresh(Refresh::Now);
        self.continue_preflight()
    }

    /// Starts the run proper: units may be handed out. Only now the values of its variables count for later commands,
    /// because a run that was refused or declined has written nothing with them.
    pub(super) fn start_units(&mut self) -> Result<(), Fatal> {
        let variables = &self.plan.variables;
        if variables.recorded.as_ref() != Some(&variables.to_record) {
            self.ledger.record_variables(&self.plan)?;
        }
        self.mode = Mode::Running;
        self.begin_syncing();
        if self.options.paused {
            self.hold(HoldReason::Operator);
        }
        self.request_refresh(Refresh::Now);
        Ok(())
    }

    /// Starts everything that can start now. A stage that advances may unblock others, so this loops until none does.
    pub(super) fn advance(&mut self) -> Result<(), Fatal> {
        self.end_throttles();
        loop {
            match &self.mode {
                Mode::Preparing => {
                    self.request_refresh(Refresh::Soon);
                    return Ok(());
                }
                Mode::Aborting(_) => return Ok(()),
                Mode::Ended(_) => {
                    self.start_checks();
                    self.start_sources();
                    return Ok(());
                }
                // A commit frees the workers waiting for it; they get new batches at once.
                Mode::Running => {
                    self.open_stages()?;
                    self.start_commits();
                    self.start_batches()?;
                }
                // Raw-data checks run on: their results help to judge the sample.
                Mode::Holding(HoldReason::Question(question)) if question.topic == Topic::Sample => {}
                Mode::Holding(HoldReason::Question(_)) => return self.settle_mode(),
                Mode::Holding(HoldReason::Operator) => {
                    self.open_stages()?;
                    self.start_commits();
                }
                Mode::Draining(_) => self.start_commits(),
            }
            self.start_checks();
            self.start_sources();
            if !self.mode.is_running() || !self.advance_stages()? {
                return self.settle_mode();
            }
        }
    }

    /// Starts to read the expected rows of every stage whose upstream gates have passed.
    fn open_stages(&mut self) -> Result<(), Fatal> {
        for at in 0..self.stages.len() {
            let work = &self.stages[at];
            if work.scope != ScopeState::Unknown || work.errors.is_throttled() || !self.may_open(at) {
                continue;
            }
            let is_first = self.stages.iter().all(|work| work.scope == ScopeState::Unknown);
            if is_first && self.options.work == Work::All {
                self.requeue_all()?;
            }
            let work = &mut self.stages[at];
            let intents = self.ledger.open_intents(self.target, &work.board.name)?;
            work.scope = ScopeState::Requested;
            let stage = Arc::clone(&work.stage);
            let warehouse = self.charging(&Purpose::dates(stage.name()));
            let dates = self.stages[at].board.dates();
            let creates = !self.only_checks();
            self.spawn(TaskKind::Step("reading the schedule"), async move {
                let scoped = scoped(stage.as_ref(), warehouse.as_ref(), &dates, &intents, creates).await;
                TaskOutcome::Scoped(at, scoped)
            });
        }
        Ok(())
    }

    fn may_open(&self, at: usize) -> bool {
        self.stages[at].released && self.upstream_has_passed(at)
    }

    fn upstream_has_passed(&self, at: usize) -> bool {
        let has_passed = |&need: &usize| self.stages[need].board.state == StageState::Passed;
        self.stages[at].needs.iter().all(has_passed)
    }

    /// Whether a stage could start and only awaits approval.
    pub(super) fn awaits_approval(&self, at: usize) -> bool {
        let work = &self.stages[at];
        work.board.state == StageState::Waiting && !work.released && self.upstream_has_passed(at)
    }

    /// Whether a waiting stage can't start: it awaits approval, or a stage it needs has failed or is blocked itself.
    pub(super) fn cannot_start(&self, at: usize) -> bool {
        let work = &self.stages[at];
        let is_stopped = |need: usize| self.cannot_start(need) || self.is_blocked(need);
        work.board.state == StageState::Waiting
            && (self.awaits_approval(at)
                || self.has_failed_upstream(at)
                || work.needs.iter().any(|&need| is_stopped(need)))
    }

    /// Whether a stage may hand out units now. It may not while a stage it needs is rerunning or has not passed: its
    /// units would be computed from rows about to change.
    pub(super) fn may_hand_out(&self, at: usize) -> bool {
        let work = &self.stages[at];
        work.board.state == StageState::Running && !work.errors.is_throttled() && self.may_open(at)
    }

    /// Whether a running stage is blocked by a closed gate, with nothing in flight.
    pub(super) fn is_blocked(&self, at: usize) -> bool {
        let work = &self.stages[at];
        work.board.state == StageState::Running
            && self.has_failed_upstream(at)
            && work.writer.is_idle()
            && !self.is_worked_on(at)
    }

    /// Whether a stage that this one depends on, directly or not, has failed.
    pub(super) fn has_failed_upstream(&self, at: usize) -> bool {
        self.stages[at].needs.iter().any(|&need| {
            self.stages[need].board.state == StageState::Failed || self.has_failed_upstream(need)
        })
    }

    /// Records every date of every stage as pending, so that the next start also reruns stages not reached here.
    fn requeue_all(&mut self) -> Result<(), Fatal> {
        for work in &self.stages {
            let name = &work.board.name;
            let mut records = self.ledger.units(self.target, name)?;
            records.retain(|record| {
                !matches!(record.state, UnitState::Skipped | UnitState::Pending)
                    && work.board.unit(record.date).is_some()
            });
            for record in &mut records {
                record.state = UnitState::Pending;
                record.attempts = 0;
                record.class = None;
                record.reason = None;
            }
            self.ledger
                .record_units(self.target, name, &self.run.id, &records, Utc::now())?;
        }
        Ok(())
    }

    /// Advances a stage whose units or checks have finished, or ends the run. Returns whether a stage advanced.
    fn advance_stages(&mut self) -> Result<bool, Fatal> {
        for at in 0..self.stages.len() {
            match self.stages[at].board.state {
                StageState::Running if self.has_no_work(at) => self.finish_units(at)?,
                StageState::Checking if !self.is_checking(at) => self.finish_checks(at),
                _ => continue,
            }
            return Ok(true);
        }
        let is_finished = |at: usize| match self.stages[at].board.state {
            StageState::Passed | StageState::Failed => true,
            StageState::Waiting => self.cannot_start(at),
            StageState::Running => self.is_blocked(at),
            StageState::Checking => false,
        };
        let checks_are_pending = self.checks.are_pending() || self.sources.are_pending();
        if !(0..self.stages.len()).all(is_finished) || checks_are_pending {
            return Ok(false);
        }
        self.finish()?;
        Ok(true)
    }

    fn finish_units(&mut self, at: usize) -> Result<(), Fatal> {
        self.show_held(at);
        self.stages[at].board.time.stop();
        // Recorded here because the process may be killed before the run ends.
        self.record_time(at)?;
        let work = &mut self.stages[at];
        work.board.state = StageState::Checking;
        work.reader = None;
        let counts = work.board.counts();
        let event = Event::StageFinished {
            stage: work.board.name.clone(),
            ok: counts.ok,
            outdated: counts.outdated,
            failed: counts.failed + counts.partial + counts.empty,
            rows: work.board.rows(),
            seconds: work.board.time.seconds(),
        };
        tracing::info!(
            stage = work.board.name,
            "units done: {} ok, {} outdated, {} skipped, {} failed, {}",
            counts.ok,
            counts.outdated,
            counts.skipped,
            counts.failed,
            counted(work.board.rows(), "row")
        );
        self.emit(event);
        if let Some(checks) = self.options.ask.take() {
            if let Err(refusal) = self.check(&checks) {
                tracing::warn!("{refusal}");
            }
            self.queue_outdated_checks(at);
        } else {
            self.queue_open_checks(at);
            self.start_open_breakdowns(at);
        }
        self.request_refresh(Refresh::Now);
        Ok(())
    }

    fn finish_checks(&mut self, at: usize) {
        self.stages[at].board.state = self.verdict(at);
        self.request_refresh(Refresh::Now);
    }

    pub(super) fn verdict(&self, at: usize) -> StageState {
        if self.is_held(at) {
            return StageState::Failed;
        }
        judged(self.stages[at].board.units(), self.checks_at_gate(at))
    }

    /// The checks of a stage, as its gate sees them. One that needs a date not run yet counts as not run.
    fn checks_at_gate(&self, at: usize) -> impl Iterator<Item = GateCheck<'_>> + Clone {
        let of_it = self.checks.of_stage(&self.stages[at].board.name);
        of_it.map(|(position, check)| match check.state {
            CheckState::Outdated if self.not_run_yet(position).is_some() => GateCheck {
                state: CheckState::Pending,
                ..check.at_gate()
            },
            _ => check.at_gate(),
        })
    }

    pub(super) fn has_no_work(&self, at: usize) -> bool {
        let work = &self.stages[at];
        (work.queue.is_empty() || self.is_held(at)) && work.writer.is_idle() && !self.is_worked_on(at)
    }

    pub(super) fn is_worked_on(&self, at: usize) -> bool {
        self.workers.busy_with(&self.stages[at].board.name) > 0
    }
}
