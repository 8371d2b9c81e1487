//! Runs checks: executes the query, evaluates the result against the expectations, and finds the failing dates. This
//! module knows no ledger and no run; the caller decides what a result means.

mod breakdown;
mod judge;

pub use breakdown::{Breakdown, Dimension, Tally, add_up, break_down};
pub use judge::{Measured, NamedDate, judge};

use crate::partition::Grain;
use crate::plan::CheckSpec;
use crate::warehouse::{ErrorClass, Warehouse, WarehouseError};

/// Runs a check's query and evaluates the result; every date in it counts.
///
/// # Errors
/// When the query fails, or its result lacks a column of an expectation.
pub async fn ask(
    check: &CheckSpec,
    grain: Grain,
    warehouse: &dyn Warehouse,
) -> Result<Measured, WarehouseError> {
    let answer = warehouse.query(&check.sql).await?;
    judge(check, &answer, grain, &|_| NamedDate::Counts)
        .map_err(|problem| WarehouseError::new(ErrorClass::Code, problem))
}
