//! Batches, from worker to commit: handed out, computed, committed and settled, or failed and retried.

use std::sync::Arc;
use std::time::Duration;

use chrono::{NaiveDate, Utc};
use tokio::task::JoinError;
use tokio::time::Instant;

use crate::figures::counted;
use crate::ledger::{Purpose, Settlement, UnitRecord, UnitState};
use crate::warehouse::{ErrorClass, WarehouseError};

use super::super::unit_result::judge_unit;
use super::super::worker::{Batch, Computed, panic_message, work};
use super::super::writer::{Commit, Waiting, write};
use super::super::{Event, Phase, RetryPolicy, StageError};
use super::unit::RecordedBy;
use super::{CommitRecord, Dispatcher, Fatal, Refresh, TaskKind, TaskOutcome};

impl Dispatcher {
    /// Gives every idle worker a batch while there are any. The intent is recorded before the work starts.
    pub(super) fn start_batches(&mut self) -> Result<(), Fatal> {
        let mut handed: Vec<Vec<(usize, Vec<NaiveDate>)>> = vec![Vec::new(); self.stage_runs.len()];
        for slot in 0..self.workers {
            if self.slots[slot].task.is_none() {
                match self.next_work() {
                    Some((at, dates)) => handed[at].push((slot, dates)),
                    None => break,
                }
            }
        }
        for (at, handed) in handed
            .into_iter()
            .enumerate()
            .filter(|(_, handed)| !handed.is_empty())
        {
            let batches: Vec<_> = handed.iter().map(|(_, dates)| dates.clone()).collect();
            let name = self.stage_runs[at].board.name.clone();
            let intents = self
                .ledger
                .intend(self.target, &name, &self.run.id, &batches, Utc::now())?;
            for ((slot, dates), intent) in handed.into_iter().zip(intents) {
                self.start_batch(Batch {
                    slot,
                    stage: at,
                    intent: intent.id,
                    dates,
                });
            }
        }
        Ok(())
    }

    /// The next batch. Stages that can run side by side take turns, so that none starves.
    fn next_work(&mut self) -> Option<(usize, Vec<NaiveDate>)> {
        let stages = self.stage_runs.len();
        for at in (self.turn..self.turn + stages).map(|at| at % stages) {
            if self.may_hand_out(at)
                && let Some(dates) = self.next_batch(at)
            {
                self.turn = at + 1;
                return Some((at, dates));
            }
        }
        None
    }

    /// The next dates of the stage, cut where the source changes: a batch has one source.
    fn next_batch(&mut self, at: usize) -> Option<Vec<NaiveDate>> {
        let stage_run = &mut self.stage_runs[at];
        let mut dates = stage_run.queue.take(Instant::now())?;
        let source = stage_run.units.source(dates[0]);
        let others = dates
            .iter()
            .position(|date| stage_run.units.source(*date) != source);
        if let Some(first) = others {
            for date in dates.split_off(first) {
                stage_run.queue.add(date);
            }
        }
        Some(dates)
    }

    fn start_batch(&mut self, batch: Batch) {
        let stage_run = &mut self.stage_runs[batch.stage];
        for &date in &batch.dates {
            stage_run
                .board
                .change(date, |unit| unit.state = UnitState::Running);
        }
        self.slots[batch.slot].begin(&stage_run.board.name, &batch.dates, Utc::now());
        self.provenance.begin(&stage_run.board.name, &batch.dates);
        let stage = Arc::clone(&stage_run.stage);
        let source = (stage_run.units)
            .source(batch.dates[0])
            .map_or_else(|| Arc::clone(&self.source), Arc::from);
        let warehouse = self.charging(&Purpose::dates(stage.name()));
        let lanes = Arc::clone(&self.lanes);
        let phases = self.phases.clone();
        self.request_refresh(Refresh::Soon);
        let known = batch.clone();
        let owner = |task| TaskKind::Worker(known, task);
        self.spawn_as(owner, async move {
            let (batch, result) = work(batch, stage, warehouse, source, lanes, phases).await;
            TaskOutcome::Worked(batch, result)
        });
    }

