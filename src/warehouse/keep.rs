//! Nothing is replaced by less: when stored rows stay although new ones came. Pure; each warehouse applies it within the
//! transaction that replaces, so that no other writer can slip in between.

use chrono::NaiveDate;

/// What the new rows of a date must come to before they may replace stored rows that are at least as many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsExpected {
    /// Exactly this many rows, none of them quarantined. No row is never enough: where none is expected either, stored
    /// rows stay.
    Exactly(u32),
    /// One row at least, none quarantined.
    AtLeastOne,
    /// Any number: whatever comes replaces what is stored.
    Any,
}

impl RowsExpected {
    /// Whether new rows miss the expectation.
    #[must_use]
    pub const fn is_missed(self, rows: u32, quarantined: u32) -> bool {
        match self {
            Self::Exactly(expected) => rows == 0 || rows != expected || quarantined > 0,
            Self::AtLeastOne => rows == 0 || quarantined > 0,
            Self::Any => false,
        }
    }

    /// The state of a date, in one word: what came for it compared with what is expected. Rows that stayed in its place make
    /// it no better. `is_whole` says that nothing else is known to be missing.
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

    /// Whether the stored rows of a date stay when these come for it.
    #[must_use]
    pub const fn keeps(self, stored: u32, rows: u32, quarantined: u32) -> bool {
        self.is_missed(rows, quarantined) && is_not_less(stored, rows)
    }
}

/// Whether there are stored rows, and at least as many as came.
pub(super) const fn is_not_less(stored: u32, rows: u32) -> bool {
    stored > 0 && stored >= rows
}

/// A date whose stored rows stayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// The date.
    pub date: NaiveDate,
    /// How many rows it holds.
    pub rows: u32,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::as_expected(RowsExpected::Exactly(2), 2, 0, true, None, "ok")]
    #[case::one_at_least(RowsExpected::AtLeastOne, 7, 0, true, None, "ok")]
    #[case::something_else_is_missing(RowsExpected::AtLeastOne, 7, 0, false, None, "partial")]
    #[case::one_is_quarantined(RowsExpected::Exactly(2), 2, 1, true, None, "partial")]
    #[case::nothing_came(RowsExpected::Exactly(2), 0, 0, true, None, "empty")]
    #[case::all_are_quarantined(RowsExpected::AtLeastOne, 0, 3, true, None, "empty")]
    #[case::none_is_expected(RowsExpected::Exactly(0), 0, 0, true, None, "skipped")]
    #[case::rows_stayed(RowsExpected::Exactly(2), 1, 0, true, Some(2), "partial")]
    #[case::rows_stayed_for_none(RowsExpected::Exactly(0), 0, 0, true, Some(2), "empty")]
    fn a_date_is_done_as_its_rows_say(
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
    #[case::nothing_came(RowsExpected::Exactly(24), 24, 0, 0, true)]
    #[case::fewer_came(RowsExpected::Exactly(24), 20, 19, 0, true)]
    #[case::as_many_came_and_they_are_short_too(RowsExpected::Exactly(24), 20, 20, 0, true)]
    #[case::more_came_though_still_short(RowsExpected::Exactly(24), 20, 21, 0, false)]
    #[case::what_is_expected_came(RowsExpected::Exactly(24), 30, 24, 0, false)]
    #[case::too_many_came(RowsExpected::Exactly(24), 26, 25, 0, true)]
    #[case::one_is_quarantined(RowsExpected::Exactly(24), 25, 24, 1, true)]
    #[case::none_is_expected_and_none_came(RowsExpected::Exactly(0), 4, 0, 0, true)]
    #[case::nothing_was_stored(RowsExpected::Exactly(24), 0, 0, 0, false)]
    #[case::none_where_one_must_come(RowsExpected::AtLeastOne, 1, 0, 0, true)]
    #[case::fewer_where_no_number_is_given(RowsExpected::AtLeastOne, 9, 1, 0, false)]
    #[case::fewer_and_one_is_quarantined(RowsExpected::AtLeastOne, 9, 8, 1, true)]
    #[case::short_rows_are_accepted(RowsExpected::Any, 24, 0, 3, false)]
    fn stored_rows_stay_when_what_came_is_short_and_no_more(
        #[case] expected: RowsExpected,
        #[case] stored: u32,
        #[case] rows: u32,
        #[case] quarantined: u32,
        #[case] stays: bool,
    ) {
        assert_eq!(expected.keeps(stored, rows, quarantined), stays);
    }
}
