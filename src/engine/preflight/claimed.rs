//! What the ledger has of tables that were not recorded as this plan's own: while they weren't, another plan may have
//! replaced the rows, as many as before.

use chrono::Utc;

use crate::engine::provenance::can_be_invalidated;
use crate::ledger::{Invalidated, Ledger, LedgerError, Target};
use crate::partition::Partition;

const REASON: &str = "its table was not this plan's own any more, so another plan may have replaced the rows";

/// Marks the done units of newly claimed stages as stale and returns them. A first run has none.
///
/// # Errors
/// When the ledger can't be read or written.
pub fn invalidate_claimed(
    ledger: &mut Ledger,
    target: Target,
    stages: &[String],
) -> Result<Vec<Invalidated>, LedgerError> {
    let mut found = Vec::new();
    for stage in stages {
        let units = ledger.units(target, stage)?.into_iter();
        let dates: Vec<Partition> = units
            .filter(|unit| can_be_invalidated(unit.state))
            .map(|unit| unit.date)
            .collect();
        if !dates.is_empty() {
            found.push(Invalidated {
                stage: stage.clone(),
                dates,
                reason: REASON.to_owned(),
            });
        }
    }
    ledger.invalidate(target, &found, Utc::now())?;
    Ok(found)
}
