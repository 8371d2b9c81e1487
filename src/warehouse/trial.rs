//! A query that is tried before anything is made: what it would return. It is never run.

use chrono::NaiveDate;

use crate::table::{Returned, TableDef};

/// A query about dates, and the tables it will find that are not there yet.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    /// A SELECT in `GoogleSQL`.
    pub sql: &'a str,
    /// A date it may be asked about.
    pub date: NaiveDate,
    /// Tables that will be as they are defined when it is asked, whether or not they are there now.
    pub planned: &'a [&'a TableDef],
}

/// What became of a trial. That the query is at fault is an error of class `code` or `data`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// It returns these columns, in order.
    Returns(Vec<Returned>),
    /// It reads this table, which is not there.
    Missing(String),
    /// The warehouse does not say.
    Untold,
}
