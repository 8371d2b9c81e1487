//! By which dates the answer of a check is judged. A date that was never run is missing and not wrong, unless the table
//! held rows before any run of the plan: then the query is believed on every date of the plan.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::checks::{Measured, NamedDate, judge};
use crate::plan::{CheckSpec, DateRange};
use crate::warehouse::{ErrorClass, Warehouse, WarehouseError};

use super::Stage;
use super::stored::stored_rows;

/// What is known of a stage's dates when one of its checks is run.
#[derive(Debug)]
pub(super) struct Judging {
    /// The stage.
    pub(super) stage: Arc<dyn Stage>,
    /// The dates of the plan.
    pub(super) range: DateRange,
    /// Dates with an outcome, within the plan or not.
    pub(super) recorded: BTreeSet<NaiveDate>,
    /// Dates that this run or the ledger is about: rows on them are the plan's own.
    pub(super) known: BTreeSet<NaiveDate>,
}

impl Judging {
    /// Runs the query and judges what it answers.
    pub(super) async fn measure(
        &self,
        check: &CheckSpec,
        warehouse: &dyn Warehouse,
    ) -> Result<Measured, WarehouseError> {
        let answer = warehouse.query(&check.sql).await?;
        let judged = |reach: &dyn Fn(NaiveDate) -> NamedDate| {
            judge(check, &answer, reach).map_err(|problem| WarehouseError::new(ErrorClass::Code, problem))
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

    fn reach(&self, date: NaiveDate) -> NamedDate {
        if self.recorded.contains(&date) {
            NamedDate::Counts
        } else if self.range.contains(date) {
            NamedDate::NotRun
        } else {
            NamedDate::Outside
        }
    }

    /// Whether the table holds rows on a date of the plan that no run of the plan has been about.
    async fn was_filled_before(&self, warehouse: &dyn Warehouse) -> Result<bool, WarehouseError> {
        let dates: Vec<NaiveDate> = self.range.days().collect();
        let stored = stored_rows(warehouse, self.stage.fills(), &dates).await?;
        let is_foreign = |date: &NaiveDate| self.range.contains(*date) && !self.known.contains(date);
        Ok(stored.iter().any(|(date, rows)| *rows > 0 && is_foreign(date)))
    }
}
