//! What a rule makes of one date.

use crate::table::Row;

/// What came of one date.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DateOutcome {
    /// Rows the date must come to.
    pub expected: u32,
    /// Rows in the columns of the stage's table, ordered by its key.
    pub rows: Vec<Row>,
    /// Why rows are missing, one sentence each.
    pub missing: Vec<String>,
    /// What was noticed on the way and does not count against the date.
    pub notes: Vec<String>,
}
