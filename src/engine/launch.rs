//! Starts the engine on its own named threads and returns the link to it: snapshots, events, commands.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;

use crate::fence::LeaseGuard;
use crate::ledger::{Ledger, LedgerError, RunState};
use crate::plan::Plan;
use crate::warehouse::Warehouse;

use super::dispatcher::{Dispatcher, Setup};
use super::events::{EventLog, EventLogError};
use super::handover::{self, HandoverError};
use super::preflight::Catalog;
use super::{Access, Ending, Fact, Link};

/// Name of the engine's threads, to tell their panics from those of the screen.
const THREAD_NAME: &str = "engine";

/// Events kept for a client on the control socket; one that falls further behind misses some.
const FACTS_KEPT: usize = 4_096;

#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Events(#[from] EventLogError),
    #[error(transparent)]
    Handover(#[from] HandoverError),
    #[error("cannot start the engine's threads ({0}); free some memory or raise the process limit")]
    Threads(#[from] std::io::Error),
}

/// A running engine.
#[derive(Debug)]
pub struct Engine {
    /// Snapshots, events and commands for the presenter in this process.
    pub link: Link,
    clients: broadcast::Sender<Fact>,
    /// A reader that has missed nothing.
    first_reader: Option<broadcast::Receiver<Fact>>,
    dispatcher: JoinHandle<Ending>,
    runtime: Runtime,
}

/// Starts the runtime on whose threads stages read and compute.
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
        let (clients, first_reader) = broadcast::channel(FACTS_KEPT);
        let events = EventLog::open(
            &setup.events,
            setup.options.run_id.clone(),
            listener,
            clients.clone(),
            setup.losses.clone(),
        )?;
        // If reading the catalog failed here, preflight reads it again and reports the error.
        let dispatcher = Dispatcher::new(setup, continued, catalog.ok(), events, incoming)?;
        let (updates, snapshots) = watch::channel(Arc::new(dispatcher.snapshot()));
        let dispatcher = runtime.spawn(dispatcher.run(updates));
        Ok(Self {
            link: Link {
                snapshots,
                facts,
                orders,
            },
            clients,
            first_reader: Some(first_reader),
            dispatcher,
            runtime,
        })
    }

    /// Access for clients that connect and disconnect during the run.
    #[must_use]
    pub fn access(&self) -> Access {
        Access {
            snapshots: self.link.snapshots.clone(),
            facts: self.clients.clone(),
            orders: self.link.orders.clone(),
        }
    }

    /// Every event since the start, once. Events are kept until this is called, up to a limit.
    pub fn events_from_start(&mut self) -> Option<broadcast::Receiver<Fact>> {
        self.first_reader.take()
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
            incomplete: Vec::new(),
            exit_code: 3,
        });
        runtime.shutdown_background();
        ending
    }
}
