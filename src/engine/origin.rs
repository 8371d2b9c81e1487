//! Where raw tables come from, so that dates of them can be had again after they were corrected there.

use std::fmt;

use async_trait::async_trait;
use chrono::NaiveDate;

use crate::table::{Row, TableDef};
use crate::warehouse::Warehouse;

use super::StageError;

/// Whoever can say what raw tables should hold.
#[async_trait]
pub trait Origin: Send + Sync + fmt::Debug {
    /// Its name, for the operator.
    fn name(&self) -> String;

    /// What these dates should hold, of each table that holds something else on some of them.
    ///
    /// # Errors
    /// When it cannot be read, or the warehouse cannot; nothing has changed then.
    async fn differing(
        &self,
        warehouse: &dyn Warehouse,
        dates: &[NaiveDate],
    ) -> Result<Vec<Correction>, StageError>;
}

/// A raw table that holds on some dates what it should not.
#[derive(Debug, Clone)]
pub struct Correction {
    /// The table.
    pub table: TableDef,
    /// The dates, in order.
    pub dates: Vec<NaiveDate>,
    /// What it should hold on them.
    pub rows: Vec<Row>,
}
