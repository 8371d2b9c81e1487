//! The operator's commands. Each is answered with one sentence.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::ledger::{Purpose, RunState};
use crate::partition::{Partition, PartitionError};
use crate::plan::MAX_WORKERS;
use crate::warehouse::{ErrorClass, Warehouse, WarehouseError};

use super::super::limit::times_as_long;
use super::super::stored::rows_of;
use super::super::{Command, Event, Fills, Order, Reply, Stage, StoredRows};
use super::mode::{HoldReason, Mode};
use super::{Dispatcher, Fatal, Refresh, TaskKind, TaskOutcome};
use crate::figures::{counted, is_or_are};

/// Refuses to pause or resume a run that is about to end.
const DRAINING: &str = "the run is draining and about to end";

impl Dispatcher {
    pub(super) fn on_order(&mut self, order: Order) -> Result<(), Fatal> {
        let Order { command, by, answer } = order;
        let by = by.unwrap_or_else(|| self.options.operator.clone());
        match command {
            Command::Inspect { stage, date } => self.inspect(&stage, date, answer),
            Command::Look if !self.mode.is_preparing() => self.look_again(answer)?,
            Command::Reload { dates } if !self.mode.is_preparing() => {
                match dates.at(self.plan.range.grain()) {
                    Ok(dates) => self.reload(dates.partitions().collect(), answer),
                    Err(error) => {
                        let _ = answer.send(Reply::Refused(error.to_string()));
                    }
                }
            }
            command => {
                let reply = self.handle(command, &by)?;
                // The client may have disconnected.
                let _ = answer.send(reply);
            }
        }
        Ok(())
    }

    fn handle(&mut self, command: Command, by: &str) -> Result<Reply, Fatal> {
        let refused = |sentence: &str| Ok(Reply::Refused(sentence.to_owned()));
        match command {
            Command::Pause => Ok(self.pause().into()),
            Command::Resume => self.resume_if_paused(by),
            Command::Answer { answer } => self.answer(&answer, by),
            Command::Rerun { .. } if matches!(self.mode, Mode::Preparing | Mode::Draining(_)) => {
                refused("can't rerun while the run is preparing or draining; try again in a moment")
            }
            Command::Rerun {
                selection,
                stage,
                source,
                accept_short,
            } => self.rerun(&selection, stage.as_deref(), source.as_deref(), accept_short),
            Command::Workers(number) => Ok(self.set_workers(number).into()),
            Command::Check(_) | Command::Breakdown { .. } if self.mode.is_preparing() => {
                refused("the tables are still being prepared; try again in a moment")
            }
            Command::Check(checks) => Ok(self.check(&checks).into()),
            Command::Breakdown { check } => Ok(self.run_breakdown(&check).into()),
            Command::Waive { check, reason } => self.waive(&check, reason.trim(), by),
            Command::Advance { stage } => self.release(stage.as_deref(), by),
            Command::Tick { item, done, note } => self.tick(&item, done, note.trim(), by),
            Command::Cancel => match self.mode {
                Mode::Preparing => refused("no date is in flight yet; use drain or abort to end the run"),
                Mode::Ended(_) => refused("the run has ended; no work to cancel"),
                _ => self.cancel().map(Reply::Accepted),
            },
            Command::Drain => Ok(Reply::Accepted(self.drain_and_leave().to_owned())),
            Command::Abort => Ok(Reply::Accepted(self.abort_and_leave()?.to_owned())),
            // Otherwise both are answered by a task of their own.
            Command::Inspect { .. } | Command::Reload { .. } | Command::Look => {
                refused("the run is still preparing; try again in a moment")
            }
        }
    }

    fn pause(&mut self) -> Result<String, String> {
        let refusal = match self.mode {
            Mode::Running => {
                self.hold(HoldReason::Operator);
                return Ok(match self.batches_in_flight() {
                    (0, _) => "pausing: nothing is in flight".to_owned(),
                    (batches, dates) => format!(
                        "pausing after {} ({})",
                        counted(batches, "batch"),
                        counted(dates, "date")
                    ),
                });
            }
            Mode::Preparing => {
                self.options.paused = true;
                return Ok("the run will pause before its first unit".to_owned());
            }
            Mode::Holding(_) => "the run is already paused; resume it",
            Mode::Draining(_) | Mode::Aborting(_) => DRAINING,
            Mode::Ended(_) => "the run has ended; nothing to pause",
        };
        Err(refusal.to_owned())
    }

