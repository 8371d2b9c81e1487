//! The single owner of a run's mutable state: every decision is made here.
//!
//! The loop waits for commands, finished tasks and timers. After each one it starts everything that can start.

mod asking;
mod batches;
mod breakdowns;
mod check_queue;
mod checking;
mod commits;
mod costs;
mod elsewhere;
mod ending;
mod estimating;
mod failures;
mod files;
mod invalidation;
mod looking;
mod mode;
mod orders;
mod outdated;
mod past;
mod preflight;
mod recording;
mod reloading;
mod rerunning;
mod sampling;
mod scoping;
mod setup;
mod snapshots;
mod sources;
mod stage_errors;
mod stages;
mod tasks;
mod ticking;
mod unit;
mod waiving;
mod workers;
mod workload;

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::fence::LeaseGuard;
use crate::ledger::{Ledger, LedgerError, RunRecord, Target};
use crate::own_file::FileTaken;
use crate::plan::Plan;
use crate::warehouse::{AbandonedJob, Warehouse};

use super::board::ActiveTime;
use super::elsewhere::Elsewhere;
use super::eta::EtaEstimator;
use super::events::EventLog;
use super::waiting_dates::WaitingDates;
use super::{Ending, Event, Options, Order, Origin, Provenance, Snapshot, UnitSample};
use breakdowns::Breakdowns;
use check_queue::{CheckGroup, CheckQueue};
use costs::Bills;
use files::RunFiles;
use mode::Mode;
use preflight::Preflight;
use recording::Recorder;
use snapshots::{Published, Refresh};
use tasks::{CheckTicket, Joined, TaskKind, TaskOutcome, Tasks};
use ticking::Runbook;
use workers::WorkerPool;
use workload::{ScopeState, StageWorkload};

pub use setup::Setup;

/// The ledger could not be written, or a file of the run is gone; the run must stop.
#[derive(Debug, thiserror::Error)]
enum Fatal {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    File(#[from] FileTaken),
}

pub(super) struct Dispatcher {
    plan: Arc<Plan>,
    warehouse: Arc<dyn Warehouse>,
    bills: Bills,
    lease_guard: Option<LeaseGuard>,
    /// `None` where the warehouse keeps no record of progress, or where no lease protects it.
    recorder: Option<Recorder>,
    ledger: Ledger,
    target: Target,
    options: Options,
    provenance: Provenance,
    waiting: WaitingDates,
    origin: Option<Arc<dyn Origin>>,
    run: RunRecord,
    mode: Mode,
    /// The operator asked to quit the process, not just to end the run.
    leaving: bool,
    stages: Vec<StageWorkload>,
    elsewhere: Elsewhere,
    workers: WorkerPool,
    checks: CheckQueue,
    /// The raw-data checks.
    sources: CheckQueue,
    /// How often raw rows have changed in this run.
    raw_changes: u64,
    breakdowns: Breakdowns,
    time: ActiveTime,
    eta: EtaEstimator,
    preflight: Preflight,
    tasks: Tasks,
    unit_samples: (
        mpsc::UnboundedSender<UnitSample>,
        mpsc::UnboundedReceiver<UnitSample>,
    ),
    orders: mpsc::Receiver<Order>,
    runbook: Runbook,
    events: EventLog,
    files: RunFiles,
    published: Published,
}

impl Dispatcher {
    fn stage(&self, name: &str) -> Option<&StageWorkload> {
        self.stages.iter().find(|work| work.board.name == name)
    }

    fn stage_names(&self) -> impl Iterator<Item = &str> + Clone {
        self.stages.iter().map(|work| work.board.name.as_str())
    }

    fn changes_of(&self, stage: &str) -> u64 {
        self.stage(stage).map_or(0, |work| work.changes)
    }

    /// Runs until the run has ended and no more commands are wanted.
    pub(super) async fn run(mut self, snapshots: watch::Sender<Arc<Snapshot>>) -> Ending {
        let ending = match self.live(&snapshots).await {
            Ok(ending) => ending,
            Err(fatal) => {
                tracing::error!("{fatal}");
                self.tasks.abort_all();
                let ending = self.fail(fatal.to_string());
                self.events.record();
                self.show(&snapshots);
                ending
            }
        };
        // Stopping a task also kills the program it runs. Without this wait the program could outlive the process.
        self.tasks.shutdown().await;
        cancel_abandoned(self.warehouse.as_ref()).await;
        if let Err(fatal) = self.collect_bills() {
            tracing::error!("cannot record the cost of cancelled jobs: {fatal}");
        }
        ending
    }

