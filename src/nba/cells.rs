//! How counts become the cells of a stage's row.

use crate::table::Value;

/// A count, NULL when unknown.
pub fn count(count: Option<u32>) -> Value {
    count.map(i64::from).into()
}

/// How many there are of something that is always known.
pub fn how_many(number: usize) -> Value {
    i64::try_from(number).ok().into()
}

/// Cells nothing is known for.
pub const fn unknown<const N: usize>() -> [Value; N] {
    [const { Value::Null }; N]
}
