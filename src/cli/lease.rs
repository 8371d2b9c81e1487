//! Taking the lease of a plan for what is about to write, and showing the wait for a silent holder. What a lease is stays in
//! the room fence.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::Utc;

use crate::fence::{FenceError, LeaseGuard, Waiting};
use crate::plan::Plan;
use crate::warehouse::Warehouse;

use super::StateDir;
use super::progress::{Progress, waiting_for};

/// How often a wait is repeated where no terminal shows it count down.
const REMINDER: Duration = Duration::from_secs(30);

/// The lease of the plan, for which a silent holder may have to be waited for; none where the warehouse keeps none.
pub(super) fn lease(
    warehouse: &Arc<dyn Warehouse>,
    plan: &Plan,
    folder: &StateDir,
) -> Result<Option<LeaseGuard>, FenceError> {
    let (progress, mut reminded) = (Progress::default(), None::<Instant>);
    let whom = Mutex::new(warehouse.name());
    let waits = |wait: Waiting<'_>| {
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
