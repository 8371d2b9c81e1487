//! The dates a sample is taken of: few, and each chosen because it tells something.

use chrono::NaiveDate;

/// One date of the sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleDate {
    /// The date, within the plan's range.
    pub date: NaiveDate,
    /// What it tells, in the plan's words.
    pub why: String,
}
