//! The result of a rule for one date.

use crate::table::Row;

/// The result for one date.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DateOutcome {
    /// Number of rows expected.
    pub expected: u32,
    /// Rows in the columns of the stage's table, ordered by its key.
    pub rows: Vec<Row>,
    /// Why rows are missing, one message each.
    pub missing: Vec<String>,
    /// Remarks that don't affect the state of the date.
    pub notes: Vec<String>,
}

impl From<Vec<Row>> for DateOutcome {
    /// A date with all rows expected of it.
    fn from(rows: Vec<Row>) -> Self {
        Self {
            expected: u32::try_from(rows.len()).unwrap_or(u32::MAX),
            rows,
            ..Self::default()
        }
    }
}
