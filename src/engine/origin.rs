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
    fn name(&self) -> String;

    /// Compares these dates with the raw tables and returns a correction per table that differs.
    async fn differing(
        &self,
        warehouse: &dyn Warehouse,
        dates: &[NaiveDate],
    ) -> Result<Vec<Correction>, StageError>;
}

/// The correct rows for dates of a raw table that differs.
#[derive(Debug, Clone)]
pub struct Correction {
    pub table: TableDef,
    pub dates: Vec<NaiveDate>,
    pub rows: Vec<Row>,
}
