//! Starts the engine on its own named threads and returns the link to it: snapshots, events, commands.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::NaiveDate;
use futures_util::future::join;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;

use crate::fence::LeaseGuard;
use crate::ledger::{Ledger, LedgerError, RunState};
use crate::plan::Plan;
use crate::warehouse::Warehouse;

use super::dispatcher::Dispatcher;
use super::events::{EventLog, EventLogError};
use super::handover::{self, HandoverError};
use super::preflight::Catalog;
use super::{
    Access, Checks, Demand, Fact, Lineage, Link, Origin, Permits, RetryPolicy, Sample, Selection, Stage,
    StageError,
};

/// Name of the engine's threads, to tell their panics from those of the screen.
pub const THREAD_NAME: &str = "engine";

/// Events kept for a client on the control socket; one that falls further behind misses some.
const FACTS_KEPT: usize = 4_096;

/// Settings of a run.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub struct Options {
    /// Names the run in ledger and events.
    pub run_id: String,
    /// The dates of the run, ascending, without duplicates.
    pub dates: Vec<NaiveDate>,
    /// The source the stages read.
    pub source: String,
    /// Whether the operator named the source; units computed from another source are then rerun.
    pub source_is_explicit: bool,
    /// Workers at the start.
    pub workers: usize,
    /// Maximum number of dates per batch.
    pub largest_batch: usize,
    /// The operator's name, recorded with commands.
    pub operator: String,
    /// Pause before the first unit.
    pub paused: bool,
    /// Which units of these dates are due.
    pub work: Work,
    /// Let rows that miss the expectation replace stored rows.
    pub accept_short: bool,
    /// What to do with outdated units.
    pub on_change: OnChange,
    /// Run these checks once the units have finished, instead of those without a current result.
    pub ask: Option<Checks>,
    /// Stages approved in advance, for a plan that asks before they start.
    pub released: Vec<String>,
    /// Drain the run once this many units have failed.
    pub fail_fast: Option<u64>,
    /// What the run may do to tables that differ from the plan or belong to others.
    pub permits: Permits,
    /// Limits on billed bytes, where the warehouse bills.
    pub ceilings: Ceilings,
    /// Keep accepting commands after the end.
    pub stay: bool,
    /// Path of the control socket, if there is one; only shown.
    pub control: Option<String>,
    /// Number of attempts and pauses between them.
    pub retry: RetryPolicy,
}

impl Options {
    /// The part of the options that decides which units are due.
    #[must_use]
    pub fn demand(&self) -> Demand<'_> {
        Demand {
            work: &self.work,
            source: &self.source,
            source_is_explicit: self.source_is_explicit,
            on_change: self.on_change,
        }
    }
}

/// Limits on billed bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ceilings {
    /// Per job; the warehouse enforces it too.
    pub of_a_job: Option<u64>,
    /// For all jobs of the run.
    pub of_the_run: Option<u64>,
}

/// Which units of a run's dates are due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Units that the ledger doesn't record as done.
    Missing,
    /// All units, whatever the ledger says.
    Afresh,
    /// Only the selected units, whatever the ledger says.
    Only(Selection),
}

/// What a run of missing units does with outdated ones (computed with another definition of their stage).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnChange {
    /// Rerun them.
    Rerun,
    /// Keep their rows; they stay outdated.
    #[default]
    Keep,
    /// Ask the operator before the first unit.
    Ask,
}

/// Everything the engine needs to start a run.
#[derive(Debug)]
pub struct Setup {
    /// The plan.
    pub plan: Arc<Plan>,
    /// The stages of this run in plan order, at least one.
    pub stages: Vec<Arc<dyn Stage>>,
    /// Inputs and tables of all stages in the plan, including those outside this run.
    pub lineage: Lineage,
    /// The warehouse with the plan's tables.
    pub warehouse: Arc<dyn Warehouse>,
    /// The lease that keeps other hosts from writing, if there is one.
    pub lease_guard: Option<LeaseGuard>,
    /// The origin of the raw tables, if they can be reloaded.
    pub origin: Option<Arc<dyn Origin>>,
    /// The ledger that records progress.
    pub ledger: Ledger,
    /// Path of the event log.
    pub events: PathBuf,
    /// The preparation before the first unit, if there is any.
    pub prepare: Option<Box<dyn Prepare>>,
    /// The sample before the first unit, if requested.
    pub sample: Option<Sample>,
    /// Settings of the run.
    pub options: Options,
}

/// Work before the first unit, such as loading the feeds on first use.
#[async_trait]
pub trait Prepare: Send + Sync + std::fmt::Debug {
    /// What is being done, for the screen.
    fn what(&self) -> String;

    /// Does the work and updates the meter. Returns one sentence, or `None` if there was nothing to do.
    async fn prepare(&self, warehouse: &dyn Warehouse, meter: &Meter) -> Result<Option<String>, StageError>;
}

