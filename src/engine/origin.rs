//! The origin of raw tables, from which dates can be reloaded after a correction.

use std::fmt;

use async_trait::async_trait;
use chrono::NaiveDate;

use crate::table::{Row, TableDef};
use crate::warehouse::Warehouse;

use super::StageError;

/// A source of truth for raw tables.
#[async_trait]
pub trait Origin: Send + Sync + fmt::Debug {
    /// Name shown to the operator.
    fn name(&self) -> String;

    /// Compares these dates with the raw tables and returns a correction per table that differs.
    ///
    /// # Errors
    /// If the origin or the warehouse can't be read; nothing has changed then.
    async fn differing(
        &self,
        warehouse: &dyn Warehouse,
        dates: &[NaiveDate],
    ) -> Result<Vec<Correction>, StageError>;
}

/// The correct rows for dates of a raw table that differs.
#[derive(Debug, Clone)]
pub struct Correction {
    /// The table.
    pub table: TableDef,
    /// The dates that differ, in order.
    pub dates: Vec<NaiveDate>,
    /// The correct rows of those dates.
    pub rows: Vec<Row>,
}