    fn resume_if_paused(&mut self, by: &str) -> Result<Reply, Fatal> {
        let refusal = match self.mode {
            Mode::Holding(_) if self.needs_a_choice() => {
                return Ok(Reply::Refused(self.question_message()));
            }
            Mode::Holding(_) => {
                self.resume(None, by)?;
                return Ok(Reply::Accepted("resumed".to_owned()));
            }
            Mode::Preparing if self.options.paused => {
                self.options.paused = false;
                return Ok(Reply::Accepted(
                    "the run will continue after its preparation".to_owned(),
                ));
            }
            Mode::Running | Mode::Preparing => "the run is already running",
            Mode::Draining(_) | Mode::Aborting(_) => DRAINING,
            Mode::Ended(_) if self.run.state == RunState::Stopped && !self.leaving => {
                "the run was stopped; start backcourt again to resume it"
            }
            Mode::Ended(_) => "the run has ended; rerun dates to reopen it",
        };
        Ok(Reply::Refused(refusal.to_owned()))
    }

    fn drain_and_leave(&mut self) -> &'static str {
        self.leaving = true;
        if self.mode.has_ended() {
            return "closing";
        }
        self.drain("requested by the operator");
        "draining: finishing in-flight work, then ending"
    }

    fn abort_and_leave(&mut self) -> Result<&'static str, Fatal> {
        self.leaving = true;
        if self.mode.has_ended() {
            self.checks.clear();
            self.sources.clear();
            return Ok("closing");
        }
        self.abort()?;
        Ok("aborted; the next start redoes in-flight work")
    }

    fn set_workers(&mut self, number: usize) -> Result<String, String> {
        if !(1..=MAX_WORKERS).contains(&number) {
            return Err(format!(
                "{} {} out of range; give 1 to {MAX_WORKERS}",
                counted(number, "worker"),
                is_or_are(number)
            ));
        }
        let before = self.workers.wanted;
        let enough = self.limit().enough_workers();
        self.eta.change(times_as_long(enough, before, number));
        self.workers.resize(number);
        tracing::info!("workers: {before} to {number}");
        self.emit(Event::WorkersChanged {
            from: before,
            to: number,
        });
        self.request_refresh(Refresh::Now);
        Ok(counted(number, "worker"))
    }

    /// Reads the stored rows of a unit in its own task; the run doesn't wait for it.
    fn inspect(&mut self, stage: &str, date: Partition, answer: oneshot::Sender<Reply>) {
        let Some(work) = self.stage(stage) else {
            let refusal = crate::plan::with_hint("stage", stage, self.stage_names());
            let _ = answer.send(Reply::Refused(refusal));
            return;
        };
        if date.grain() != work.range.grain() {
            let refusal = PartitionError::OtherGrain(date, work.range.grain());
            let _ = answer.send(Reply::Refused(refusal.to_string()));
            return;
        }
        let stage = Arc::clone(&work.stage);
        let warehouse = self.charging(&Purpose::dates(stage.name()));
        self.spawn(TaskKind::Background("showing stored rows"), async move {
            let reply = match stored_rows(stage.as_ref(), warehouse.as_ref(), date).await {
                Ok(rows) => Reply::Rows(rows),
                Err(error) => Reply::Refused(error.message),
            };
            let _ = answer.send(reply);
            TaskOutcome::Finished
        });
    }

    /// Whether no more commands can arrive. A run that stays open for commands must end then, and the loop must not
    /// poll the closed channel: it is always ready and would starve everything else.
    pub(super) fn is_abandoned(&self) -> bool {
        self.orders.is_closed() && self.orders.is_empty()
    }
}

async fn stored_rows(
    stage: &dyn Stage,
    warehouse: &dyn Warehouse,
    date: Partition,
) -> Result<StoredRows, WarehouseError> {
    let mut parts = BTreeMap::new();
    let (columns, rows) = match stage.fills() {
        Fills::Computed(table) | Fills::Query(table, ..) => {
            let rows = rows_of(warehouse, table, date).await?;
            let columns = table.columns.iter().map(|column| column.name.to_string());
            let with_part = table.columns.iter();
            parts.extend(with_part.filter_map(|column| Some((column.name.to_string(), column.part?))));
            (columns.collect(), rows)
        }
        Fills::Counted(table) => {
            let sql = format!(
                "SELECT * FROM `{}` WHERE {}",
                table.path,
                table.column().is_in(&[date])
            );
            let answer = warehouse.query(&sql).await?;
            (answer.columns, answer.rows)
        }
        Fills::Nothing => {
            let sentence = format!("stage {} fills no table; no rows to show", stage.name());
            return Err(WarehouseError::new(ErrorClass::Data, sentence));
        }
    };
    let rows = rows
        .iter()
        .map(|row| row.iter().map(ToString::to_string).collect());
    // Without the expected rows, the stored rows can still be shown.
    let groups = (stage.groups(warehouse, date).await)
        .inspect_err(|error| {
            tracing::warn!("cannot determine the expected rows of {date}: {}", error.message);
        })
        .unwrap_or_default();
    Ok(StoredRows {
        columns,
        rows: rows.collect(),
        parts,
        groups,
    })
}
