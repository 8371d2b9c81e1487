//! Checks a computed row against its table, for the tests of the rules.

use super::is_source_tracking;
use crate::table::{Column, Row, TableDef, Value, admit};

/// Every column of the table has a value of its type. Only source tracking, the stamps and `unknown` are NULL.
pub(in crate::nba) fn assert_fits(table: &TableDef, row: &Row, unknown: &[&str]) {
    assert_eq!(admit(table, vec![row.clone()]).quarantined, []);
    let is_filled_here = |column: &Column| column.stamp.is_none() && !is_source_tracking(column);
    let columns = table.columns.iter().zip(row);
    let nulls = columns.filter(|(column, value)| is_filled_here(column) && **value == Value::Null);
    let nulls: Vec<&str> = nulls.map(|(column, _)| column.name.as_ref()).collect();
    assert_eq!(nulls, unknown);
}
