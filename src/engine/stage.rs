//! What the engine asks of a stage. It reads a batch once and computes it date by date.

use std::fmt;

use async_trait::async_trait;
use chrono::NaiveDate;

use crate::table::{Row, TableDef};
use crate::warehouse::{ErrorClass, Warehouse, WarehouseError};

use super::Input;

/// What one date of a stage must come to, known before anything is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The schedule asks for this many rows.
    Rows(u32),
    /// Rows are to be made; how many, only the feeds can tell, which may not answer before the batch is read.
    SomeRows,
    /// Nothing is to be done, and why.
    Skip(String),
}

/// What a stage made of one date.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// Rows the schedule asks for.
    pub expected: u32,
    /// Rows in the columns of the stage's table.
    pub rows: Vec<Row>,
    /// Why rows are missing, one sentence each; empty when none is.
    pub missing: Vec<String>,
    /// What was noticed on the way and does not count against the date.
    pub notes: Vec<String>,
}

/// A batch could not be read or computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StageError {
    /// What to do about it.
    pub class: ErrorClass,
    /// What happened, to what, and what to do next.
    pub message: String,
}

impl From<WarehouseError> for StageError {
    fn from(error: WarehouseError) -> Self {
        Self {
            class: error.class,
            message: error.message,
        }
    }
}

/// One table filled date by date.
#[async_trait]
pub trait Stage: Send + Sync + fmt::Debug {
    /// Name, as in the plan.
    fn name(&self) -> &str;

    /// The table it fills.
    fn table(&self) -> &TableDef;

    /// The tables it reads, with the dates of them that a unit knows. A change of one of those makes the unit stale.
    fn inputs(&self) -> Vec<Input>;

    /// What each of these dates must come to, in the same order.
    async fn scope(&self, warehouse: &dyn Warehouse, dates: &[NaiveDate]) -> Result<Vec<Scope>, StageError>;

    /// Reads everything these dates need from the named source.
    async fn read(
        &self,
        warehouse: &dyn Warehouse,
        dates: &[NaiveDate],
        source: &str,
    ) -> Result<Box<dyn Inputs>, StageError>;
}

/// What was read for a batch. Computing from it is pure: no clock, no warehouse, no waiting.
pub trait Inputs: Send {
    /// The rows of one of the dates that were read.
    ///
    /// # Errors
    /// When the inputs of this date cannot be used at all.
    fn compute(&self, date: NaiveDate) -> Result<Outcome, StageError>;
}
