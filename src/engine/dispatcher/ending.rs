//! Pausing, draining, aborting and ending a run. Each is recorded in the ledger before its event is emitted.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::task::AbortHandle;

use crate::ledger::RunState;

use super::super::summary::summary;
use super::super::{Ending, Event, StageState, Topic, UnitView};
use super::mode::{HoldReason, Mode};
use super::{Dispatcher, Fatal, Refresh, ScopeState, StageWorkload, TaskKind, TaskOutcome, cancel_abandoned};
use crate::figures::counted;

/// Exit code of a run with failures.
const FAILED: u8 = 1;
/// Exit code of a run that ended early and can be resumed.
const ENDED_EARLY: u8 = 3;

/// How often to check whether aborted tasks have ended; each ends at its next await.
const TASK_ENDS: Duration = Duration::from_millis(10);

impl Dispatcher {
    /// Stops handing out batches. The run is paused once in-flight work has finished.
    pub(super) fn hold(&mut self, reason: HoldReason) {
        self.mode = Mode::Holding(reason);
        self.request_refresh(Refresh::Now);
    }

    /// Stops handing out batches and ends the run once in-flight work has finished.
    pub(super) fn drain(&mut self, why: &str) {
        if self.mode.may_start() {
            tracing::info!("draining: {why}");
            if self.mode.is_preparing() {
                self.tasks.abort_all();
            }
            self.start_draining(None);
        }
    }

    /// Ends the run after an error that no single date caused. In-flight work finishes; the rest is not tried.
    pub(super) fn stop(&mut self, why: String) {
        tracing::error!("{why}");
        match &mut self.mode {
            Mode::Draining(message) => {
                message.get_or_insert(why);
            }
            Mode::Aborting(_) | Mode::Ended(_) => {}
            Mode::Preparing | Mode::Running | Mode::Holding(_) => self.start_draining(Some(why)),
        }
    }

    fn start_draining(&mut self, message: Option<String>) {
        self.mode = Mode::Draining(message);
        self.run.state = RunState::Draining;
        self.checks.clear();
        self.sources.clear();
        self.time.start();
        self.request_refresh(Refresh::Now);
    }

    pub(super) fn batches_in_flight(&self) -> (usize, usize) {
        let tasks = self.workers.tasks();
        tasks.fold((0, 0), |(batches, dates), task| (batches + 1, dates + task.dates))
    }

    /// Cancels batches being read or computed, without counting an attempt, and pauses. A draining run keeps draining.
    pub(super) fn cancel(&mut self) -> Result<String, Fatal> {
        if self.mode.is_running() {
            self.hold(HoldReason::Operator);
        }
        let aborted = self.tasks.abort_workers();
        for (batch, _) in &aborted {
            self.workers.slots[batch.slot].end();
            self.cancel_batch(batch)?;
        }
        let (batches, dates) = (
            aborted.len(),
            aborted.iter().map(|(batch, _)| batch.dates.len()).sum::<usize>(),
        );
        if batches > 0 {
            self.cancel_jobs_of(aborted.into_iter().map(|(_, task)| task).collect());
        }
        self.workers.drop_surplus();
        self.request_refresh(Refresh::Now);
        Ok(match batches {
            0 => "nothing was being read or computed; paused".to_owned(),
            _ => format!(
                "cancelled {} ({}) and requeued them; paused",
                counted(batches, "batch"),
                counted(dates, "date")
            ),
        })
    }

    /// Once aborted tasks have ended, cancels the jobs they left running in the warehouse.
    fn cancel_jobs_of(&mut self, tasks: Vec<AbortHandle>) {
        let warehouse = Arc::clone(&self.warehouse);
        self.spawn(TaskKind::Background("cancelling jobs"), async move {
            while !tasks.iter().all(AbortHandle::is_finished) {
                tokio::time::sleep(TASK_ENDS).await;
            }
            cancel_abandoned(warehouse.as_ref()).await;
            TaskOutcome::Finished
        });
    }

