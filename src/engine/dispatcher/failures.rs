//! Failures of batches, dates and tasks: retried, split until the date at fault is alone, or given up.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::task::JoinError;
use tokio::time::Instant;

use crate::figures::counted;
use crate::ledger::{Settlement, UnitRecord, UnitState};
use crate::partition::Partition;
use crate::reason::bounded;
use crate::warehouse::{ErrorClass, WarehouseError};

use super::super::worker::{WorkerBatch, panic_message};
use super::super::{Event, StageError};
use super::{Dispatcher, Fatal, TaskKind};

impl Dispatcher {
    /// Handles the failure of a whole batch. A batch of several dates is split and retried without counting an attempt.
    pub(super) fn on_batch_failed(&mut self, batch: &WorkerBatch, error: &StageError) -> Result<(), Fatal> {
        self.close_intents(batch.stage, &[batch.intent])?;
        if let Some(rest) = self.backoff_after(error) {
            self.throttle_table(batch.stage, rest, error);
            self.put_back(batch);
        } else if error.class.stops_the_run() {
            self.put_back(batch);
            self.stop(bounded(&error.message));
        } else if let [date] = batch.dates[..] {
            self.on_date_failed(batch, date, error)?;
        } else if self.stages[batch.stage].queue.is_of_program() {
            self.on_call_failed(batch, error)?;
        } else {
            tracing::debug!(
                stage = self.stages[batch.stage].board.name,
                "splitting a batch of {}: {error}",
                counted(batch.dates.len(), "date")
            );
            self.split_batch(batch);
        }
        self.workers.drop_surplus();
        Ok(())
    }

    /// Handles the failure of a program's call for several dates. Its work can't be undone, so it is repeated only if that
    /// can help: unchanged after a pause, or in smaller calls, until the date at fault is alone.
    fn on_call_failed(&mut self, batch: &WorkerBatch, error: &StageError) -> Result<(), Fatal> {
        if error.class == ErrorClass::Unknown {
            for &date in &batch.dates {
                self.on_date_failed(batch, date, error)?;
            }
            return Ok(());
        }
        let attempt = self.count_attempt(batch);
        let pause = self.pause_after(attempt, error);
        let work = &self.stages[batch.stage];
        let Some((first, last)) = batch.dates.first().zip(batch.dates.last()) else {
            return Ok(());
        };
        let next = pause.map_or_else(
            || "repeating it in smaller calls".to_owned(),
            |pause| format!("retry in {:.1} s", pause.as_secs_f64()),
        );
        tracing::warn!(
            stage = work.board.name,
            date = %first,
            last_date = %last,
            worker = batch.slot + 1,
            "attempt {attempt} of a call for {}, {first} to {last}, failed ({}), {next}: {error}",
            counted(batch.dates.len(), "date"),
            error.class
        );
        let Some(pause) = pause else {
            self.split_batch(batch);
            return Ok(());
        };
        let reason: Arc<str> = Arc::from(bounded(&error.message));
        let work = &mut self.stages[batch.stage];
        for &date in &batch.dates {
            work.board.change(date, |unit| {
                unit.state = UnitState::Pending;
                unit.attempts = attempt;
                unit.reason = Some(Arc::clone(&reason));
            });
        }
        work.queue.retry_at(batch.dates.clone(), Instant::now() + pause);
        let stage = work.board.name.clone();
        self.emit(Event::CallRetried {
            stage,
            dates: batch.dates.clone(),
            attempt,
            class: error.class,
            message: bounded(&error.message),
            wait_ms: milliseconds(pause),
        });
        Ok(())
    }

    /// Counts a failed attempt of a call. Returns how often it has failed.
    fn count_attempt(&mut self, batch: &WorkerBatch) -> u32 {
        let units = &mut self.stages[batch.stage].units;
        let mut most = 0;
        for &date in &batch.dates {
            let unit = units.get_mut(date);
            unit.attempts += 1;
            most = most.max(unit.attempts);
        }
        most
    }

    /// The pause before the next attempt; `None` if this was the last one.
    pub(super) fn pause_after(&self, attempt: u32, error: &StageError) -> Option<Duration> {
        self.options
            .retry
            .pause_after(attempt, error.class, fastrand::f64())
    }

    /// How long to back off from the table after this error; `None` unless it is a quota error.
    pub(super) fn backoff_after(&self, error: &StageError) -> Option<Duration> {
        self.warehouse
            .quota_backoff()
            .filter(|_| error.class == ErrorClass::Quota)
    }

    pub(super) fn cancel_batch(&mut self, batch: &WorkerBatch) -> Result<(), Fatal> {
        self.close_intents(batch.stage, &[batch.intent])?;
        self.put_back(batch);
        Ok(())
    }

    pub(super) fn record_units(&mut self, at: usize, units: &[UnitRecord]) -> Result<(), Fatal> {
        let name = &self.stages[at].board.name;
        Ok((self.ledger).record_units(self.target, name, &self.run.id, units, Utc::now())?)
    }

    pub(super) fn close_intents(&mut self, at: usize, intents: &[i64]) -> Result<(), Fatal> {
        let settlement = Settlement {
            intents,
            ..Settlement::default()
        };
        let name = &self.stages[at].board.name;
        Ok((self.ledger).settle(self.target, name, &self.run.id, settlement, Utc::now())?)
    }

