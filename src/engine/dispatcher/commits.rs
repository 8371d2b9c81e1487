//! Commits: started when a writer is free, then settled, or retried until their outcome is known.

use std::sync::Arc;

use chrono::Utc;
use tokio::time::Instant;

use crate::figures::counted;
use crate::ledger::{Purpose, Settled, Settlement, UnitRecord, UnitState};
use crate::warehouse::{ErrorClass, WarehouseError};

use super::super::writer::{Commit, Waiting, write};
use super::super::{Event, Phase, RetryPolicy, StageError};
use super::unit::RecordedBy;
use super::{CommitRecord, Dispatcher, Fatal, Refresh, TaskKind, TaskOutcome};

impl Dispatcher {
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
            let held = commit.parts.iter().filter(|part| part.is_held);
            self.workers.free(held.map(|part| part.batch.slot));
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
            self.workers
                .enter(self.stage_runs[at].writer.held(), Phase::Write);
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
            Ok(()) => self.settle(at, &commit),
            Err(error) => self.on_commit_failed(at, commit, &error.into()),
        }
    }

    /// Records a successful commit in the ledger, then updates the board and emits events.
    fn settle(&mut self, at: usize, commit: &Commit) -> Result<(), Fatal> {
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
        self.show_settled(at, commit, &settled);
        self.show_invalidated(invalidated);
        Ok(())
    }

    /// Shows the units of a commit, and takes larger batches from now on if the writer is the bottleneck.
    fn show_settled(&mut self, at: usize, commit: &Commit, settled: &[Settled]) {
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
        for part in &commit.parts {
            // The worker may have been removed since.
            if let Some(slot) = self.workers.slots.get_mut(part.batch.slot) {
                slot.count(part.unit_results.len() as u64);
            }
        }
        self.stage_runs[at].trouble.is_over();
        self.workers.drop_surplus();
        let stage_run = &mut self.stage_runs[at];
        if stage_run.writer.is_full() || stage_run.writer.in_line() * 2 >= self.workers.wanted {
            stage_run.queue.grow();
        }
    }

    /// Updates the board, logs and emits the end of a unit. Drains the run at the `--fail-fast` limit.
    pub(super) fn show_ended(&mut self, at: usize, unit: &UnitRecord, slot: Option<usize>) {
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
        self.give_up_commit(at, commit, error)
    }

    /// Fails the dates of a commit that has no attempts left, or handles its batches as failed.
    fn give_up_commit(&mut self, at: usize, commit: Commit, error: &StageError) -> Result<(), Fatal> {
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
        self.workers.drop_surplus();
        Ok(())
    }

    /// Keeps a commit unchanged and sends it again at `due`.
    fn hold_back(&mut self, at: usize, commit: Commit, due: Instant) {
        let writer = &mut self.stage_runs[at].writer;
        writer.rest(commit, due);
        self.workers.enter(writer.held(), Phase::Backoff);
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
