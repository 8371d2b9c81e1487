//! Runs a check: asks the warehouse its query, holds the answer against the expectation, names the dates that offend.
//! This room knows no ledger and no run; whoever asks decides what a result means for them.

mod breakdown;
mod judge;

pub use breakdown::{Breakdown, Dimension, Tally, add_up, break_down};
pub use judge::{Measured, judge};

use chrono::NaiveDate;

use crate::plan::CheckSpec;
use crate::warehouse::{ErrorClass, Warehouse, WarehouseError};

/// Asks a check's query and judges the answer. Only dates that `was_run` answers for can offend:
/// a date nobody has run yet is not wrong, it is missing, and the unit states say so already.
///
/// # Errors
/// When the query fails, or its answer lacks a column the expectation names.
pub async fn ask(
    check: &CheckSpec,
    warehouse: &dyn Warehouse,
    was_run: &(dyn Fn(NaiveDate) -> bool + Send + Sync),
) -> Result<Measured, WarehouseError> {
    let answer = warehouse.query(&check.sql).await?;
    judge(check, &answer, was_run).map_err(|problem| WarehouseError::new(ErrorClass::Code, problem))
}
