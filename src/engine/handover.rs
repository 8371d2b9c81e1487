//! A plan that another host, or a state folder that is gone, has begun: what the warehouse has recorded of it is taken
//! into the ledger before anything is decided, so that nothing is computed again.

use std::collections::HashMap;

use crate::ledger::{Coverage, Imported, Ledger, LedgerError, Target};
use crate::plan::Plan;
use crate::warehouse::{Warehouse, WarehouseError};

/// The recorded progress cannot be taken over.
#[derive(Debug, thiserror::Error)]
pub enum HandoverError {
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The warehouse did not say what it has recorded.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}

/// Takes what the warehouse has recorded of a plan, and the ledger does not know yet, into the ledger.
///
/// # Errors
/// When either of the two cannot be read, or the ledger cannot be written.
pub async fn take_over(
    ledger: &mut Ledger,
    target: Target,
    plan: &Plan,
    warehouse: &dyn Warehouse,
) -> Result<Imported, HandoverError> {
    let Some(records) = warehouse.records() else {
        return Ok(Imported::default());
    };
    let entries = records.entries(&plan.name, ledger.known_entry(target)?).await?;
    if entries.is_empty() {
        return Ok(Imported::default());
    }
    let mut checks: HashMap<String, Vec<String>> = HashMap::new();
    for check in &plan.checks {
        let of_stage = checks.entry(check.stage.clone()).or_default();
        of_stage.push(check.name.clone());
    }
    Ok(ledger.import(target, &entries, &checks)?)
}

/// Whose run is continued and how far it is, in one sentence; none where this ledger knew all its runs.
///
/// # Errors
/// When the ledger cannot be read.
pub fn continued(
    ledger: &Ledger,
    target: Target,
    plan: &Plan,
    imported: &Imported,
) -> Result<Option<String>, LedgerError> {
    let Some(host) = &imported.host else {
        return Ok(None);
    };
    let mut tallies = ledger.tallies(target, plan)?;
    let mut all = Coverage::default();
    for stage in &plan.stages {
        let of_stage = tallies
            .remove(&stage.name)
            .unwrap_or_default()
            .coverage(plan.range);
        (all.done, all.total) = (all.done + of_stage.done, all.total + of_stage.total);
    }
    let stages = match plan.stages.len() {
        1 => String::new(),
        stages => format!(" in {stages} stages"),
    };
    Ok(Some(format!("continuing the run of {host}: {all} done{stages}")))
}
