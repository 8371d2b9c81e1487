//! Rules for keeping stored rows when a rerun returns fewer. Pure functions; each backend applies them inside the
//! replacing transaction so that no other writer can interfere.

use crate::partition::Partition;

/// The number of rows a date needs before it may replace at least as many stored rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsExpected {
    /// Exactly this many rows, none quarantined. Zero rows never qualify: even if none are expected, stored rows are
    /// kept.
    Exactly(u32),
    /// At least one row, none quarantined.
    AtLeastOne,
    /// Any number of rows; stored rows are always replaced.
    Any,
}

impl RowsExpected {
    /// Whether the new rows miss the expectation.
    #[must_use]
    pub const fn is_missed(self, rows: u32, quarantined: u32) -> bool {
        match self {
            Self::Exactly(expected) => rows == 0 || rows != expected || quarantined > 0,
            Self::AtLeastOne => rows == 0 || quarantined > 0,
            Self::Any => false,
        }
    }

    /// The state of a date as one word, from the new rows compared with the expectation. Stored rows that were kept
    /// don't improve it. `is_whole` means that nothing else is known to be missing.
    #[must_use]
    pub const fn state(self, rows: u32, quarantined: u32, is_whole: bool, kept: Option<u32>) -> &'static str {
        let is_complete = match self {
            Self::Exactly(expected) => rows == expected,
            Self::AtLeastOne => rows > 0,
            Self::Any => true,
        };
        match (self, rows) {
            (Self::Exactly(0), 0) if kept.is_none() => "skipped",
            _ if kept.is_none() && is_complete && is_whole && quarantined == 0 => "ok",
            (_, 0) => "empty",
            _ => "partial",
        }
    }

    /// Whether the stored rows of a date are kept when it gets these new rows.
    #[must_use]
    pub const fn keeps(self, stored: u32, rows: u32, quarantined: u32) -> bool {
        self.is_missed(rows, quarantined) && is_not_less(stored, rows)
    }
}

/// Whether there are stored rows, and at least as many as new ones.
pub(super) const fn is_not_less(stored: u32, rows: u32) -> bool {
    stored > 0 && stored >= rows
}

/// A date whose stored rows were kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// The date.
    pub date: Partition,
    /// Number of rows stored for the date.
    pub rows: u32,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::as_expected(RowsExpected::Exactly(2), 2, 0, true, None, "ok")]
    #[case::one_at_least(RowsExpected::AtLeastOne, 7, 0, true, None, "ok")]
    #[case::another_field_missing(RowsExpected::AtLeastOne, 7, 0, false, None, "partial")]
    #[case::one_quarantined(RowsExpected::Exactly(2), 2, 1, true, None, "partial")]
    #[case::no_rows(RowsExpected::Exactly(2), 0, 0, true, None, "empty")]
    #[case::all_quarantined(RowsExpected::AtLeastOne, 0, 3, true, None, "empty")]
    #[case::none_expected(RowsExpected::Exactly(0), 0, 0, true, None, "skipped")]
    #[case::rows_kept(RowsExpected::Exactly(2), 1, 0, true, Some(2), "partial")]
    #[case::no_rows_kept(RowsExpected::Exactly(0), 0, 0, true, Some(2), "empty")]
    fn the_state_of_a_date_follows_from_its_rows(
        #[case] owed: RowsExpected,
        #[case] rows: u32,
        #[case] quarantined: u32,
        #[case] is_whole: bool,
        #[case] kept: Option<u32>,
        #[case] state: &str,
    ) {
        assert_eq!(owed.state(rows, quarantined, is_whole, kept), state);
    }

    #[rstest]
    #[case::no_rows(RowsExpected::Exactly(24), 24, 0, 0, true)]
    #[case::fewer_rows(RowsExpected::Exactly(24), 20, 19, 0, true)]
    #[case::as_many_short_rows(RowsExpected::Exactly(24), 20, 20, 0, true)]
    #[case::more_but_still_short(RowsExpected::Exactly(24), 20, 21, 0, false)]
    #[case::expected_rows(RowsExpected::Exactly(24), 30, 24, 0, false)]
    #[case::too_many_rows(RowsExpected::Exactly(24), 26, 25, 0, true)]
    #[case::one_quarantined(RowsExpected::Exactly(24), 25, 24, 1, true)]
    #[case::none_expected_none_returned(RowsExpected::Exactly(0), 4, 0, 0, true)]
    #[case::nothing_stored(RowsExpected::Exactly(24), 0, 0, 0, false)]
    #[case::none_instead_of_one(RowsExpected::AtLeastOne, 1, 0, 0, true)]
    #[case::fewer_without_a_number(RowsExpected::AtLeastOne, 9, 1, 0, false)]
    #[case::fewer_and_one_quarantined(RowsExpected::AtLeastOne, 9, 8, 1, true)]
    #[case::short_rows_are_accepted(RowsExpected::Any, 24, 0, 3, false)]
    fn stored_rows_are_kept_only_if_new_rows_are_short(
        #[case] expected: RowsExpected,
        #[case] stored: u32,
        #[case] rows: u32,
        #[case] quarantined: u32,
        #[case] stays: bool,
    ) {
        assert_eq!(expected.keeps(stored, rows, quarantined), stays);
    }
}
