//! Sample dates: a few representative dates to compare before a full run.

use crate::partition::Partition;

/// One sample date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleDate {
    /// The date, within the plan's range.
    pub date: Partition,
    /// Why it is representative, as the plan puts it.
    pub why: String,
}