    /// Aborts the run: another process may hold the lease now, and writes of this one would fail or conflict with it.
    pub(super) fn on_lease_lost(&mut self, why: String) {
        tracing::error!("{why}");
        if !self.mode.has_ended() {
            self.abort_with(why);
        }
    }

    /// Starts a stage's clock if the run is handing out units. Otherwise resuming starts it.
    pub(super) fn start_clock(&mut self, at: usize) {
        if self.mode.is_running() {
            self.stages[at].board.time.start();
        }
    }

    /// Aborts in-flight work. Its intents stay open, and the next start reruns it.
    pub(super) fn abort(&mut self) -> Result<(), Fatal> {
        let message = match self.mode.question().map(|question| question.topic) {
            Some(Topic::Cost) => {
                "stopped before the start, nothing was written; start again when the cost is acceptable"
                    .to_owned()
            }
            Some(Topic::Sample) => {
                "stopped after the sample, nothing was written; run the full range with 'backcourt run'"
                    .to_owned()
            }
            Some(Topic::ExistingRows | Topic::Outdated) => {
                "stopped before the start, nothing was written; start again to answer".to_owned()
            }
            None => format!(
                "aborted with {} still to do; start again to resume",
                counted(self.open_units()?, "unit")
            ),
        };
        self.abort_with(message);
        Ok(())
    }

    fn abort_with(&mut self, why: String) {
        self.tasks.abort_all();
        self.stop_syncing();
        self.checks.reset_aborted();
        self.sources.reset_aborted();
        self.breakdowns.reset_aborted();
        if !matches!(self.mode, Mode::Aborting(_)) {
            self.mode = Mode::Aborting(why);
        }
    }

    /// Ends an aborted run, once its tasks have ended and the jobs they left running are cancelled.
    pub(super) async fn finish_abort(&mut self) -> Result<(), Fatal> {
        let Mode::Aborting(why) = &self.mode else {
            return Ok(());
        };
        let mut message = why.clone();
        let mut joined = Vec::new();
        while let Some(task) = self.tasks.next().await {
            joined.push(task);
        }
        for job in cancel_abandoned(self.warehouse.as_ref()).await {
            message = format!("{message}; {job}");
        }
        self.end(RunState::Stopped, message, ENDED_EARLY)?;
        for task in joined {
            self.on_joined(task)?;
        }
        Ok(())
    }

    /// Whether work is in flight. A draining run does not wait for a throttled table or a commit with an unknown
    /// outcome: the intents stay open, and the next start settles them.
    fn in_flight(&self) -> bool {
        let leaves = matches!(self.mode, Mode::Draining(_));
        let writes = |StageWorkload { writer, errors, .. }: &StageWorkload| {
            let waits = errors.is_throttled() || writer.has_unknown_outcome();
            writer.is_busy() || !(writer.is_idle() || leaves && waits)
        };
        let worker_waits = |at: usize| {
            let mut waiting_slots = self.stages.iter().flat_map(|work| work.writer.waiting_slots());
            waiting_slots.any(|slot| slot == at)
        };
        let mut slots = self.workers.slots.iter().enumerate();
        self.stages.iter().any(writes) || slots.any(|(at, slot)| slot.task.is_some() && !worker_waits(at))
    }