    pub(super) fn on_worked(
        &mut self,
        batch: Batch,
        result: Result<Vec<Computed>, StageError>,
    ) -> Result<(), Fatal> {
        let computed = match result {
            Ok(computed) => computed,
            Err(error) => {
                self.slots[batch.slot].end();
                return self.on_batch_failed(&batch, &error);
            }
        };
        let stage_run = &self.stage_runs[batch.stage];
        let fills = stage_run.stage.fills();
        let mut unit_results = Vec::with_capacity(computed.len());
        let mut failed = Vec::new();
        for (date, result, seconds) in computed {
            match result {
                Ok(made) => {
                    for note in &made.outcome.notes {
                        tracing::debug!(stage = stage_run.board.name, %date, worker = batch.slot + 1, "{note}");
                    }
                    let unit = stage_run.units.get(date);
                    let attempts = unit.map_or(0, |unit| unit.attempts) + 1;
                    let source = stage_run.units.source(date).unwrap_or(&self.options.source);
                    let accepts_short = unit.is_some_and(|unit| unit.accepts_short);
                    let unit_result = judge_unit(fills, date, made, source, seconds, attempts);
                    unit_results.push(unit_result.accepting_short(accepts_short));
                }
                Err(error) => failed.push((date, error)),
            }
        }
        for (date, error) in failed {
            self.on_date_failed(&batch, date, &error)?;
        }
        let (slot, stage) = (batch.slot, batch.stage);
        self.slots[slot].enter(Phase::Write);
        self.stage_runs[stage]
            .writer
            .join(Waiting::new(batch, unit_results));
        self.release_workers(stage);
        Ok(())
    }

    /// Frees workers whose rows fit in the next commit, so that they compute while the writer writes. The others wait,
    /// which limits the rows in memory.
    fn release_workers(&mut self, at: usize) {
        for slot in self.stage_runs[at].writer.release() {
            self.slots[slot].end();
        }
        self.drop_surplus_workers();
    }

    /// Starts the next commit of every stage whose writer is free.
    pub(super) fn start_commits(&mut self) {
        for at in 0..self.stage_runs.len() {
            let stage_run = &mut self.stage_runs[at];
            if stage_run.trouble.is_parked() {
                continue;
            }
            let Some(commit) = stage_run.writer.take(Instant::now()) else {
                continue;
            };
            for slot in commit
                .parts
                .iter()
                .filter(|part| part.is_held)
                .map(|part| part.batch.slot)
            {
                self.slots[slot].end();
            }
            let name = commit.name(&self.run.id);
            let mut commit = commit;
            commit.record = self.record_of(at, &commit);
            let stage_run = &self.stage_runs[at];
            let stage = Arc::clone(&stage_run.stage);
            let warehouse = self.charging(&Purpose::dates(stage.name()));
            let batches = commit.parts.iter().map(Waiting::to_try_again).collect();
            self.spawn(TaskKind::Writer(at, batches), async move {
                let (commit, result) = write(commit, name, stage, warehouse, Utc::now()).await;
                TaskOutcome::Written(at, commit, result)
            });
            for slot in self.stage_runs[at].writer.held().collect::<Vec<_>>() {
                self.slots[slot].enter(Phase::Write);
            }
            self.release_workers(at);
        }
    }

    pub(super) fn on_written(
        &mut self,
        at: usize,
        commit: Commit,
        result: Result<(), WarehouseError>,
    ) -> Result<(), Fatal> {
        self.stage_runs[at].writer.free();
        match result {
            Ok(()) => self.settle(at, commit),
            Err(error) => self.on_commit_failed(at, commit, &error.into()),
        }
    }

    /// Records a successful commit in the ledger, then updates the board and emits events.
    fn settle(&mut self, at: usize, commit: Commit) -> Result<(), Fatal> {
        let name = self.stage_runs[at].board.name.clone();
        let intents: Vec<i64> = commit.parts.iter().map(|part| part.batch.intent).collect();
        let mut settled: Vec<_> = commit
            .unit_results()
            .map(|unit_result| unit_result.settled.clone())
            .collect();
        self.outdate_checks(at)?;
        let invalidated = self.invalidated_by(at, &mut settled);
        let record = commit.record.as_ref();
        let synced = record.map_or_else(Vec::new, |record| record.complete(&settled));
        let settlement = Settlement {
            intents: &intents,
            settled: &settled,
            invalidated: &invalidated,
            fingerprint: self.plan.stage(&name).map(|stage| stage.fingerprint),
            synced: &synced,
            entry: record.map_or(0, CommitRecord::last),
        };
        self.ledger
            .settle(self.target, &name, &self.run.id, settlement, Utc::now())?;
        let slots = commit
            .parts
            .iter()
            .flat_map(|part| part.unit_results.iter().map(|_| part.batch.slot));
        for (settled, slot) in settled.iter().zip(slots.collect::<Vec<_>>()) {
            let stage_run = &mut self.stage_runs[at];
            stage_run.units.get_mut(settled.unit.date).is_outdated = false;
            if let Some(gaps) = &settled.gaps {
                stage_run.board.show_gaps(settled.unit.date, gaps);
            }
            self.show_ended(at, &settled.unit, Some(slot));
        }
        for part in commit.parts {
            // The worker may have been removed since.
            if let Some(slot) = self.slots.get_mut(part.batch.slot) {
                slot.count(part.unit_results.len() as u64);
            }
        }
        self.stage_runs[at].trouble.is_over();
        self.show_invalidated(invalidated);
        self.drop_surplus_workers();
        let stage_run = &mut self.stage_runs[at];
        if stage_run.writer.is_full() || stage_run.writer.in_line() * 2 >= self.workers {
            stage_run.queue.grow();
        }
        Ok(())
    }