/// Progress of a preparation, shared with the dispatcher while it runs.
#[derive(Debug, Default)]
pub struct Meter {
    /// Steps done so far.
    pub done: AtomicUsize,
    /// Total steps; 0 while unknown.
    pub total: AtomicU32,
}

impl Meter {
    /// The share done, 0 to 1.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a share for the screen")]
    pub fn share(&self) -> f64 {
        match self.total.load(Ordering::Relaxed) {
            0 => 0.0,
            total => (self.done.load(Ordering::Relaxed) as f64 / f64::from(total)).min(1.0),
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// `Finished` or `Stopped`.
    pub state: RunState,
    /// One sentence for the operator.
    pub message: String,
    /// 0: all ok; 1: a unit or blocking check failed; 2: refused before the start; 3: ended early, can be resumed; 4:
    /// another run is at work.
    pub exit_code: u8,
}

/// The engine could not start.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The ledger could not be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The event log could not be opened.
    #[error(transparent)]
    Events(#[from] EventLogError),
    /// The progress recorded in the warehouse can't be imported.
    #[error(transparent)]
    Handover(#[from] HandoverError),
    /// The system could not start the engine's threads.
    #[error("cannot start the engine's threads ({0}); free some memory or raise the process limit")]
    Threads(#[from] std::io::Error),
}

/// A running engine.
#[derive(Debug)]
pub struct Engine {
    /// Snapshots, events and commands for the presenter in this process.
    pub link: Link,
    others: broadcast::Sender<Fact>,
    dispatcher: JoinHandle<Ending>,
    runtime: Runtime,
}

/// Starts the runtime on whose threads stages read and compute.
///
/// # Errors
/// If the system can't start threads.
pub fn threads() -> std::io::Result<Runtime> {
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    Builder::new_multi_thread()
        .worker_threads(processors.clamp(2, 4))
        .thread_name_fn(|| {
            static NEXT: AtomicUsize = AtomicUsize::new(1);
            format!("{THREAD_NAME}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
        })
        .enable_all()
        .build()
}

/// Imports progress recorded in the warehouse. Returns the message about the run being continued. Without a lease
/// nothing is imported, since another process may be recording.
async fn continued(
    lease_guard: Option<&LeaseGuard>,
    ledger: &mut Ledger,
    plan: &Plan,
    warehouse: &dyn Warehouse,
) -> Result<Option<String>, HandoverError> {
    if lease_guard.is_none() {
        return Ok(None);
    }
    let target = ledger.target(&plan.name, &warehouse.name())?;
    let imported = handover::take_over(ledger, target, plan, warehouse).await?;
    Ok(handover::continued(ledger, target, plan, &imported)?)
}

impl Engine {
    /// Starts a run.
    ///
    /// # Errors
    /// If the ledger or event log can't be used, or no thread can be started.
    pub fn launch(mut setup: Setup) -> Result<Self, LaunchError> {
        let runtime = threads()?;
        let (plan, warehouse) = (Arc::clone(&setup.plan), Arc::clone(&setup.warehouse));
        let (continued, catalog) = runtime.block_on(join(
            continued(
                setup.lease_guard.as_ref(),
                &mut setup.ledger,
                &plan,
                warehouse.as_ref(),
            ),
            Catalog::read(&setup.stages, warehouse.as_ref()),
        ));
        let continued = continued?;
        let (listener, facts) = mpsc::unbounded_channel();
        let (orders, incoming) = mpsc::channel(64);
        let (others, _) = broadcast::channel(FACTS_KEPT);
        let events = EventLog::open(
            &setup.events,
            setup.options.run_id.clone(),
            listener,
            others.clone(),
        )?;
        let mut dispatcher = Dispatcher::new(setup, events, incoming)?;
        dispatcher.continues(continued);
        // If reading the catalog failed here, preflight reads it again and reports the error.
        dispatcher.set_catalog(catalog.ok());
        let (updates, snapshots) = watch::channel(Arc::new(dispatcher.snapshot()));
        let dispatcher = runtime.spawn(dispatcher.run(updates));
        Ok(Self {
            link: Link {
                snapshots,
                facts,
                orders,
            },
            others,
            dispatcher,
            runtime,
        })
    }

    /// Access for clients that connect and disconnect during the run.
    #[must_use]
    pub fn access(&self) -> Access {
        Access {
            snapshots: self.link.snapshots.clone(),
            facts: self.others.clone(),
            orders: self.link.orders.clone(),
        }
    }

    /// Waits for the run to end and shuts the engine down, without waiting for aborted tasks.
    pub fn join(self) -> Ending {
        let Self {
            link,
            dispatcher,
            runtime,
            ..
        } = self;
        drop(link);
        let ending = runtime.block_on(dispatcher).unwrap_or_else(|error| Ending {
            state: RunState::Interrupted,
            message: format!(
                "the dispatcher crashed ({error}); recorded progress is safe, start again to resume"
            ),
            exit_code: 3,
        });
        runtime.shutdown_background();
        ending
    }
}
