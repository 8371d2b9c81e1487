//! Commits: started when a writer is free, then settled, or retried until their outcome is known.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::time::Instant;

use crate::figures::counted;
use crate::ledger::{Purpose, Settled, Settlement, UnitRecord, UnitState};
use crate::reason::bounded;
use crate::warehouse::{ErrorClass, WarehouseError};

use super::super::writer::{Commit, CommitRecord, QueuedBatch, write};
use super::super::{Event, Phase, RetryPolicy, StageError};
use super::failures::milliseconds;
use super::unit::RecordedBy;
use super::{Dispatcher, Fatal, Refresh, TaskKind, TaskOutcome};

impl Dispatcher {
    pub(super) fn start_commits(&mut self) {
        for at in 0..self.stages.len() {
            let work = &mut self.stages[at];
            if work.errors.is_throttled() {
                continue;
            }
            let Some(mut commit) = work.writer.take(Instant::now()) else {
                continue;
            };
            let waiting_slots = commit.parts.iter().filter(|part| part.worker_waits);
            self.workers.free(waiting_slots.map(|part| part.batch.slot));
            let name = commit.name(&self.run.id);
            commit.record = self.record_of(at, &commit);
            commit.is_first = self.is_first(at, &commit);
            let work = &self.stages[at];
            let stage = Arc::clone(&work.stage);
            let warehouse = self.charging(&Purpose::dates(stage.name()));
            let batches = commit.parts.iter().map(QueuedBatch::for_retry).collect();
            self.spawn(TaskKind::Commit(at, batches), async move {
                let (commit, result) = write(commit, name, stage, warehouse, Utc::now()).await;
                TaskOutcome::Written(at, commit, result)
            });
            self.workers
                .enter(self.stages[at].writer.waiting_slots(), Phase::Write);
            self.release_workers(at);
        }
    }

    pub(super) fn on_written(
        &mut self,
        at: usize,
        commit: Commit,
        result: Result<(), WarehouseError>,
    ) -> Result<(), Fatal> {
        self.stages[at].writer.free();
        match result {
            Ok(()) => self.settle(at, &commit),
            Err(error) => self.on_commit_failed(at, commit, &error.into()),
        }
    }

    /// Records a successful commit in the ledger, then updates the board and emits events.
    fn settle(&mut self, at: usize, commit: &Commit) -> Result<(), Fatal> {
        let name = self.stages[at].board.name.clone();
        let intents: Vec<i64> = commit.parts.iter().map(|part| part.batch.intent).collect();
        let mut settled: Vec<_> = commit.results().map(|result| result.settled.clone()).collect();
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
        self.emit(Event::Committed {
            stage: name,
            dates: commit.dates(),
        });
        self.show_settled(at, commit, &settled);
        self.show_invalidated(invalidated);
        Ok(())
    }

    /// Shows the units of a commit, and takes larger batches from now on if the writer is the bottleneck.
    fn show_settled(&mut self, at: usize, commit: &Commit, settled: &[Settled]) {
        let slot_of = |part: &QueuedBatch| vec![part.batch.slot; part.results.len()];
        let slots = commit.parts.iter().flat_map(slot_of);
        for (settled, slot) in settled.iter().zip(slots) {
            let work = &mut self.stages[at];
            work.units.get_mut(settled.unit.date).is_outdated = false;
            if let Some(gaps) = &settled.gaps {
                work.board.show_gaps(settled.unit.date, gaps);
            }
            self.show_ended(at, &settled.unit, Some(slot));
        }
        for part in &commit.parts {
            // The worker may have been removed since.
            if let Some(slot) = self.workers.slots.get_mut(part.batch.slot) {
                slot.count(part.results.len() as u64);
            }
        }
        self.stages[at].errors.reset_counts();
        self.workers.drop_surplus();
        let work = &mut self.stages[at];
        if work.writer.is_full() || work.writer.queued() * 2 >= self.workers.wanted {
            work.queue.grow();
        }
    }