    /// Updates the board, logs and emits the end of a unit. Drains the run at the `--fail-fast` limit.
    fn show_ended(&mut self, at: usize, unit: &UnitRecord, slot: Option<usize>) {
        let stage_run = &mut self.stage_runs[at];
        let remembered = stage_run.units.get_mut(unit.date);
        remembered.attempts = 0;
        remembered.stored_source = (unit.source != self.options.source).then(|| unit.source.clone());
        remembered.recorded = Some(RecordedBy::ThisRun {
            needs_attention: unit.state.needs_attention(),
        });
        stage_run.board.show(unit);
        let stage = stage_run.board.name.clone();
        log_end(&stage, unit, slot);
        self.eta.finish(at, self.time.seconds());
        self.emit(Event::UnitFinished {
            stage,
            date: unit.date,
            state: unit.state,
            rows: unit.rows,
            expected: unit.expected,
            attempts: unit.attempts,
            class: unit.class.as_deref().and_then(ErrorClass::from_word),
            reason: unit.reason.clone(),
        });
        self.request_refresh(Refresh::Soon);
        if let Some(limit) = self.options.fail_fast {
            let failed: usize = self
                .stage_runs
                .iter()
                .map(|stage_run| stage_run.units.failed())
                .sum();
            if failed as u64 >= limit {
                self.drain(&format!("{} failed", counted(failed, "unit")));
            }
        }
    }

    /// Handles the failure of a whole batch. A batch of several dates is split and retried without counting an attempt.
    fn on_batch_failed(&mut self, batch: &Batch, error: &StageError) -> Result<(), Fatal> {
        self.close_intents(batch.stage, &[batch.intent])?;
        if let Some(rest) = self.rest_after(error) {
            self.park(batch.stage, rest, error);
            self.give_back(batch);
        } else if error.class.stops_the_run() {
            self.give_back(batch);
            self.stop(error.message.clone());
        } else if let [date] = batch.dates[..] {
            self.on_date_failed(batch, date, error)?;
        } else {
            tracing::debug!(
                stage = self.stage_runs[batch.stage].board.name,
                "splitting a batch of {}: {error}",
                counted(batch.dates.len(), "date")
            );
            self.give_back(batch);
        }
        self.drop_surplus_workers();
        Ok(())
    }

    /// How long to back off from the table after this error; `None` unless it is a quota error.
    pub(super) fn rest_after(&self, error: &StageError) -> Option<Duration> {
        self.warehouse.rest().filter(|_| error.class == ErrorClass::Quota)
    }

    /// Cancels a batch: settles its intent and requeues its dates.
    pub(super) fn give_up(&mut self, batch: &Batch) -> Result<(), Fatal> {
        self.close_intents(batch.stage, &[batch.intent])?;
        self.give_back(batch);
        Ok(())
    }

    /// Closes intents without a result.
    pub(super) fn close_intents(&mut self, at: usize, intents: &[i64]) -> Result<(), Fatal> {
        let settlement = Settlement {
            intents,
            ..Settlement::default()
        };
        let name = &self.stage_runs[at].board.name;
        Ok((self.ledger).settle(self.target, name, &self.run.id, settlement, Utc::now())?)
    }

    /// Requeues a batch's dates, split in two.
    fn give_back(&mut self, batch: &Batch) {
        let stage_run = &mut self.stage_runs[batch.stage];
        for &date in &batch.dates {
            stage_run
                .board
                .change(date, |unit| unit.state = UnitState::Pending);
        }
        stage_run.queue.split(batch.dates.clone());
    }

