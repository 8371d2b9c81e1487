//! Batches: handed out to workers and computed.

use std::sync::Arc;

use chrono::Utc;
use tokio::time::Instant;

use crate::ledger::{Purpose, UnitState};
use crate::partition::Partition;

use super::super::worker::{BatchWork, ComputedBatch, WorkerBatch, compute_batch};
use super::super::writer::QueuedBatch;
use super::super::{Phase, StageError};
use super::{Dispatcher, Fatal, Refresh, TaskKind, TaskOutcome};

impl Dispatcher {
    /// Gives every idle worker a batch while there are any. The intent is recorded before the work starts.
    pub(super) fn start_batches(&mut self) -> Result<(), Fatal> {
        let mut handed: Vec<Vec<(usize, Vec<Partition>)>> = vec![Vec::new(); self.stages.len()];
        for slot in self.workers.idle() {
            // The dates of a stage that depends on its past run one batch after the other.
            let is_busy = |at: usize| !handed[at].is_empty();
            let Some((at, dates)) = self.next_work(is_busy) else {
                break;
            };
            handed[at].push((slot, dates));
        }
        for (at, handed) in handed
            .into_iter()
            .enumerate()
            .filter(|(_, handed)| !handed.is_empty())
        {
            let batches: Vec<_> = handed.iter().map(|(_, dates)| dates.clone()).collect();
            let name = self.stages[at].board.name.clone();
            let intents = self
                .ledger
                .intend(self.target, &name, &self.run.id, &batches, Utc::now())?;
            let waiting = self.stages[at].queue.waiting();
            let upcoming: Arc<[Partition]> = batches.iter().flatten().copied().chain(waiting).collect();
            for ((slot, dates), intent) in handed.into_iter().zip(intents) {
                let batch = WorkerBatch {
                    slot,
                    stage: at,
                    intent: intent.id,
                    dates,
                };
                self.start_batch(batch, Arc::clone(&upcoming));
            }
        }
        Ok(())
    }

    /// The next batch. Stages that can run side by side take turns, so that none starves.
    fn next_work(&mut self, is_busy: impl Fn(usize) -> bool) -> Option<(usize, Vec<Partition>)> {
        let stages = self.stages.len();
        for at in (self.workers.turn..self.workers.turn + stages).map(|at| at % stages) {
            let depends_on_past = self.stages[at].stage.depends_on_past();
            if self.may_hand_out(at)
                && !(depends_on_past && (is_busy(at) || !self.may_continue(at)))
                && let Some(dates) = self.next_batch(at)
            {
                self.workers.turn = at + 1;
                return Some((at, dates));
            }
        }
        None
    }

    /// The next dates of the stage, cut where the source changes: a batch has one source.
    fn next_batch(&mut self, at: usize) -> Option<Vec<Partition>> {
        let work = &mut self.stages[at];
        let mut dates = work.queue.take(Instant::now())?;
        let source = work.units.source(dates[0]);
        let others = dates.iter().position(|date| work.units.source(*date) != source);
        if let Some(first) = others {
            for date in dates.split_off(first) {
                work.queue.add(date);
            }
        }
        Some(dates)
    }

    fn start_batch(&mut self, batch: WorkerBatch, upcoming: Arc<[Partition]>) {
        let work = &mut self.stages[batch.stage];
        let shows_waiting = work.stage.depends_on_past();
        for &date in &batch.dates {
            work.board.change(date, |unit| {
                unit.state = UnitState::Running;
                if shows_waiting && unit.attempts == 0 {
                    unit.reason = None;
                }
            });
        }
        self.workers.slots[batch.slot].begin(&work.board.name, &batch.dates, Utc::now());
        self.provenance.begin(&work.board.name, &batch.dates);
        let stage = Arc::clone(&work.stage);
        let work = BatchWork {
            reader: Arc::clone(work.reader.get_or_insert_with(|| stage.reader())),
            source: Arc::from(work.units.source(batch.dates[0]).unwrap_or(&self.options.source)),
            warehouse: self.charging(&Purpose::dates(stage.name())),
            upcoming,
            lanes: (stage.calls().is_none()).then(|| Arc::clone(&self.workers.lanes)),
            phases: self.workers.phases.clone(),
            stage,
        };
        self.request_refresh(Refresh::Soon);
        let known = batch.clone();
        let kind = |task| TaskKind::Worker(known, task);
        self.tasks.spawn(kind, async move {
            let (batch, result) = compute_batch(batch, work).await;
            TaskOutcome::Worked(batch, result)
        });
    }

    pub(super) fn on_worked(
        &mut self,
        batch: WorkerBatch,
        result: Result<ComputedBatch, StageError>,
    ) -> Result<(), Fatal> {
        let computed = match result {
            Ok(computed) => computed,
            Err(error) => {
                self.workers.slots[batch.slot].end();
                return self.on_batch_failed(&batch, &error);
            }
        };
        let work = &self.stages[batch.stage];
        let mut results = Vec::with_capacity(computed.dates.len());
        let mut failed = Vec::new();
        for (date, result) in computed.dates {
            match result {
                Ok((result, notes)) => {
                    for note in notes {
                        tracing::debug!(stage = work.board.name, %date, worker = batch.slot + 1, "{note}");
                    }
                    let unit = work.units.get(date);
                    let attempts = unit.map_or(0, |unit| unit.attempts) + 1;
                    let accepts_short = unit.is_some_and(|unit| unit.accepts_short);
                    results.push(result.of_attempt(attempts, accepts_short));
                }
                Err(error) => failed.push((date, error)),
            }
        }
        for (date, error) in failed {
            self.on_date_failed(&batch, date, &error)?;
        }
        let (slot, stage) = (batch.slot, batch.stage);
        self.workers.slots[slot].enter(Phase::Write);
        self.stages[stage]
            .writer
            .join(QueuedBatch::new(batch, results, computed.read_slot));
        self.release_workers(stage);
        Ok(())
    }

    /// Frees workers whose rows fit in the next commit. The others wait, which limits the rows in memory.
    pub(super) fn release_workers(&mut self, at: usize) {
        self.workers.free(self.stages[at].writer.release());
    }
}
