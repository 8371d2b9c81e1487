//! Box scores, shipped or the operator's own, as the origin of raw rows.

use async_trait::async_trait;
use chrono::NaiveDate;

use crate::engine::{Correction, Origin, StageError};
use crate::feeds::{self, BoxScores, DifferingTable, Filled};
use crate::ledger::{Ledger, LedgerError};
use crate::partition::Partition;
use crate::warehouse::{ErrorClass, Warehouse};

/// Box scores with the faults they were loaded with.
#[derive(Debug)]
pub(super) struct FromBoxScores(Filled);

impl FromBoxScores {
    /// What the raw tables of a warehouse were loaded from according to the ledger, or [`Filled::usual`].
    pub(super) fn of(ledger: &Ledger, warehouse: &str) -> Result<Self, LedgerError> {
        let recorded = ledger.filled(warehouse)?;
        let filled = recorded.and_then(|text| serde_json::from_str(&text).ok());
        Ok(Self(filled.unwrap_or_else(Filled::usual)))
    }
}

#[async_trait]
impl Origin for FromBoxScores {
    fn name(&self) -> String {
        let from = match self.0.box_scores {
            BoxScores::Shipped => "the shipped box scores",
            BoxScores::Csv(_) => "the CSV files they were loaded from",
        };
        format!("{from} with faults '{}'", self.0.faults)
    }

    async fn differing(
        &self,
        warehouse: &dyn Warehouse,
        dates: &[Partition],
    ) -> Result<Vec<Correction>, StageError> {
        let fault = |message: String| StageError {
            class: ErrorClass::Data,
            message,
        };
        if let Some(foreign) = feeds::foreign(warehouse).await? {
            return Err(fault(format!(
                "{foreign}; correct the dates at their source, then rerun them with 'backcourt rerun'"
            )));
        }
        let days: Vec<NaiveDate> = dates.iter().map(|date| date.first_day()).collect();
        let found = self.0.differences(warehouse, &days).await;
        let found = found.map_err(|error| fault(error.to_string()))?;
        Ok(found.into_iter().map(correction).collect())
    }
}

fn correction(difference: DifferingTable) -> Correction {
    Correction {
        table: difference.table,
        dates: difference.dates.into_iter().map(Partition::day).collect(),
        rows: difference.rows,
    }
}
