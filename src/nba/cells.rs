//! Conversion of counts to cells of a stage's row.

use crate::table::Value;

/// A count; NULL if unknown.
pub fn count(count: Option<u32>) -> Value {
    count.map(i64::from).into()
}

/// A count that is always known.
pub fn how_many(number: usize) -> Value {
    i64::try_from(number).ok().into()
}
