//! The ranges of the numbers in a plan, and the sizes a plan may have.

use std::fmt::Display;
use std::ops::RangeInclusive;

/// Most workers of a run. Each keeps a batch of rows in memory.
pub const MAX_WORKERS: usize = 512;

/// Seconds a program may take: up to a day.
pub(super) const TIMEOUT_SECONDS: RangeInclusive<u64> = 1..=86_400;

/// Dates of one call of a program.
pub(super) const BATCH: RangeInclusive<usize> = 1..=1_000;

/// Most stages of a plan.
pub(super) const MAX_STAGES: usize = 2_000;

/// Most checks of a plan, raw-data checks included.
pub(super) const MAX_CHECKS: usize = 20_000;

/// Refuses a number outside its range.
pub(super) fn in_range<T>(key: &str, number: T, range: &RangeInclusive<T>) -> Result<T, String>
where
    T: PartialOrd + Display,
{
    if range.contains(&number) {
        return Ok(number);
    }
    Err(format!(
        "{key} is {number}; give {} to {}",
        range.start(),
        range.end()
    ))
}

/// Refuses more things than a plan may have.
pub(super) fn at_most(most: usize, number: usize, things: &str) -> Result<(), String> {
    if number <= most {
        return Ok(());
    }
    Err(format!("{number} {things}; a plan has at most {most}"))
}
