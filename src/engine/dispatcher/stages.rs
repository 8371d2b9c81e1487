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
            control: self.options.control.clone(),
        });
        if let Some(message) = self.continued.take() {
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
                self.ask_open_sources();
            }
            return false;
        };
        let meter = self.begin_step(prepare.what());
        let warehouse = self.charging(&Purpose::default());
        self.spawn(TaskKind::Preparation, async move {
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

    /// Starts the run proper: units may be handed out.
    pub(super) fn go(&mut self) {
        self.mode = Mode::Running;
        self.begin_syncing();
        if self.options.paused {
            self.hold(HoldReason::Operator);
        }
        self.request_refresh(Refresh::Now);
    }

    /// Starts everything that can start now. A stage that advances may unblock others, so this loops until none does.
    pub(super) fn advance(&mut self) -> Result<(), Fatal> {
        self.unpark();
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
            if !self.mode.is_running() || !self.turn_stages()? {
                return self.settle_mode();
            }
        }
    }

    /// Starts to read the expected rows of every stage whose upstream gates have passed.
    fn open_stages(&mut self) -> Result<(), Fatal> {
        for at in 0..self.stage_runs.len() {
            let stage_run = &self.stage_runs[at];
            if stage_run.scope != ScopeState::Unknown || stage_run.trouble.is_parked() || !self.may_open(at) {
                continue;
            }
            let is_first = self
                .stage_runs
                .iter()
                .all(|stage_run| stage_run.scope == ScopeState::Unknown);
            if is_first && self.options.work == Work::Afresh {
                self.requeue_all()?;
            }
            let stage_run = &mut self.stage_runs[at];
            let promised = self.ledger.open_intents(self.target, &stage_run.board.name)?;
            stage_run.scope = ScopeState::Requested;
            let stage = Arc::clone(&stage_run.stage);
            let warehouse = self.charging(&Purpose::dates(stage.name()));
            let dates = self.options.dates.clone();
            let makes = !self.only_checks();
            self.spawn(TaskKind::Scope, async move {
                let scoped = scoped(stage.as_ref(), warehouse.as_ref(), &dates, &promised, makes).await;
                TaskOutcome::Scoped(at, scoped)
            });
        }
        Ok(())
    }

    fn may_open(&self, at: usize) -> bool {
        self.stage_runs[at].released && self.has_what_it_needs(at)
    }

    /// Whether every stage that this one needs has passed.
    fn has_what_it_needs(&self, at: usize) -> bool {
        self.stage_runs[at]
            .needs
            .iter()
            .all(|&need| self.stage_runs[need].board.state == StageState::Passed)
    }

    /// Whether a stage could start and only awaits approval.
    pub(super) fn waits_for_word(&self, at: usize) -> bool {
        let stage_run = &self.stage_runs[at];
        stage_run.board.state == StageState::Waiting && !stage_run.released && self.has_what_it_needs(at)
    }

    /// Whether a waiting stage can't start: it awaits approval, or a stage it needs has failed or is blocked itself.
    pub(super) fn is_stuck(&self, at: usize) -> bool {
        let stage_run = &self.stage_runs[at];
        let stands_still = |need: usize| self.is_stuck(need) || self.is_held(need);
        stage_run.board.state == StageState::Waiting
            && (self.waits_for_word(at)
                || self.is_barred(at)
                || stage_run.needs.iter().any(|&need| stands_still(need)))
    }

    /// Whether a stage may hand out units now. It may not while a stage it needs is rerunning or has not passed: its
    /// units would be computed from rows about to change.
    pub(super) fn may_hand_out(&self, at: usize) -> bool {
        let stage_run = &self.stage_runs[at];
        stage_run.board.state == StageState::Running && !stage_run.trouble.is_parked() && self.may_open(at)
    }

    /// Whether a running stage is blocked by a closed gate, with nothing in flight.
    pub(super) fn is_held(&self, at: usize) -> bool {
        let stage_run = &self.stage_runs[at];
        stage_run.board.state == StageState::Running
            && self.is_barred(at)
            && stage_run.writer.is_idle()
            && !self.is_worked_on(at)
    }

    /// Whether a stage that this one depends on, directly or not, has failed.
    pub(super) fn is_barred(&self, at: usize) -> bool {
        self.stage_runs[at]
            .needs
            .iter()
            .any(|&need| self.stage_runs[need].board.state == StageState::Failed || self.is_barred(need))
    }

    /// Records every date of every stage as pending before the first one starts. However this run ends, the next start
    /// then also reruns stages it did not reach.
    fn requeue_all(&mut self) -> Result<(), Fatal> {
        for stage_run in &self.stage_runs {
            let name = &stage_run.board.name;
            let mut records = self.ledger.units(self.target, name)?;
            records.retain(|record| {
                !matches!(record.state, UnitState::Skipped | UnitState::Pending)
                    && stage_run.board.unit(record.date).is_some()
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
    fn turn_stages(&mut self) -> Result<bool, Fatal> {
        for at in 0..self.stage_runs.len() {
            match self.stage_runs[at].board.state {
                StageState::Running if self.has_no_work(at) => self.units_are_through(at)?,
                StageState::Checking if !self.is_checking(at) => self.checks_are_through(at),
                _ => continue,
            }
            return Ok(true);
        }
        let is_through = |at: usize| match self.stage_runs[at].board.state {
            StageState::Passed | StageState::Failed => true,
            StageState::Waiting => self.is_stuck(at),
            StageState::Running => self.is_held(at),
            StageState::Checking => false,
        };
        if !(0..self.stage_runs.len()).all(is_through) || self.sources.are_awaited() {
            return Ok(false);
        }
        self.finish()?;
        Ok(true)
    }

    fn units_are_through(&mut self, at: usize) -> Result<(), Fatal> {
        self.stage_runs[at].board.time.stop();
        // Recorded here because the process may be killed before the run ends.
        self.record_time(at)?;
        let stage_run = &mut self.stage_runs[at];
        stage_run.board.state = StageState::Checking;
        let counts = stage_run.board.counts();
        let event = Event::StageFinished {
            stage: stage_run.board.name.clone(),
            ok: counts.ok,
            failed: counts.failed + counts.partial + counts.empty,
            rows: stage_run.board.rows(),
            seconds: stage_run.board.time.seconds(),
        };
        tracing::info!(
            stage = stage_run.board.name,
            "units done: {} ok, {} skipped, {} failed, {}",
            counts.ok,
            counts.skipped,
            counts.failed,
            counted(stage_run.board.rows(), "row")
        );
        self.emit(event);
        if let Some(checks) = self.options.ask.take() {
            if let Err(refusal) = self.check(&checks) {
                tracing::warn!("{refusal}");
            }
            self.ask_outdated_checks(at);
        } else {
            self.ask_open_checks(at);
            self.ask_open_breakdowns(at);
        }
        self.request_refresh(Refresh::Now);
        Ok(())
    }

    fn checks_are_through(&mut self, at: usize) {
        self.stage_runs[at].board.state = self.verdict(at);
        self.request_refresh(Refresh::Now);
    }

    /// The gate of a stage. It is closed by a failing blocking check, and by a date that needs attention unless a
    /// waived check covers it.
    pub(super) fn verdict(&self, at: usize) -> StageState {
        judged(self.stage_runs[at].board.units(), self.checks_at_gate(at))
    }

    /// The checks of a stage, as its gate sees them. A check that needs a date not run yet counts as not run, even if
    /// another definition of it has a result.
    fn checks_at_gate(&self, at: usize) -> impl Iterator<Item = GateCheck<'_>> + Clone {
        let of_it = self.checks.of_stage(&self.stage_runs[at].board.name);
        of_it.map(|(place, check)| match check.state {
            CheckState::Outdated if self.not_run_yet(place).is_some() => GateCheck {
                state: CheckState::Pending,
                ..check.at_gate()
            },
            _ => check.at_gate(),
        })
    }

    /// Whether a stage has nothing queued and nothing in flight.
    pub(super) fn has_no_work(&self, at: usize) -> bool {
        let stage_run = &self.stage_runs[at];
        stage_run.queue.is_empty() && stage_run.writer.is_idle() && !self.is_worked_on(at)
    }

    pub(super) fn is_worked_on(&self, at: usize) -> bool {
        self.workers.busy_with(&self.stage_runs[at].board.name) > 0
    }
}