    /// Completes a pause or a drain once nothing is in flight.
    pub(super) fn settle_mode(&mut self) -> Result<(), Fatal> {
        match &self.mode {
            Mode::Holding(_) if self.run.state != RunState::Paused && !self.in_flight() => {
                self.run.state = RunState::Paused;
                self.stop_clocks()?;
                self.ledger.set_run_state(&self.run.id, RunState::Paused, None)?;
                tracing::info!("paused");
                self.emit(Event::Paused);
                self.request_refresh(Refresh::Now);
            }
            Mode::Draining(why)
                if !self.in_flight() && self.checks.in_flight() == 0 && self.sources.in_flight() == 0 =>
            {
                let message = match (why.clone(), self.open_units()?) {
                    (Some(why), _) => why,
                    (None, 0) => "stopped before its checks ran; start again to run them".to_owned(),
                    (None, open) => format!(
                        "stopped with {} still to do; start again to resume",
                        counted(open, "unit")
                    ),
                };
                self.end(RunState::Stopped, message, ENDED_EARLY)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Resumes the run. If a question is open, `answer` closes it.
    pub(super) fn resume(&mut self, answer: Option<&str>, by: &str) -> Result<(), Fatal> {
        let question = self.mode.question().map(Arc::clone);
        self.mode = if question.is_some() {
            Mode::Preparing
        } else {
            Mode::Running
        };
        if let Some(question) = &question {
            self.close_question(question, answer, by);
        }
        self.run.state = RunState::Running;
        self.time.start();
        for work in &mut self.stages {
            if work.board.state == StageState::Running {
                work.board.time.start();
            }
        }
        self.ledger.set_run_state(&self.run.id, RunState::Running, None)?;
        self.emit(Event::Resumed);
        tracing::info!("resumed");
        self.request_refresh(Refresh::Now);
        if question.is_some() {
            return self.continue_preflight();
        }
        Ok(())
    }

    pub(super) fn reopen(&mut self) -> Result<(), Fatal> {
        let by = self.options.operator.clone();
        self.resume(None, &by)
    }

    fn units(&self) -> impl Iterator<Item = &UnitView> {
        self.stages.iter().flat_map(|work| work.board.units())
    }

    fn open_units(&self) -> Result<usize, Fatal> {
        let mut open = 0;
        for work in &self.stages {
            open += match work.scope {
                ScopeState::Known => {
                    let units = work.board.units().iter();
                    units.filter(|unit| unit.state.is_open()).count()
                }
                // The board doesn't show yet what earlier runs did.
                ScopeState::Unknown | ScopeState::Requested => self.due_by_ledger(&work.board.name)?.len(),
            };
        }
        Ok(open)
    }

    /// Ends the run. The message names problems first, since a long line is truncated at its end.
    pub(super) fn finish(&mut self) -> Result<(), Fatal> {
        let awaits_approval = self.stages_that(|at| self.awaits_approval(at)).join(", ");
        let waiting = self.waiting_clause();
        let state = if awaits_approval.is_empty() && waiting.is_empty() {
            RunState::Finished
        } else {
            RunState::Stopped
        };
        let units = self.units().map(|unit| unit.state).collect();
        let ended = usize::try_from(self.eta.done()).unwrap_or(usize::MAX);
        let message =
            self.problems(&awaits_approval) + &waiting + &summary(ended, &units, &self.checks.views);
        let message = match self.attention_elsewhere() {
            Some(attention) => format!("{message}; {attention}"),
            None => message,
        };
        let exit_code = match state {
            RunState::Finished => u8::from(self.has_failures()),
            // Failures need the operator; what waits needs only time.
            _ if !waiting.is_empty() && self.has_failures() => FAILED,
            _ => ENDED_EARLY,
        };
        self.end(state, message, exit_code)
    }

    fn stages_that(&self, is_meant: impl Fn(usize) -> bool) -> Vec<&str> {
        let stages = self.stage_names().enumerate().filter(|(at, _)| is_meant(*at));
        stages.map(|(_, name)| name).collect()
    }

    /// What kept stages from finishing, as the first clauses of the closing sentence.
    fn problems(&self, awaits_approval: &str) -> String {
        let mut problems = String::new();
        let blocked = self
            .stages_that(|at| self.is_blocked(at) || self.has_failed_upstream(at) && self.cannot_start(at));
        if let Some((first, others)) = blocked.split_first() {
            let others = match others.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            problems = format!("a closed gate blocks {first}{others}; ");
        }
        if !awaits_approval.is_empty() {
            problems = format!(
                "{problems}{awaits_approval} awaits approval, start it with 'run --advance {awaits_approval}'; "
            );
        }
        for held in (0..self.stages.len()).filter_map(|at| self.held(at)) {
            problems = format!("{held}; {problems}");
        }
        for work in &self.stages {
            if let Some(why) = work.errors.stopped() {
                problems = format!(
                    "{} stopped after the same error on consecutive dates, {why}; {problems}",
                    work.board.name
                );
            }
        }
        problems
    }

    pub(super) fn end(&mut self, state: RunState, message: String, exit_code: u8) -> Result<(), Fatal> {
        self.verify_files()?;
        let ending = self.ending(state, message, exit_code);
        let sentence = ending.sentence();
        self.stop_clocks()?;
        self.ledger
            .set_run_state(&self.run.id, state, Some((Utc::now(), &sentence)))?;
        if ending.exit_code == 0 {
            tracing::info!("{state}: {sentence}");
        } else {
            tracing::warn!("{state}: {sentence}");
        }
        self.show_ending(ending);
        Ok(())
    }

    fn ending(&self, state: RunState, message: String, exit_code: u8) -> Ending {
        Ending {
            state,
            message,
            incomplete: self.files.losses.clauses(),
            exit_code: self.files.losses.exit_code(exit_code),
        }
    }

    fn stop_clocks(&mut self) -> Result<(), Fatal> {
        self.time.stop();
        for at in 0..self.stages.len() {
            self.stages[at].board.time.stop();
            if self.stages[at].scope == ScopeState::Known {
                self.record_time(at)?;
            }
        }
        Ok(())
    }

    /// Records the time this run has spent on a stage, if it had anything to do there.
    pub(super) fn record_time(&mut self, at: usize) -> Result<(), Fatal> {
        let board = &self.stages[at].board;
        let (seconds, a_unit) = (board.time.seconds(), self.eta.seconds_a_unit(at));
        if seconds == 0.0 {
            return Ok(());
        }
        Ok((self.ledger).set_stage_seconds(self.target, &board.name, &self.run.id, seconds, a_unit)?)
    }

    fn has_failures(&self) -> bool {
        self.elsewhere.view().has_failures()
            || (0..self.stages.len()).any(|at| self.verdict(at) == StageState::Failed)
    }

    /// Ends the run after the ledger failed or a file was taken: without them no work may continue.
    pub(super) fn fail(&mut self, message: String) -> Ending {
        self.time.stop();
        let ending = self.ending(RunState::Stopped, message, ENDED_EARLY);
        if self.files.are_in_place() {
            let ended = Some((Utc::now(), ending.sentence()));
            let ended = ended.as_ref().map(|(at, sentence)| (*at, sentence.as_str()));
            // It is the ledger that failed, or the message is the cause that `status` shows.
            drop(self.ledger.set_run_state(&self.run.id, ending.state, ended));
        }
        self.show_ending(ending.clone());
        ending
    }

    fn show_ending(&mut self, ending: Ending) {
        self.run.state = ending.state;
        self.emit(Event::RunFinished {
            state: ending.state,
            message: ending.sentence(),
            exit_code: ending.exit_code,
        });
        self.mode = Mode::Ended(ending);
        self.request_refresh(Refresh::Now);
    }

    /// The ending, once the run has ended and no answer or query is pending.
    pub(super) fn may_close(&self) -> Option<Ending> {
        let wanted = self.options.stay && !self.leaving && !self.is_abandoned();
        let busy = self.checks.are_pending()
            || self.breakdowns.are_pending()
            || self.sources.are_pending()
            || self.has_to_sync();
        let ending = self.mode.ending().filter(|_| !wanted && !busy)?.clone();
        // A check run after the end may have changed the exit code.
        Some(match ending.state {
            RunState::Finished => Ending {
                exit_code: self.files.losses.exit_code(u8::from(self.has_failures())),
                ..ending
            },
            _ => ending,
        })
    }
}