    /// Handles the failure of one date: retries it after a backoff, or fails it.
    fn on_date_failed(&mut self, batch: &Batch, date: NaiveDate, error: &StageError) -> Result<(), Fatal> {
        let at = batch.stage;
        let whole = &error.message;
        let error = &error.bounded();
        if *whole != error.message {
            tracing::warn!(stage = self.stage_runs[at].board.name, %date, "in full: {whole}");
        }
        let stage_run = &mut self.stage_runs[at];
        let unit = stage_run.units.get_mut(date);
        unit.attempts += 1;
        let attempt = unit.attempts;
        let name = stage_run.board.name.clone();
        self.ledger.record_failed_attempt(
            self.target,
            &name,
            &self.run.id,
            date,
            attempt,
            error.class.word(),
            &error.message,
            Utc::now(),
        )?;
        let Some(pause) = self
            .options
            .retry
            .pause_after(attempt, error.class, fastrand::f64())
        else {
            return self.give_up_date(at, date, attempt, error, Some(batch.slot));
        };
        tracing::warn!(
            stage = name,
            %date,
            worker = batch.slot + 1,
            "attempt {attempt} failed ({}), retry in {:.1} s: {error}",
            error.class,
            pause.as_secs_f64()
        );
        let stage_run = &mut self.stage_runs[at];
        stage_run.queue.rest(date, Instant::now() + pause);
        stage_run.board.change(date, |unit| {
            unit.state = UnitState::Pending;
            unit.attempts = attempt;
            unit.reason = Some(Arc::from(error.message.as_str()));
        });
        self.emit(Event::UnitRetried {
            stage: name,
            date,
            attempt,
            class: error.class,
            message: error.message.clone(),
            wait_ms: u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
        });
        Ok(())
    }

    /// Fails a date that has no attempts left, or whose error a retry can't fix.
    fn give_up_date(
        &mut self,
        at: usize,
        date: NaiveDate,
        attempts: u32,
        error: &StageError,
        slot: Option<usize>,
    ) -> Result<(), Fatal> {
        let stage_run = &self.stage_runs[at];
        let stored = stage_run.board.unit(date);
        let source = stage_run.units.source(date).unwrap_or(&self.options.source);
        let unit = UnitRecord {
            expected: stored.map_or(0, |unit| unit.expected),
            rows: stored.map_or(0, |unit| unit.rows),
            attempts,
            class: Some(error.class.word().to_owned()),
            reason: Some(error.message.clone()),
            ..UnitRecord::new(date, UnitState::Failed, source)
        };
        let name = stage_run.board.name.clone();
        self.ledger.record_units(
            self.target,
            &name,
            &self.run.id,
            std::slice::from_ref(&unit),
            Utc::now(),
        )?;
        self.show_ended(at, &unit, slot);
        if error.class == ErrorClass::Code {
            self.count_alike(at, error);
        }
        Ok(())
    }

    fn on_commit_failed(&mut self, at: usize, mut commit: Commit, error: &StageError) -> Result<(), Fatal> {
        if error.class == ErrorClass::Unknown {
            self.ask_again(at, commit, error);
            return Ok(());
        }
        commit.was_refused();
        if let Some(rest) = self.rest_after(error) {
            let until = self.park(at, rest, error);
            self.hold_back(at, commit, until);
            return Ok(());
        }
        commit.attempts += 1;
        let name = self.stage_runs[at].board.name.clone();
        if let Some(pause) = self
            .options
            .retry
            .pause_after(commit.attempts, error.class, fastrand::f64())
        {
            tracing::warn!(
                stage = name,
                "commit failed ({}), retry in {:.1} s: {error}",
                error.class,
                pause.as_secs_f64()
            );
            self.hold_back(at, commit, Instant::now() + pause);
            return Ok(());
        }
        if commit.parts.len() > 1 && !error.class.retries() && !error.class.stops_the_run() {
            tracing::warn!(
                stage = name,
                "commit failed ({}), trying its batches one by one: {error}",
                error.class
            );
            self.stage_runs[at].writer.split(commit, Instant::now());
            return Ok(());
        }
        for part in commit.parts {
            if error.class.retries() {
                self.close_intents(at, &[part.batch.intent])?;
                for unit_result in &part.unit_results {
                    let date = unit_result.settled.unit.date;
                    self.give_up_date(at, date, commit.attempts, error, Some(part.batch.slot))?;
                }
            } else {
                self.on_batch_failed(&part.to_try_again(), error)?;
            }
        }
        self.drop_surplus_workers();
        Ok(())
    }

