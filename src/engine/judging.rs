//! Which dates count when a check's result is judged. A date that was never run is missing rather than wrong, unless
//! the table had rows before any run of the plan: then every date of the plan counts.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::checks::{Measured, NamedDate, judge};
use crate::partition::{Partition, PartitionRange};
use crate::plan::CheckSpec;
use crate::warehouse::{ErrorClass, Warehouse, WarehouseError};

use super::Stage;
use super::stored::stored_rows;

/// The dates of a stage at the time one of its checks runs.
#[derive(Debug)]
pub(super) struct Judging {
    pub(super) stage: Arc<dyn Stage>,
    pub(super) range: PartitionRange,
    /// Dates with a recorded result, inside the plan or not.
    pub(super) recorded: BTreeSet<Partition>,
    /// Dates in this run or the ledger; rows on these dates are the plan's own.
    pub(super) known: BTreeSet<Partition>,
}

impl Judging {
    pub(super) async fn measure(
        &self,
        check: &CheckSpec,
        warehouse: &dyn Warehouse,
    ) -> Result<Measured, WarehouseError> {
        let answer = warehouse.query(&check.sql).await?;
        let judged = |reach: &dyn Fn(Partition) -> NamedDate| {
            judge(check, &answer, self.range.grain(), reach)
                .map_err(|problem| WarehouseError::new(ErrorClass::Code, problem))
        };
        let measured = judged(&|date| self.reach(date))?;
        if measured.not_run.is_empty() || !self.was_filled_before(warehouse).await? {
            return Ok(measured);
        }
        judged(&|date| match self.reach(date) {
            NamedDate::NotRun => NamedDate::Counts,
            reach => reach,
        })
    }

    fn reach(&self, date: Partition) -> NamedDate {
        if self.recorded.contains(&date) {
            NamedDate::Counts
        } else if self.range.contains(date) {
            NamedDate::NotRun
        } else {
            NamedDate::Outside
        }
    }

    /// Whether the table has rows on dates of the plan that no run has included.
    async fn was_filled_before(&self, warehouse: &dyn Warehouse) -> Result<bool, WarehouseError> {
        let dates: Vec<Partition> = self.range.partitions().collect();
        let stored = stored_rows(warehouse, self.stage.fills(), &dates).await?;
        let is_foreign = |date: &Partition| self.range.contains(*date) && !self.known.contains(date);
        Ok(stored.iter().any(|(date, rows)| *rows > 0 && is_foreign(date)))
    }
}
