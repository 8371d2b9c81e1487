//! Checking a query before anything is created: which columns it would return. It is never run.

use crate::partition::Partition;
use crate::table::{Returned, TableDef};

/// A query with date parameters, and the planned tables that don't exist yet.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    /// A SELECT in `GoogleSQL`.
    pub sql: &'a str,
    /// A date to bind.
    pub date: Partition,
    /// Tables to assume as defined, whether or not they exist now.
    pub planned: &'a [&'a TableDef],
}

/// The result of a trial. A faulty query is an error of class `code` or `data` instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// It returns these columns, in order.
    Returns(Vec<Returned>),
    /// It reads this table, which doesn't exist.
    Missing(String),
    /// The backend doesn't support this check.
    NotReported,
}
