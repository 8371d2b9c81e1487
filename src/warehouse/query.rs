//! Warehouse reads, queries and their results.

use chrono::{DateTime, Utc};

use super::{ErrorClass, Recording, RowsExpected, WarehouseError};
use crate::partition::{Partition, Timezone};
use crate::table::{Quarantined, Returned, Row, TableDef, column_mismatches};

/// The dates to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dates<'a> {
    /// Exactly these dates, in any order.
    Only(&'a [Partition]),
    /// From the first to the last date, inclusive.
    Between(Partition, Partition),
}

/// A read of some columns of one table by date.
#[derive(Debug, Clone, Copy)]
pub struct Read<'a> {
    /// The table.
    pub table: &'a TableDef,
    /// The columns, in the order of the returned rows.
    pub columns: &'a [&'a str],
    /// The dates.
    pub dates: Dates<'a>,
}

/// Most dates in the text of a query. `BigQuery` takes a million characters, and a timestamp has 43.
pub const MAX_DATES_OF_QUERY: usize = 5_000;

/// A read or query that can be estimated by a dry run.
#[derive(Debug, Clone, Copy)]
pub enum DryRunQuery<'a> {
    /// A read by date.
    Read(Read<'a>),
    /// Shared reads of these dates and the rest of their months.
    Months(Read<'a>),
    /// A query without date parameters.
    Query(&'a str),
    /// A query with date parameters, and the zone of their days.
    About(&'a str, &'a [Partition], Timezone),
}

/// How a query is run for several dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// Once per date, with the parameters of one.
    DateByDate,
    /// Once for all dates, with the parameters of many.
    AllAtOnce,
}

/// One atomic replace with rows computed by a query inside the warehouse.
#[derive(Debug, Clone, Copy)]
pub struct Refill<'a> {
    /// The table written to.
    pub table: &'a TableDef,
    /// The dates whose stored rows are deleted. A date for which the query returns nothing ends up empty.
    pub dates: &'a [Partition],
    /// The rows expected for each of `dates`, in the same order. A date that misses it does not replace at least as
    /// many stored rows.
    pub expected: &'a [RowsExpected],
    /// A SELECT in `GoogleSQL` that returns the table's columns by name.
    pub sql: &'a str,
    /// How the dates are bound.
    pub asking: Asking,
    /// The timestamp for the stamped columns. A key that is replaced keeps its creation timestamp.
    pub now: DateTime<Utc>,
    /// A name the sender can repeat on a retry. Refills with the same name are applied once, however often they are
    /// sent.
    pub name: &'a str,
    /// The progress entries to write in the same transaction, if any.
    pub record: Option<&'a Recording>,
}

/// The outcome of a [`Refill`] for one date.
#[derive(Debug, Clone, PartialEq)]
pub struct Refilled {
    /// The date.
    pub date: Partition,
    /// Number of rows that match the table.
    pub rows: u32,
    /// Number of stored rows that were kept instead; `None` if they were replaced.
    pub kept: Option<u32>,
    /// A hash of the rows, as computed by [`crate::table::digest`].
    pub digest: u64,
    /// Rows that don't match the table.
    pub set_aside: Vec<Quarantined>,
}

/// The result of a query.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// Column names in order.
    pub columns: Vec<String>,
    /// Rows in order.
    pub rows: Vec<Row>,
}

impl Answer {
    /// The index of a column.
    #[must_use]
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| known == column)
    }

    /// Checks that the answer has exactly the columns of a table, apart from those the warehouse stamps.
    ///
    /// # Errors
    /// If a column is missing or not expected; the message names each.
    pub fn refuse_other_columns(&self, table: &TableDef) -> Result<(), WarehouseError> {
        let returned: Vec<Returned> = (self.columns.iter())
            .map(|name| Returned {
                name: name.clone(),
                kind: None,
            })
            .collect();
        let found = column_mismatches(table, &returned);
        if found.is_empty() {
            return Ok(());
        }
        Err(WarehouseError::new(ErrorClass::Code, found.join("; ")))
    }
}
