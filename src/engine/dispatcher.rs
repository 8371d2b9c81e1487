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
mod invalidation;
mod mode;
mod orders;
mod outdated;
mod preflight;
mod recording;
mod reloading;
mod rerunning;
mod sampling;
mod scoping;
mod snapshots;
mod sources;
mod stage_run;
mod stages;
mod tasks;
mod ticking;
mod trouble;
mod unit;
mod waiving;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::fence::LeaseGuard;
use crate::ledger::{Ledger, LedgerError, Purpose, RunRecord, RunState, Target};
use crate::plan::{CheckSpec, Plan};
use crate::warehouse::{AbandonedJob, Warehouse};

use super::board::{ActiveTime, check_views};
use super::elsewhere::Elsewhere;
use super::eta::EtaEstimator;
use super::events::{EventLog, EventLogError};
use super::{
    CheckView, Ending, Event, Known, Lineage, Options, Order, Origin, Provenance, Sample, Setup, Snapshot,
    Stage, UnitSample,
};
use breakdowns::Breakdowns;
use check_queue::CheckQueue;
use costs::Bills;
use mode::Mode;
use preflight::Preflight;
use recording::Recorder;
use stage_run::{ScopeState, StageRun, stage_runs};
use tasks::{CheckTicket, Joined, TaskKind, TaskOutcome, Tasks};
use ticking::Runbook;
use workers::Workers;

pub(super) use recording::CommitRecord;

/// Minimum time between snapshots; [`Refresh::Now`] ignores it.
const REFRESH_GAP: Duration = Duration::from_millis(100);

/// How soon the next snapshot must be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Refresh {
    Current,
    Soon,
    Now,
}

/// The ledger or the event log could not be written; the run must stop.
#[derive(Debug, thiserror::Error)]
enum Fatal {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Events(#[from] EventLogError),
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
    lineage: Lineage,
    provenance: Provenance,
    origin: Option<Arc<dyn Origin>>,
    source: Arc<str>,
    run: RunRecord,
    mode: Mode,
    /// The operator asked to quit the process, not just to end the run.
    leaving: bool,
    stage_runs: Vec<StageRun>,
    elsewhere: Elsewhere,
    workers: Workers,
    checks: CheckQueue,
    /// The raw-data checks.
    sources: CheckQueue,
    /// How often raw rows have changed in this run.
    raw_changes: u64,
    breakdowns: Breakdowns,
    time: ActiveTime,
    eta: EtaEstimator,
    /// Message about the run being continued, until it is emitted.
    continued: Option<String>,
    preflight: Preflight,
    tasks: Tasks,
    samples: mpsc::UnboundedSender<UnitSample>,
    sample_reports: mpsc::UnboundedReceiver<UnitSample>,
    orders: mpsc::Receiver<Order>,
    runbook: Runbook,
    events: EventLog,
    emitted: Vec<Event>,
    refresh: Refresh,
    published_at: Instant,
    version: u64,
}

impl Dispatcher {
    pub(super) fn new(
        setup: Setup,
        events: EventLog,
        orders: mpsc::Receiver<Order>,
    ) -> Result<Self, LedgerError> {
        let Setup {
            plan,
            stages,
            warehouse,
            lease_guard,
            mut ledger,
            lineage,
            origin,
            prepare,
            sample,
            options,
            ..
        } = setup;
        let target = ledger.target(&plan.name, &warehouse.name())?;
        let takes_part = |check: &&CheckSpec| stages.iter().any(|stage| stage.name() == check.stage);
        let checks = check_views(&plan, plan.checks.iter().filter(takes_part), &ledger, target)?;
        let sources = check_views(&plan, plan.sources.iter(), &ledger, target)?;
        let breakdowns = Breakdowns::of(&plan, &checks);
        let begun = ledger.begun_stages(target)?;
        let bills = Bills::open(
            warehouse.as_ref(),
            purposes(&stages, checks.iter().chain(&sources)),
            ledger.costs(target)?,
        );
        let done = ledger.tallies(target, &plan)?;
        let stage_runs = stage_runs(&plan, stages, &options, &begun, &done, warehouse.values_at_once());
        let before = ledger.seconds_per_unit(target)?;
        let eta = EtaEstimator::of(stage_runs.iter().map(|run| before.get(&run.board.name).copied()));
        let run = record_of(&plan, &options, warehouse.name());
        let provenance = Provenance::read(lineage.clone(), &ledger, target)?;
        let with_known = |sample: Sample| Ok((Known::read(&ledger, target, &sample.every)?, sample));
        let sample = sample.map(with_known).transpose()?;
        let records = warehouse.records().filter(|_| lease_guard.is_some());
        let recorder = records
            .map(|_| Recorder::begin(&mut ledger, target))
            .transpose()?;
        ledger.begin_run(target, &run)?;
        let (samples, sample_reports) = mpsc::unbounded_channel();
        let mut dispatcher = Self {
            source: Arc::from(options.source.as_str()),
            workers: Workers::new(options.workers, warehouse.lanes()),
            plan,
            warehouse,
            bills,
            lease_guard,
            recorder,
            ledger,
            target,
            options,
            lineage,
            provenance,
            origin,
            run,
            mode: Mode::Preparing,
            leaving: false,
            stage_runs,
            elsewhere: Elsewhere::default(),
            checks: CheckQueue::of(checks, checking::ABREAST),
            sources: CheckQueue::of(sources, sources::ABREAST),
            raw_changes: 0,
            breakdowns,
            time: ActiveTime::default(),
            eta,
            continued: None,
            preflight: Preflight {
                prepare,
                sample,
                ..Preflight::default()
            },
            tasks: Tasks::default(),
            samples,
            sample_reports,
            orders,
            runbook: Runbook::default(),
            events,
            emitted: Vec::new(),
            refresh: Refresh::Current,
            published_at: Instant::now(),
            version: 0,
        };
        dispatcher.show_costs();
        dispatcher.elsewhere = dispatcher.read_elsewhere()?;
        dispatcher.remember_earlier_runs()?;
        Ok(dispatcher)
    }

