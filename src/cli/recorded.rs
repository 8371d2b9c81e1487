//! What a warehouse has recorded of a plan, for commands that only look: where the state folder knows nothing of the plan,
//! the progress of another host is read from there.

use tokio::runtime::Builder;

use crate::engine::take_over;
use crate::ledger::{Ledger, RunRecord};
use crate::plan::Plan;

use super::error::CliError;
use super::home::Home;
use super::progress::waiting;
use super::run::no_threads;

/// The progress of a plan as a warehouse has recorded it.
pub(super) struct Recorded {
    /// A ledger of it, in memory.
    pub(super) ledger: Ledger,
    /// The newest run.
    pub(super) run: RunRecord,
    /// The host of the newest run.
    pub(super) host: String,
    /// Whether a process has the lease of the plan.
    pub(super) is_alive: bool,
}

/// What a warehouse has recorded of a plan; none if no run of it has begun there. Nothing is created.
pub(super) fn recorded(home: &Home, plan: &Plan) -> Result<Option<Recorded>, CliError> {
    if home.is_missing() {
        return Ok(None);
    }
    let usage = |error: &dyn std::fmt::Display| CliError::Usage(error.to_string());
    let warehouse = home.open_to_read().map_err(|error| usage(&error))?;
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(no_threads)?;
    let mut ledger = Ledger::in_memory()?;
    let target = ledger.target(&plan.name, &warehouse.name())?;
    let asked = || runtime.block_on(take_over(&mut ledger, target, plan, warehouse.as_ref()));
    let imported = waiting(&home.to_string(), asked).map_err(|error| usage(&error))?;
    let (Some(host), Some(run)) = (imported.host, ledger.last_run(&plan.name)?) else {
        return Ok(None);
    };
    let lease = warehouse
        .leases()
        .map(|leases| runtime.block_on(leases.look(&plan.name)));
    let lease = lease.transpose().map_err(|error| usage(&error))?.flatten();
    Ok(Some(Recorded {
        ledger,
        run,
        host,
        is_alive: lease.is_some_and(|lease| lease.holder.is_some()),
    }))
}
