//! Starts the engine on its own named threads and hands back the three ways to it: snapshots, facts, orders.

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

/// Threads of the engine carry this name, so that a panic on one of them is told from a panic of the screen.
pub const THREAD_NAME: &str = "engine";

/// Facts a reader behind a socket may be behind before it loses some.
const FACTS_KEPT: usize = 4_096;

/// How a run is to be done.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub struct Options {
    /// Names the run in ledger and events.
    pub run_id: String,
    /// The dates of the run, in order, each once.
    pub dates: Vec<NaiveDate>,
    /// The source the stages read.
    pub source: String,
    /// Whether the operator named the source; then units done from another source are done again.
    pub source_is_explicit: bool,
    /// Workers at the start.
    pub workers: usize,
    /// The most dates in a batch.
    pub largest_batch: usize,
    /// Who gives the orders, for what is recorded by name.
    pub operator: String,
    /// Hold before the first unit.
    pub paused: bool,
    /// Which units of these dates are due.
    pub work: Work,
    /// Let rows that miss the expectation replace stored ones.
    pub accept_short: bool,
    /// What becomes of units that another definition of their stage made.
    pub on_change: OnChange,
    /// Ask these checks once the units are through, instead of those without a current answer.
    pub ask: Option<Checks>,
    /// Stages that may begin without being asked for, though the plan says to ask.
    pub released: Vec<String>,
    /// Drain once this many units have failed.
    pub fail_fast: Option<u64>,
    /// What it may do to tables that are not as the plan has them.
    pub permits: Permits,
    /// The most that may be billed, where the warehouse bills.
    pub ceilings: Ceilings,
    /// Stay and take orders after the end.
    pub stay: bool,
    /// Where it takes orders from other processes, if it does; for those who want to know.
    pub control: Option<String>,
    /// How often and how long to wait.
    pub retry: RetryPolicy,
}

impl Options {
    /// What the run is asked to do.
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

/// The most bytes that may be billed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ceilings {
    /// For one job; the warehouse keeps to it too.
    pub of_a_job: Option<u64>,
    /// For all jobs of the run.
    pub of_the_run: Option<u64>,
}

/// Which units of a run's dates are due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Those the ledger does not know as done.
    Missing,
    /// All of them, whatever the ledger says.
    Afresh,
    /// Only these, whatever the ledger says.
    Only(Selection),
}

/// What a run of everything that is missing does with units that another definition of their stage made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnChange {
    /// They are rerun.
    Rerun,
    /// They keep their rows and stay outdated.
    #[default]
    Keep,
    /// The operator is asked before the first unit, and decides between the two.
    Ask,
}

/// Everything the engine needs.
#[derive(Debug)]
pub struct Setup {
    /// The plan.
    pub plan: Arc<Plan>,
    /// The stages of this run in plan order, at least one.
    pub stages: Vec<Arc<dyn Stage>>,
    /// What all stages of the plan read and fill, those that take no part included.
    pub lineage: Lineage,
    /// Where the tables are.
    pub warehouse: Arc<dyn Warehouse>,
    /// What keeps other hosts from writing meanwhile, if anything does.
    pub lease_guard: Option<LeaseGuard>,
    /// Where the raw tables come from, if they can be had again.
    pub origin: Option<Arc<dyn Origin>>,
    /// Where progress is kept.
    pub ledger: Ledger,
    /// Where facts are appended.
    pub events: PathBuf,
    /// What is to be done before the first unit.
    pub prepare: Option<Box<dyn Prepare>>,
    /// What is to be sampled before the first unit, if anything is.
    pub sample: Option<Sample>,
    /// How.
    pub options: Options,
}

/// Work before the first unit, such as loading the feeds on first use.
#[async_trait]
pub trait Prepare: Send + Sync + std::fmt::Debug {
    /// What is being done, for the screen.
    fn what(&self) -> String;

    /// Does it, moving the meter; answers with one sentence, or nothing if there was nothing to do.
    async fn prepare(&self, warehouse: &dyn Warehouse, meter: &Meter) -> Result<Option<String>, StageError>;
}

/// How far a preparation is; read by the dispatcher while it goes on.
#[derive(Debug, Default)]
pub struct Meter {
    /// Steps done, counted up by whoever does them.
    pub done: AtomicUsize,
    /// Steps in all; 0 as long as nobody knows.
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
    /// Finished or stopped.
    pub state: RunState,
    /// One sentence for the operator.
    pub message: String,
    /// 0 all is well, 1 a unit or a blocking check failed, 3 ended early and resumable.
    pub exit_code: u8,
}

/// The engine could not start.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The event log refused.
    #[error(transparent)]
    Events(#[from] EventLogError),
    /// The progress that the warehouse has recorded cannot be taken over.
    #[error(transparent)]
    Handover(#[from] HandoverError),
    /// No threads were to be had.
    #[error("cannot start the engine's threads ({0}); free some memory or raise the process limit")]
    Threads(#[from] std::io::Error),
}

/// A running engine.
#[derive(Debug)]
pub struct Engine {
    /// The ways to it, for whoever shows it in this process.
    pub link: Link,
    others: broadcast::Sender<Fact>,
    dispatcher: JoinHandle<Ending>,
    runtime: Runtime,
}

/// The threads on which stages read and compute.
///
/// # Errors
/// When the system has none to give.
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

/// Imports what the warehouse has recorded of the plan and says whose run is continued. Without a lease nothing is
/// imported: another process may be recording.
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
    /// When ledger or event log cannot be used, or no thread can be started.
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
        // The examination reads a catalog that failed here again, and reports why it fails.
        dispatcher.knows_catalog(catalog.ok());
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

    /// The ways to it for readers that come and go while it runs.
    #[must_use]
    pub fn access(&self) -> Access {
        Access {
            snapshots: self.link.snapshots.clone(),
            facts: self.others.clone(),
            orders: self.link.orders.clone(),
        }
    }

    /// Waits for the end and closes the engine. What a cut-off task still holds is not waited for.
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