    /// Updates the board, logs and emits the end of a unit. Drains the run at the `--fail-fast` limit.
    pub(super) fn show_ended(&mut self, at: usize, unit: &UnitRecord, slot: Option<usize>) {
        let work = &mut self.stages[at];
        let remembered = work.units.get_mut(unit.date);
        remembered.attempts = 0;
        remembered.stored_source = (unit.source != self.options.source).then(|| unit.source.clone());
        remembered.recorded = Some(RecordedBy::ThisRun {
            needs_attention: unit.state.needs_attention(),
        });
        work.board.show(unit);
        let stage = work.board.name.clone();
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
            let failed: usize = self.stages.iter().map(|work| work.units.failed()).sum();
            if failed as u64 >= limit {
                self.drain(&format!("{} failed", counted(failed, "unit")));
            }
        }
    }

    fn on_commit_failed(&mut self, at: usize, mut commit: Commit, error: &StageError) -> Result<(), Fatal> {
        if error.class == ErrorClass::Unknown {
            self.look_up_later(at, commit, error);
            return Ok(());
        }
        commit.was_refused();
        if let Some(rest) = self.backoff_after(error) {
            let until = self.throttle_table(at, rest, error);
            self.resend_later(at, commit, until);
            return Ok(());
        }
        commit.attempts += 1;
        let name = self.stages[at].board.name.clone();
        if let Some(pause) = self.pause_after(commit.attempts, error) {
            tracing::warn!(
                stage = name,
                "commit failed ({}), retry in {:.1} s: {error}",
                error.class,
                pause.as_secs_f64()
            );
            self.show_retried(at, &commit, commit.attempts, error, pause);
            self.resend_later(at, commit, Instant::now() + pause);
            return Ok(());
        }
        if commit.parts.len() > 1 && !error.class.retries() && !error.class.stops_the_run() {
            tracing::warn!(
                stage = name,
                "commit failed ({}), trying its batches one by one: {error}",
                error.class
            );
            self.stages[at].writer.split(commit, Instant::now());
            return Ok(());
        }
        self.fail_commit(at, commit, error)
    }

    /// Fails the dates of a commit that has no attempts left, or handles its batches as failed.
    fn fail_commit(&mut self, at: usize, commit: Commit, error: &StageError) -> Result<(), Fatal> {
        for part in commit.parts {
            if error.class.retries() {
                self.close_intents(at, &[part.batch.intent])?;
                for result in &part.results {
                    let date = result.date();
                    self.fail_date(at, date, commit.attempts, error, Some(part.batch.slot))?;
                }
            } else {
                self.on_batch_failed(&part.for_retry(), error)?;
            }
        }
        self.workers.drop_surplus();
        Ok(())
    }

    /// Keeps a commit unchanged and sends it again at `due`.
    fn resend_later(&mut self, at: usize, commit: Commit, due: Instant) {
        let writer = &mut self.stages[at].writer;
        writer.resend_at(commit, due);
        self.workers.enter(writer.waiting_slots(), Phase::Backoff);
    }

    /// Handles a commit with an unknown outcome: looks it up under the same name, with growing pauses and no limit.
    fn look_up_later(&mut self, at: usize, mut commit: Commit, error: &StageError) {
        let error = &error.bounded();
        commit.unknown_sends += 1;
        let patient = RetryPolicy {
            attempts: u32::MAX,
            ..self.options.retry
        };
        let pause = patient
            .pause_after(commit.unknown_sends, ErrorClass::Transient, fastrand::f64())
            .unwrap_or(patient.longest_pause);
        let work = &mut self.stages[at];
        tracing::warn!(
            stage = work.board.name,
            "outcome of a commit unknown, checking again in {:.1} s: {error}",
            pause.as_secs_f64()
        );
        for result in commit.results() {
            work.board.change(result.date(), |unit| {
                unit.state = UnitState::Unknown;
                unit.reason = Some(Arc::from(error.message.as_str()));
            });
        }
        self.show_retried(at, &commit, commit.unknown_sends, error, pause);
        self.resend_later(at, commit, Instant::now() + pause);
    }

    fn show_retried(
        &mut self,
        at: usize,
        commit: &Commit,
        attempt: u32,
        error: &StageError,
        pause: Duration,
    ) {
        let stage = self.stages[at].board.name.clone();
        self.emit(Event::CommitRetried {
            stage,
            dates: commit.dates(),
            attempt,
            class: error.class,
            message: bounded(&error.message),
            wait_ms: milliseconds(pause),
        });
    }
}

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