    /// Sets the message to emit at the start when this run continues another one.
    pub(super) fn continues(&mut self, message: Option<String>) {
        self.continued = message;
    }

    /// The stage of this run with this name.
    fn stage_run(&self, name: &str) -> Option<&StageRun> {
        self.stage_runs
            .iter()
            .find(|stage_run| stage_run.board.name == name)
    }

    fn stage_names(&self) -> impl Iterator<Item = &str> + Clone {
        self.stage_runs
            .iter()
            .map(|stage_run| stage_run.board.name.as_str())
    }

    /// How often stored rows of this stage have changed in this run.
    fn changes_of(&self, stage: &str) -> u64 {
        self.stage_run(stage).map_or(0, |stage_run| stage_run.changes)
    }

    /// Runs until the run has ended and no more commands are wanted.
    pub(super) async fn run(mut self, snapshots: watch::Sender<Arc<Snapshot>>) -> Ending {
        let ending = match self.live(&snapshots).await {
            Ok(ending) => ending,
            Err(fatal) => {
                tracing::error!("{fatal}");
                self.tasks.abort_all();
                let ending = self.cannot_go_on(fatal.to_string());
                let emitted = std::mem::take(&mut self.emitted);
                self.events.record_what_can_be(emitted);
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
            self.advance()?;
            self.renew_runbook()?;
            self.renew_elsewhere()?;
            self.collect_bills()?;
            self.sync_progress()?;
            let emitted = std::mem::take(&mut self.emitted);
            self.events.record(emitted)?;
            self.publish_if_due(snapshots)?;
            if let Some(ending) = self.may_close() {
                self.publish(snapshots, true)?;
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
                Some(unit) = self.sample_reports.recv() => self.show_sample(Event::UnitSampled(unit)),
                Some(joined) = self.tasks.next() => self.on_joined(joined)?,
                why = lost(&mut self.lease_guard) => self.on_lease_lost(why),
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

    fn on_outcome(&mut self, report: TaskOutcome) -> Result<(), Fatal> {
        match report {
            TaskOutcome::Prepared(result) => self.on_prepared(result),
            TaskOutcome::Examined(found) => self.on_examined(found),
            TaskOutcome::Settled(result) => self.on_settled(result),
            TaskOutcome::Estimated(estimate, seconds) => self.on_estimated(estimate, seconds),
            TaskOutcome::Sampled(result, seconds) => self.on_sampled(result, seconds),
            TaskOutcome::Scoped(stage_run, result) => self.on_scoped(stage_run, result),
            TaskOutcome::Worked(batch, result) => self.on_worked(batch, result),
            TaskOutcome::Written(stage_run, commit, result) => self.on_written(stage_run, commit, result),
            TaskOutcome::Checked(asked, result, seconds) => self.on_checked(asked, result, seconds),
            TaskOutcome::SourceChecked(asked, result, seconds) => {
                self.on_source_checked(asked, result, seconds)
            }
            TaskOutcome::BrokenDown(asked, result) => {
                self.on_broken_down(asked, result);
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
            TaskOutcome::Answered => Ok(()),
        }
    }

    fn spawn(&mut self, kind: TaskKind, task: impl Future<Output = TaskOutcome> + Send + 'static) {
        self.tasks.spawn(|_| kind, task);
    }

    fn emit(&mut self, event: Event) {
        self.emitted.push(event);
    }

    fn request_refresh(&mut self, refresh: Refresh) {
        self.refresh = self.refresh.max(refresh);
    }

    fn publish_if_due(&mut self, snapshots: &watch::Sender<Arc<Snapshot>>) -> Result<(), Fatal> {
        let is_due = match self.refresh {
            Refresh::Current => false,
            Refresh::Soon => self.published_at.elapsed() >= REFRESH_GAP,
            Refresh::Now => true,
        };
        if is_due {
            self.publish(snapshots, false)?;
        }
        Ok(())
    }

    fn publish(&mut self, snapshots: &watch::Sender<Arc<Snapshot>>, is_last: bool) -> Result<(), Fatal> {
        let snapshot = self.show(snapshots);
        Ok(self.events.checkpoint(&snapshot, is_last)?)
    }

    fn show(&mut self, snapshots: &watch::Sender<Arc<Snapshot>>) -> Arc<Snapshot> {
        self.version += 1;
        self.refresh = Refresh::Current;
        self.published_at = Instant::now();
        let snapshot = Arc::new(self.snapshot());
        snapshots.send_replace(Arc::clone(&snapshot));
        snapshot
    }

    /// The next moment at which something is due without a task or command to wake the loop.
    fn next_wake(&self) -> Option<Instant> {
        let is_behind = self.refresh != Refresh::Current || self.preflight.preparing.is_some();
        let refresh = is_behind.then(|| self.published_at + REFRESH_GAP);
        // A retry needs a free worker. If all are busy, the one that finishes wakes the loop; no timer is needed.
        let worker_waits = self.mode.is_running() && !self.workers.idle().is_empty();
        let lines = self.stage_runs.iter().enumerate().flat_map(|(at, stage_run)| {
            let hands_out = worker_waits && self.may_hand_out(at);
            let resting = hands_out.then(|| stage_run.queue.next_due()).flatten();
            let may_write = !stage_run.writer.is_busy() && !stage_run.trouble.is_parked();
            let commit = may_write.then(|| stage_run.writer.next_due()).flatten();
            [resting, commit, stage_run.trouble.parked_until()]
        });
        lines
            .flatten()
            .chain(refresh)
            .chain(self.runbook.next_due())
            .chain(self.next_sync())
            .min()
    }
}

/// The ledger's record of a run that starts now.
fn record_of(plan: &Plan, options: &Options, warehouse: String) -> RunRecord {
    RunRecord {
        id: options.run_id.clone(),
        plan: plan.name.clone(),
        warehouse,
        pid: std::process::id(),
        state: RunState::Running,
        source: options.source.clone(),
        workers: u32::try_from(options.workers).unwrap_or(u32::MAX),
        dates: options.dates.clone(),
        started_at: Utc::now(),
        ended_at: None,
        ending: None,
    }
}

/// Everything billed separately: each stage, each check, and the rest.
fn purposes<'a>(
    stages: &[Arc<dyn Stage>],
    checks: impl Iterator<Item = &'a CheckView>,
) -> impl Iterator<Item = Purpose> {
    let stages = stages.iter().map(|stage| Purpose::dates(stage.name()));
    let checks = checks.map(|check| Purpose::check(&check.stage, &check.name));
    stages.chain(checks).chain([Purpose::default()])
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
async fn lost(lease_guard: &mut Option<LeaseGuard>) -> String {
    match lease_guard {
        Some(lease_guard) => lease_guard.lost().await,
        None => std::future::pending().await,
    }
}
