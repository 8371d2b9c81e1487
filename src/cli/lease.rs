//! Taking the lease of a plan for what is about to write, and saying for whom one listens. What a lease is stays in the
//! room fence.

use std::io::Write;
use std::sync::Arc;

use chrono::Utc;

use crate::fence::{FenceError, Tenure};
use crate::plan::Plan;
use crate::warehouse::{Holder, Warehouse};

use super::StateDir;
use super::progress::waiting;

/// The lease of the plan, for which one may have to listen a while; none where the warehouse keeps none.
pub(super) fn lease(
    warehouse: &Arc<dyn Warehouse>,
    plan: &Plan,
    folder: &StateDir,
) -> Result<Option<Tenure>, FenceError> {
    let waits = |holder: &Holder| {
        let sentence = format!(
            "process {} on {} has the lease of plan {}; listening up to ten seconds whether it lives",
            holder.pid, holder.host, plan.name
        );
        // Nobody to read it is no reason not to begin.
        drop(writeln!(std::io::stderr(), "{sentence}"));
    };
    waiting(&warehouse.name(), || {
        Tenure::take(
            Arc::clone(warehouse),
            &plan.name,
            folder.path(),
            Utc::now(),
            waits,
        )
    })
}