    /// Requeues a batch's dates, after a failure that is not theirs. A program's call keeps its size.
    fn put_back(&mut self, batch: &WorkerBatch) {
        let work = &mut self.stages[batch.stage];
        if !work.queue.is_of_program() {
            self.split_batch(batch);
            return;
        }
        for &date in &batch.dates {
            work.board.change(date, |unit| unit.state = UnitState::Pending);
        }
        work.queue.put_back(batch.dates.clone());
    }

    /// Requeues a batch's dates in smaller batches. Each has all its attempts.
    fn split_batch(&mut self, batch: &WorkerBatch) {
        let work = &mut self.stages[batch.stage];
        let is_of_program = work.queue.is_of_program();
        for &date in &batch.dates {
            if is_of_program {
                work.units.get_mut(date).attempts = 0;
            }
            work.board.change(date, |unit| {
                unit.state = UnitState::Pending;
                unit.attempts = if is_of_program { 0 } else { unit.attempts };
            });
        }
        work.queue.split(&batch.dates);
    }

    /// Handles the failure of one date: retries it after a backoff, or fails it.
    pub(super) fn on_date_failed(
        &mut self,
        batch: &WorkerBatch,
        date: Partition,
        error: &StageError,
    ) -> Result<(), Fatal> {
        let at = batch.stage;
        let whole = &error.message;
        let error = &error.bounded();
        if *whole != error.message {
            tracing::warn!(stage = self.stages[at].board.name, %date, "in full: {whole}");
        }
        let work = &mut self.stages[at];
        let unit = work.units.get_mut(date);
        unit.attempts += 1;
        let attempt = unit.attempts;
        self.ledger.record_failed_attempt(
            self.target,
            &work.board.name,
            &self.run.id,
            date,
            attempt,
            error.class.word(),
            &error.message,
            Utc::now(),
        )?;
        let Some(pause) = self.pause_after(attempt, error) else {
            return self.fail_date(at, date, attempt, error, Some(batch.slot));
        };
        self.retry_date(batch, date, attempt, pause, error);
        Ok(())
    }

    fn retry_date(
        &mut self,
        batch: &WorkerBatch,
        date: Partition,
        attempt: u32,
        pause: Duration,
        error: &StageError,
    ) {
        let work = &mut self.stages[batch.stage];
        let stage = work.board.name.clone();
        tracing::warn!(
            stage,
            %date,
            worker = batch.slot + 1,
            "attempt {attempt} failed ({}), retry in {:.1} s: {error}",
            error.class,
            pause.as_secs_f64()
        );
        work.queue.retry_at(vec![date], Instant::now() + pause);
        work.board.change(date, |unit| {
            unit.state = UnitState::Pending;
            unit.attempts = attempt;
            unit.reason = Some(Arc::from(error.message.as_str()));
        });
        self.emit(Event::UnitRetried {
            stage,
            date,
            attempt,
            class: error.class,
            message: error.message.clone(),
            wait_ms: milliseconds(pause),
        });
    }

    /// Fails a date that has no attempts left, or whose error a retry can't fix.
    pub(super) fn fail_date(
        &mut self,
        at: usize,
        date: Partition,
        attempts: u32,
        error: &StageError,
        slot: Option<usize>,
    ) -> Result<(), Fatal> {
        let work = &self.stages[at];
        let stored = work.board.unit(date);
        let source = work.units.source(date).unwrap_or(&self.options.source);
        let unit = UnitRecord {
            expected: stored.map_or(0, |unit| unit.expected),
            rows: stored.map_or(0, |unit| unit.rows),
            attempts,
            class: Some(error.class.word().to_owned()),
            reason: Some(error.message.clone()),
            ..UnitRecord::new(date, UnitState::Failed, source)
        };
        self.record_units(at, std::slice::from_ref(&unit))?;
        self.show_ended(at, &unit, slot);
        if error.class == ErrorClass::Code {
            self.count_repeated(at, error);
        }
        Ok(())
    }

    /// Handles a panicked task. A worker's batch is split until the date at fault is alone and fails.
    pub(super) fn on_panic(&mut self, kind: TaskKind, error: JoinError) -> Result<(), Fatal> {
        if matches!(kind, TaskKind::Recorder) {
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
        match kind {
            TaskKind::Step(what) => self.stop(format!("{what} panicked: {message}")),
            TaskKind::Background(what) => tracing::error!("{what} panicked: {message}"),
            TaskKind::Worker(batch, _) => {
                tracing::error!(worker = batch.slot + 1, "panicked: {message}");
                self.emit(Event::WorkerPanicked {
                    slot: batch.slot + 1,
                    message: bounded(&message),
                });
                self.workers.slots[batch.slot].end();
                self.on_batch_failed(&batch, &fault)?;
            }
            TaskKind::Commit(at, batches) => {
                tracing::error!("the writer panicked: {message}");
                self.stages[at].writer.free();
                for batch in &batches {
                    self.on_batch_failed(batch, &fault)?;
                }
            }
            TaskKind::Check(group, at) => self.on_check_panic(group, at, &message)?,
            TaskKind::Breakdown(at) => self.on_breakdown_panic(at, &message),
            TaskKind::Recorder => {}
        }
        Ok(())
    }
}

pub(super) fn milliseconds(pause: Duration) -> u64 {
    u64::try_from(pause.as_millis()).unwrap_or(u64::MAX)
}
