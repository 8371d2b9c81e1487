//! Runs a check: asks the warehouse its query, holds the answer against the expectation, names the dates that offend.
//! This room knows no ledger and no run; whoever asks decides what a result means for them.

mod breakdown;
mod judge;

pub use breakdown::{Breakdown, Dimension, Tally, add_up, break_down};
pub use judge::{Measured, NamedDate, judge};

use crate::plan::CheckSpec;
use crate::warehouse::{ErrorClass, Warehouse, WarehouseError};

/// Runs a check's query and judges the answer by every date it names.
///
/// # Errors
/// When the query fails, or its answer lacks a column the expectation names.
pub async fn ask(check: &CheckSpec, warehouse: &dyn Warehouse) -> Result<Measured, WarehouseError> {
    let answer = warehouse.query(&check.sql).await?;
    judge(check, &answer, &|_| NamedDate::Counts)
        .map_err(|problem| WarehouseError::new(ErrorClass::Code, problem))
}
