//! What the engine asks of a stage. It reads a batch once and computes it date by date.

use std::fmt;

use async_trait::async_trait;
use chrono::NaiveDate;

use crate::table::{Quarantined, Row, TableDef};
use crate::warehouse::{Asking, ErrorClass, Warehouse, WarehouseError};

use super::Input;
use super::reason::bounded;

/// What one date of a stage must come to, known before anything is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The schedule asks for this many rows.
    Rows(u32),
    /// Rows are to be made; how many, only the feeds can tell, which may not answer before the batch is read.
    SomeRows,
    /// Whether anything is to be done shows when it is tried; a date that was skipped then stays so.
    Untold,
    /// Nothing is to be done, and why.
    Skip(String),
}

/// What a stage leaves behind in the warehouse, and who puts it there.
#[derive(Debug, Clone, Copy)]
pub enum Fills<'a> {
    /// Rows that were computed here replace those of their dates.
    Computed(&'a TableDef),
    /// What a query answers replaces them, within the warehouse.
    Query(&'a TableDef, &'a str, Asking),
    /// Another program writes them; they are counted.
    Counted(CountedTable<'a>),
    /// Nothing that could be looked at.
    Nothing,
}

/// A table of which no more is known than how its rows are counted.
#[derive(Debug, Clone, Copy)]
pub struct CountedTable<'a> {
    /// `dataset.table`.
    pub path: &'a str,
    /// The column that says which date a row is of.
    pub date_column: &'a str,
}

impl<'a> Fills<'a> {
    /// The definition of the table, where backcourt makes it.
    #[must_use]
    pub const fn definition(self) -> Option<&'a TableDef> {
        match self {
            Self::Computed(table) | Self::Query(table, ..) => Some(table),
            Self::Counted(_) | Self::Nothing => None,
        }
    }

    /// `dataset.table`; none if it fills none.
    #[must_use]
    pub fn path(self) -> Option<String> {
        match self {
            Self::Computed(table) | Self::Query(table, ..) => Some(table.path()),
            Self::Counted(table) => Some(table.path.to_owned()),
            Self::Nothing => None,
        }
    }
}

/// What a stage made of one date.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// Rows the date must have; none if nobody can say, and then it must have one at least.
    pub expected: Option<u32>,
    /// Why nothing is to be done after all.
    pub skip: Option<String>,
    /// Rows in the columns of the stage's table, where they are computed here.
    pub rows: Vec<Row>,
    /// Rows that cannot be stored, as far as that showed when they were read.
    pub quarantined: Vec<Quarantined>,
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

impl StageError {
    /// The same with its message as a unit is recorded with it.
    pub(super) fn bounded(&self) -> Self {
        Self {
            class: self.class,
            message: bounded(&self.message),
        }
    }
}

impl From<WarehouseError> for StageError {
    fn from(error: WarehouseError) -> Self {
        Self {
            class: error.class,
            message: error.message,
        }
    }
}

/// What is done date by date, for one table at most.
#[async_trait]
pub trait Stage: Send + Sync + fmt::Debug {
    /// Name, as in the plan.
    fn name(&self) -> &str;

    /// What it leaves behind in the warehouse.
    fn fills(&self) -> Fills<'_>;

    /// Whether a program of its own does a unit. It gets one date at a time, since what it did for others cannot be
    /// taken back, and takes none of the warehouse's lanes while it runs.
    fn runs_a_program(&self) -> bool {
        false
    }

    /// The tables it reads, with the dates of them that a unit knows. A change of one of those makes the unit stale.
    fn inputs(&self) -> Vec<Input>;

    /// What each of these dates must come to, in the same order.
    async fn scope(&self, warehouse: &dyn Warehouse, dates: &[NaiveDate]) -> Result<Vec<Scope>, StageError>;

    /// What rows of a date belong to, as far as that is known without them: the games of a schedule. One that has no row
    /// is shown all the same.
    async fn groups(&self, _warehouse: &dyn Warehouse, _date: NaiveDate) -> Result<Vec<String>, StageError> {
        Ok(Vec::new())
    }

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
