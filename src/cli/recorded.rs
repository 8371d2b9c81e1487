//! Progress recorded in a warehouse, for read-only commands: used if the state folder doesn't know the plan.

use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};

use crate::engine::{Observed, Observer};
use crate::ledger::{Ledger, RunRecord};
use crate::plan::Plan;

use super::error::{CliError, no_threads};
use super::home::Home;
use super::progress::waiting;

pub(super) struct RecordedProgress {
    pub(super) ledger: Ledger,
    pub(super) run: RunRecord,
    pub(super) host: String,
    /// Whether a process holds the lease of the plan.
    pub(super) is_alive: bool,
}

/// The recorded progress of a plan; `None` if no run of it has begun there. Creates nothing.
pub(super) fn recorded(home: &Home, plan: &Plan) -> Result<Option<RecordedProgress>, CliError> {
    let observing = Observing::of(home, plan)?;
    let Some(Observing {
        observer, observed, ..
    }) = observing
    else {
        return Ok(None);
    };
    Ok(Some(RecordedProgress {
        ledger: observer.into_ledger(),
        run: observed.run,
        host: observed.host,
        is_alive: observed.holder.is_some(),
    }))
}

/// An observer of a plan after its first read.
pub(super) struct Observing {
    pub(super) runtime: Runtime,
    pub(super) observer: Observer,
    /// Result of the first read.
    pub(super) observed: Observed,
}

impl Observing {
    /// Starts observing; `None` if no run of the plan has begun in the warehouse. Creates nothing.
    pub(super) fn of(home: &Home, plan: &Plan) -> Result<Option<Self>, CliError> {
        if home.is_missing() {
            return Ok(None);
        }
        let warehouse = home.open_to_read()?;
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(no_threads)?;
        let mut observer = Observer::new(Arc::new(plan.clone()), warehouse)?;
        let observed = waiting(&home.to_string(), || runtime.block_on(observer.read()))?;
        Ok(observed.map(|observed| Self {
            runtime,
            observer,
            observed,
        }))
    }
}
