//! What is asked of a warehouse and what comes back.

use chrono::{DateTime, NaiveDate, Utc};

use super::{ErrorClass, Recording, RowsExpected, WarehouseError};
use crate::table::{Quarantined, Returned, Row, TableDef, misfits};

/// Which dates a read is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dates<'a> {
    /// Just these, in any order.
    Only(&'a [NaiveDate]),
    /// From the first to the last, both included.
    Between(NaiveDate, NaiveDate),
}

/// A read of some columns of one table by date.
#[derive(Debug, Clone, Copy)]
pub struct Read<'a> {
    /// The table.
    pub table: &'a TableDef,
    /// The columns, in the order the rows are to have.
    pub columns: &'a [&'a str],
    /// The dates.
    pub dates: Dates<'a>,
}

/// Something that could be asked.
#[derive(Debug, Clone, Copy)]
pub enum Question<'a> {
    /// A read by date.
    Read(Read<'a>),
    /// A query as it is written.
    Query(&'a str),
    /// A query about dates.
    About(&'a str, &'a [NaiveDate]),
}

/// How a query about dates is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// Once for each date, which is `@date` in it.
    DateByDate,
    /// Once for all dates, which are `@dates` in it.
    AllAtOnce,
}

/// One atomic replace that a query makes the rows of: they never leave the warehouse.
#[derive(Debug, Clone, Copy)]
pub struct Refill<'a> {
    /// The table written to.
    pub table: &'a TableDef,
    /// The dates whose old rows go; a date for which nothing is answered ends empty.
    pub dates: &'a [NaiveDate],
    /// What the new rows of each of `dates` must come to, in the same order, before they may replace as many.
    pub expected: &'a [RowsExpected],
    /// A SELECT in `GoogleSQL` that answers the table's columns by their names.
    pub sql: &'a str,
    /// How the dates stand in it.
    pub asking: Asking,
    /// What the stamped columns receive; the creation stamp of a surviving key is kept.
    pub now: DateTime<Utc>,
    /// What its sender calls it: two of one name are one, however often it is sent.
    pub name: &'a str,
    /// What is recorded of the dates in the same transaction, where that is wanted.
    pub record: Option<&'a Recording>,
}

/// What came for one date of a [`Refill`], and whether it was stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Refilled {
    /// The date.
    pub date: NaiveDate,
    /// Rows that fit the table.
    pub rows: u32,
    /// How many rows stored before stayed in their place; none if they were replaced.
    pub kept: Option<u32>,
    /// Another number for other rows, as [`crate::table::digest`] is.
    pub digest: u64,
    /// Rows that were answered and do not fit the table.
    pub set_aside: Vec<Quarantined>,
}

/// What a query answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// Column names in order.
    pub columns: Vec<String>,
    /// Rows in order.
    pub rows: Vec<Row>,
}

impl Answer {
    /// The position of a column.
    #[must_use]
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| known == column)
    }

    /// Refuses an answer that has not exactly the columns of a table, those left out that the warehouse stamps.
    ///
    /// # Errors
    /// When it has a column too many or too few; the error names each.
    pub fn refuse_other_columns(&self, table: &TableDef) -> Result<(), WarehouseError> {
        let returned: Vec<Returned> = (self.columns.iter())
            .map(|name| Returned {
                name: name.clone(),
                kind: None,
            })
            .collect();
        let found = misfits(table, &returned);
        if found.is_empty() {
            return Ok(());
        }
        Err(WarehouseError::new(ErrorClass::Code, found.join("; ")))
    }
}
