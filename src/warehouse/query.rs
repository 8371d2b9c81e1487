//! What is asked of a warehouse and what comes back.

use chrono::NaiveDate;

use crate::table::{Row, TableDef};

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
}
