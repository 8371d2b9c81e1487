//! The origin of raw tables, from which dates can be reloaded after a correction.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::Utc;

use crate::partition::Partition;
use crate::table::{Row, TableDef};
use crate::warehouse::{Replace, Warehouse, WarehouseError};

use super::StageError;

/// A source of truth for raw tables.
#[async_trait]
pub trait Origin: Send + Sync + fmt::Debug {
    fn name(&self) -> String;

    /// Compares these dates with the raw tables and returns a correction per table that differs.
    async fn differing(
        &self,
        warehouse: &dyn Warehouse,
        dates: &[Partition],
    ) -> Result<Vec<Correction>, StageError>;
}

/// The correct rows for dates of a raw table that differs.
#[derive(Debug, Clone)]
pub struct Correction {
    pub table: TableDef,
    pub dates: Vec<Partition>,
    pub rows: Vec<Row>,
}

impl Correction {
    /// Replaces the rows in the warehouse.
    ///
    /// # Errors
    /// If the warehouse refuses them or doesn't answer.
    pub async fn apply(&self, warehouse: &dyn Warehouse) -> Result<(), WarehouseError> {
        let replace = Replace {
            table: &self.table,
            dates: &self.dates,
            rows: Arc::new(self.rows.clone()),
            short: &[],
            now: Utc::now(),
            name: None,
            record: None,
        };
        warehouse.replace(replace).await.map(drop)
    }
}
