//! Batches: handed out to workers and computed.

use std::sync::Arc;

use chrono::{NaiveDate, Utc};
use tokio::time::Instant;

use crate::ledger::{Purpose, UnitState};

use super::super::unit_result::judge_unit;
use super::super::worker::{Batch, Computed, work};
use super::super::writer::Waiting;
use super::super::{Phase, StageError};
use super::{Dispatcher, Fatal, Refresh, TaskKind, TaskOutcome};

impl Dispatcher {
    /// Gives every idle worker a batch while there are any. The intent is recorded before the work starts.
    pub(super) fn start_batches(&mut self) -> Result<(), Fatal> {
        let mut handed: Vec<Vec<(usize, Vec<NaiveDate>)>> = vec![Vec::new(); self.stage_runs.len()];
        for slot in self.workers.idle() {
            let Some((at, dates)) = self.next_work() else {
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
        for at in (self.workers.turn..self.workers.turn + stages).map(|at| at % stages) {
            if self.may_hand_out(at)
                && let Some(dates) = self.next_batch(at)
            {
                self.workers.turn = at + 1;
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
        self.workers.slots[batch.slot].begin(&stage_run.board.name, &batch.dates, Utc::now());
        self.provenance.begin(&stage_run.board.name, &batch.dates);
        let stage = Arc::clone(&stage_run.stage);
        let source = (stage_run.units)
            .source(batch.dates[0])
            .map_or_else(|| Arc::clone(&self.source), Arc::from);
        let warehouse = self.charging(&Purpose::dates(stage.name()));
        let lanes = Arc::clone(&self.workers.lanes);
        let phases = self.workers.phases.clone();
        self.request_refresh(Refresh::Soon);
        let known = batch.clone();
        let kind = |task| TaskKind::Worker(known, task);
        self.tasks.spawn(kind, async move {
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
                self.workers.slots[batch.slot].end();
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
        self.workers.slots[slot].enter(Phase::Write);
        self.stage_runs[stage]
            .writer
            .join(Waiting::new(batch, unit_results));
        self.release_workers(stage);
        Ok(())
    }

    /// Frees workers whose rows fit in the next commit, so that they compute while the writer writes. The others wait,
    /// which limits the rows in memory.
    pub(super) fn release_workers(&mut self, at: usize) {
        self.workers.free(self.stage_runs[at].writer.release());
    }
}
