//! How counts become the cells of a stage's row.

use crate::table::Value;

/// A count, NULL when unknown.
pub fn count(count: Option<u32>) -> Value {
    count.map(i64::from).into()
}

/// Cells nothing is known for.
pub const fn unknown<const N: usize>() -> [Value; N] {
    [const { Value::Null }; N]
}
