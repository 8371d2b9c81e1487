//! Dates as an operator writes them, and a range that cannot be reversed.

use chrono::{Datelike, NaiveDate};

/// The first and last date of something, both included; never reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateRange {
    from: NaiveDate,
    to: NaiveDate,
}

/// Why a date or a range was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Not a calendar date.
    #[error("'{0}' is not a date; write it as YYYY-MM-DD, for example 2023-12-16")]
    NotADate(String),
    /// The end stands before the start.
    #[error("the range ends on {to}, before it starts on {from}; swap the two dates")]
    Reversed {
        /// First date given.
        from: NaiveDate,
        /// Last date given.
        to: NaiveDate,
    },
}

impl DateRange {
    /// A range of one day or more.
    ///
    /// # Errors
    /// When `to` is before `from`.
    pub fn new(from: NaiveDate, to: NaiveDate) -> Result<Self, RangeError> {
        if to < from {
            return Err(RangeError::Reversed { from, to });
        }
        Ok(Self { from, to })
    }

    /// The first date.
    #[must_use]
    pub const fn from(&self) -> NaiveDate {
        self.from
    }

    /// The last date.
    #[must_use]
    pub const fn to(&self) -> NaiveDate {
        self.to
    }

    /// Every date in order.
    pub fn days(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let to = self.to;
        self.from.iter_days().take_while(move |day| *day <= to)
    }

    /// Whether the date lies within.
    #[must_use]
    pub fn contains(&self, date: NaiveDate) -> bool {
        self.from <= date && date <= self.to
    }
}

/// Reads `YYYY-MM-DD` with a four-digit year, and nothing else.
///
/// # Errors
/// When the text is not such a date or the day does not exist.
pub fn parse_date(text: &str) -> Result<NaiveDate, RangeError> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|date| text.len() == 10 && date.year() >= 1)
        .ok_or_else(|| RangeError::NotADate(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backfill_has_1538_days() {
        let range = DateRange::new(
            parse_date("2021-10-19").unwrap(),
            parse_date("2026-01-03").unwrap(),
        )
        .unwrap();
        assert_eq!(range.days().count(), 1_538);
    }

    #[test]
    fn nonsense_is_refused_with_a_sentence() {
        for text in [
            "2023-02-30",
            "2023-2-3",
            "tomorrow",
            "",
            "20231216",
            "-023-12-16",
            "2023-12-16 ",
        ] {
            assert_eq!(
                parse_date(text),
                Err(RangeError::NotADate(text.to_owned())),
                "{text}"
            );
        }
        let early = parse_date("2021-10-19").unwrap();
        let late = parse_date("2021-10-20").unwrap();
        assert_eq!(
            DateRange::new(late, early),
            Err(RangeError::Reversed {
                from: late,
                to: early
            })
        );
        assert_eq!(DateRange::new(early, early).unwrap().days().count(), 1);
    }
}