    async fn live(&mut self, snapshots: &watch::Sender<Arc<Snapshot>>) -> Result<Ending, Fatal> {
        self.begin()?;
        loop {
            self.finish_abort().await?;
            self.look_after_files()?;
            self.advance()?;
            self.renew_runbook()?;
            self.renew_elsewhere()?;
            self.collect_bills()?;
            self.sync_progress()?;
            self.events.record();
            self.publish_if_due(snapshots);
            if let Some(ending) = self.may_close() {
                self.publish(snapshots, true);
                return Ok(ending);
            }
            let wake = self.next_wake();
            self.report_workers();
            tokio::select! {
                biased;
                order = self.orders.recv(), if !self.is_abandoned() => if let Some(order) = order {
                    self.on_order(order)?;
                },
                Some((slot, phase)) = self.workers.reports.recv() => {
                    if let Some(slot) = self.workers.slots.get_mut(slot) {
                        slot.enter(phase);
                        self.request_refresh(Refresh::Soon);
                    }
                }
                Some(unit) = self.unit_samples.1.recv() => self.on_unit_sampled(unit),
                Some(joined) = self.tasks.next() => self.on_joined(joined)?,
                why = lease_lost(&mut self.lease_guard) => self.on_lease_lost(why),
                () = sleep_until(wake) => {}
            }
        }
    }

    fn on_joined(&mut self, joined: Joined) -> Result<(), Fatal> {
        self.request_refresh(Refresh::Soon);
        match self.tasks.outcome(joined) {
            Some(Ok(outcome)) => self.on_outcome(outcome),
            Some(Err((kind, error))) => self.on_panic(kind, error),
            None => Ok(()),
        }
    }

    fn on_outcome(&mut self, outcome: TaskOutcome) -> Result<(), Fatal> {
        match outcome {
            TaskOutcome::Prepared(result) => self.on_prepared(result),
            TaskOutcome::Examined(found) => self.on_examined(found),
            TaskOutcome::Looked(result) => self.on_looked(result),
            TaskOutcome::LookedAgain(answer, result) => self.on_looked_again(answer, result),
            TaskOutcome::TablesChanged(result) => self.on_tables_changed(result),
            TaskOutcome::Estimated(estimate, seconds) => self.on_estimated(estimate, seconds),
            TaskOutcome::Sampled(result, seconds) => self.on_sampled(result, seconds),
            TaskOutcome::Scoped(at, result) => self.on_scoped(at, result),
            TaskOutcome::Worked(batch, result) => self.on_worked(batch, result),
            TaskOutcome::Written(at, commit, result) => self.on_written(at, commit, result),
            TaskOutcome::Checked(group, ticket, result, seconds) => {
                self.on_checked(group, ticket, result, seconds)
            }
            TaskOutcome::BrokenDown(ticket, result) => {
                self.on_broken_down(ticket, result);
                Ok(())
            }
            TaskOutcome::Compared(answer, dates, found) => self.on_compared(answer, &dates, found),
            TaskOutcome::Corrected(answer, corrections, stale, result) => {
                self.on_corrected(answer, &corrections, stale, result)
            }
            TaskOutcome::Recorded(last, result) => self.on_recorded(last, result),
            TaskOutcome::Pruned => {
                self.on_pruned();
                Ok(())
            }
            TaskOutcome::Finished => Ok(()),
        }
    }

    fn spawn(&mut self, kind: TaskKind, task: impl Future<Output = TaskOutcome> + Send + 'static) {
        self.tasks.spawn(|_| kind, task);
    }

    fn emit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// The next moment at which something is due without a task or command to wake the loop.
    fn next_wake(&self) -> Option<Instant> {
        let refresh = self.published.next_due(self.preflight.preparing.is_some());
        // A retry needs a free worker. If all are busy, the one that finishes wakes the loop; no timer is needed.
        let worker_waits = self.mode.is_running() && !self.workers.idle().is_empty();
        let of_stages = self.stages.iter().enumerate().flat_map(|(at, work)| {
            let hands_out = worker_waits && self.may_hand_out(at);
            let retry = hands_out.then(|| work.queue.next_due()).flatten();
            let may_write = !work.writer.is_busy() && !work.errors.is_throttled();
            let commit = may_write.then(|| work.writer.next_due()).flatten();
            [retry, commit, work.errors.throttled_until()]
        });
        let others = [
            refresh,
            self.runbook.next_due(),
            self.next_sync(),
            Some(self.files.due),
        ];
        of_stages.flatten().chain(others.into_iter().flatten()).min()
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake).await,
        None => std::future::pending().await,
    }
}

/// Cancels jobs left running by aborted tasks and logs the result of each.
async fn cancel_abandoned(warehouse: &dyn Warehouse) -> Vec<AbandonedJob> {
    let jobs = warehouse.cancel_abandoned().await;
    for job in &jobs {
        tracing::warn!("{job}");
    }
    jobs
}

/// Resolves when the lease is lost; never, if there is no lease.
async fn lease_lost(lease_guard: &mut Option<LeaseGuard>) -> String {
    match lease_guard {
        Some(lease_guard) => lease_guard.lost().await,
        None => std::future::pending().await,
    }
}
