//! Takes the lease of a plan before anything is written, and shows the wait for a silent holder. The lease itself is in
//! the `fence` module.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::Utc;

use crate::fence::{FenceError, LeaseGuard, LeaseWait};
use crate::plan::Plan;
use crate::warehouse::Warehouse;

use super::StateDir;
use super::progress::{ProgressLine, waiting_for};

/// How often the wait is reported; a terminal also shows a countdown.
const REMINDER: Duration = Duration::from_secs(30);

/// Takes the lease of the plan, waiting for a silent holder if needed; `None` if the warehouse has no leases.
pub(super) fn lease(
    warehouse: &Arc<dyn Warehouse>,
    plan: &Plan,
    folder: &StateDir,
) -> Result<Option<LeaseGuard>, FenceError> {
    let (progress, mut reminded) = (ProgressLine::default(), None::<Instant>);
    let whom = Mutex::new(warehouse.name());
    let waits = |wait: LeaseWait<'_>| {
        let holder = wait.holder;
        if reminded.is_none_or(|reminded| reminded.elapsed() >= REMINDER) {
            reminded = Some(Instant::now());
            progress.step(&format!(
                "process {} on {} has held the lease of plan {} since {}, no heartbeat for {} s; waiting up to {} s \
                 for one",
                holder.pid,
                holder.host,
                plan.name,
                holder.since.format("%Y-%m-%d %H:%M:%S UTC"),
                wait.silent.as_secs(),
                wait.left.as_secs()
            ));
        }
        *whom.lock().unwrap_or_else(PoisonError::into_inner) = format!(
            "a heartbeat of process {}, up to {} s more",
            holder.pid,
            wait.left.as_secs()
        );
    };
    let whom_now = || whom.lock().unwrap_or_else(PoisonError::into_inner).clone();
    waiting_for(whom_now, || {
        LeaseGuard::take(
            Arc::clone(warehouse),
            &plan.name,
            folder.path(),
            Utc::now(),
            waits,
        )
    })
}