    /// Keeps a commit unchanged and sends it again at `due`.
    fn hold_back(&mut self, at: usize, commit: Commit, due: Instant) {
        let writer = &mut self.stage_runs[at].writer;
        writer.rest(commit, due);
        for slot in writer.held().collect::<Vec<_>>() {
            self.slots[slot].enter(Phase::Backoff);
        }
    }

    /// Handles a commit with an unknown outcome: looks it up under the same name, with growing pauses and no limit.
    fn ask_again(&mut self, at: usize, mut commit: Commit, error: &StageError) {
        let error = &error.bounded();
        commit.lost += 1;
        let patient = RetryPolicy {
            attempts: u32::MAX,
            ..self.options.retry
        };
        let pause = patient
            .pause_after(commit.lost, ErrorClass::Transient, fastrand::f64())
            .unwrap_or(patient.longest_pause);
        let stage_run = &mut self.stage_runs[at];
        tracing::warn!(
            stage = stage_run.board.name,
            "outcome of a commit unknown, checking again in {:.1} s: {error}",
            pause.as_secs_f64()
        );
        for unit_result in commit.unit_results() {
            stage_run.board.change(unit_result.settled.unit.date, |unit| {
                unit.state = UnitState::Unknown;
                unit.reason = Some(Arc::from(error.message.as_str()));
            });
        }
        self.hold_back(at, commit, Instant::now() + pause);
    }

    /// Handles a panicked task. A worker's batch is split until the date at fault is alone and fails.
    pub(super) fn on_panic(&mut self, owner: TaskKind, error: JoinError) -> Result<(), Fatal> {
        if matches!(owner, TaskKind::Recorder) {
            let why = format!("the task was aborted: {error}");
            return self.on_recorded(0, Err(WarehouseError::new(ErrorClass::Transient, why)));
        }
        if error.is_cancelled() {
            return Ok(());
        }
        let message = panic_message(error);
        let fault = StageError {
            class: ErrorClass::Code,
            message: format!("a worker panicked: {message}"),
        };
        match owner {
            TaskKind::Preflight => self.stop(format!("checking the plan panicked: {message}")),
            TaskKind::Preparation => self.stop(format!("the preparation panicked: {message}")),
            TaskKind::Estimate => self.stop(format!("the estimate panicked: {message}")),
            TaskKind::Sample => self.stop(format!("the sample panicked: {message}")),
            TaskKind::Scope => self.stop(format!("reading the schedule panicked: {message}")),
            TaskKind::Worker(batch, _) => {
                tracing::error!(worker = batch.slot + 1, "panicked: {message}");
                self.emit(Event::WorkerDied {
                    slot: batch.slot + 1,
                    message,
                });
                self.slots[batch.slot].end();
                self.on_batch_failed(&batch, &fault)?;
            }
            TaskKind::Writer(at, batches) => {
                tracing::error!("the writer panicked: {message}");
                self.stage_runs[at].writer.free();
                for batch in &batches {
                    self.on_batch_failed(batch, &fault)?;
                }
            }
            TaskKind::Check(check) => self.on_check_panic(check, &message)?,
            TaskKind::Source(at) => self.on_source_died(at, &message)?,
            TaskKind::Breakdown(at) => self.on_breakdown_died(at, &message),
            TaskKind::Reload => tracing::error!("reloading raw rows panicked: {message}"),
            TaskKind::Cancellation => tracing::error!("cancelling jobs panicked: {message}"),
            TaskKind::Recorder => {}
            TaskKind::Inspection => tracing::error!("showing stored rows panicked: {message}"),
        }
        Ok(())
    }

    /// Removes workers above the requested number once they are idle.
    pub(super) fn drop_surplus_workers(&mut self) {
        while self.slots.len() > self.workers && self.slots.last().is_some_and(|slot| slot.task.is_none()) {
            self.slots.pop();
        }
    }
}

/// Logs the end of a unit.
fn log_end(stage: &str, unit: &UnitRecord, slot: Option<usize>) {
    let (date, worker) = (unit.date, slot.map(|slot| slot + 1));
    let reason = unit.reason.as_deref().unwrap_or_default();
    let (state, rows, expected) = (unit.state, unit.rows, counted(unit.expected, "row"));
    match state {
        UnitState::Failed => tracing::error!(stage, %date, worker, "{state} {rows}/{expected}: {reason}"),
        _ if state.needs_attention() => {
            tracing::warn!(stage, %date, worker, "{state} {rows}/{expected}: {reason}");
        }
        _ => tracing::info!(stage, %date, worker, "{state} {rows}/{expected}"),
    }
}
