//! Parses and formats dates as an operator writes them; ranges can't be reversed.

use chrono::{Datelike, NaiveDate};

/// Maximum days in a range or a list of ranges, more than a century.
const MAX_DAYS: i64 = 40_000;

/// A date range, both ends included; never reversed.
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
    /// A range with one end missing.
    #[error("'{0}' is not a range; write both dates, for example 2023-12-01..2023-12-31")]
    HalfARange(String),
    /// More than the maximum number of days.
    #[error("{from} to {to} is {days} dates, but a range can have at most {MAX_DAYS}; check the years")]
    TooLong {
        /// First date given.
        from: NaiveDate,
        /// Last date given.
        to: NaiveDate,
        /// Number of days, both ends included.
        days: i64,
    },
    /// More than the maximum number of days in all ranges of a list.
    #[error("these are more than {MAX_DAYS} dates; write fewer or shorter ranges")]
    TooMany,
    /// The end is before the start.
    #[error("the range ends on {to}, before its start {from}; swap the two dates")]
    Reversed {
        /// First date given.
        from: NaiveDate,
        /// Last date given.
        to: NaiveDate,
    },
}

impl DateRange {
    /// Creates a range of one day or more.
    ///
    /// # Errors
    /// When `to` is before `from`, or more than a century after it.
    pub fn new(from: NaiveDate, to: NaiveDate) -> Result<Self, RangeError> {
        if to < from {
            return Err(RangeError::Reversed { from, to });
        }
        let days = (to - from).num_days() + 1;
        if days > MAX_DAYS {
            return Err(RangeError::TooLong { from, to, days });
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

    /// Every date of the range in order.
    pub fn days(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let to = self.to;
        self.from.iter_days().take_while(move |day| *day <= to)
    }

    /// Number of dates in the range.
    #[must_use]
    pub fn number_of_days(&self) -> u64 {
        (self.to - self.from).num_days().unsigned_abs() + 1
    }

    /// Whether the date is in the range.
    #[must_use]
    pub fn contains(&self, date: NaiveDate) -> bool {
        self.from <= date && date <= self.to
    }
}

/// Parses `YYYY-MM-DD` with a four-digit year, and nothing else.
///
/// # Errors
/// When the text has another form or the day does not exist.
pub fn parse_date(text: &str) -> Result<NaiveDate, RangeError> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|date| text.len() == 10 && date.year() >= 1)
        .ok_or_else(|| RangeError::NotADate(text.to_owned()))
}

/// Formats dates as a short text: consecutive days as `first..last`, single days as they are, separated by commas.
#[must_use]
pub fn compact_dates(dates: &[NaiveDate]) -> String {
    let mut parts: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for &date in dates {
        match parts.last_mut() {
            Some((_, last)) if last.succ_opt() == Some(date) => *last = date,
            _ => parts.push((date, date)),
        }
    }
    let text = |(first, last): &(NaiveDate, NaiveDate)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first}..{last}")
        }
    };
    parts.iter().map(text).collect::<Vec<_>>().join(",")
}

/// Parses the format of [`compact_dates`].
///
/// # Errors
/// When a part is not a date, a range is reversed or too long, or the list has more than a century of dates.
pub fn expand_dates(text: &str) -> Result<Vec<NaiveDate>, RangeError> {
    let mut dates = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match part.split_once("..") {
            Some((first, last)) if first.is_empty() || last.is_empty() => {
                return Err(RangeError::HalfARange(part.to_owned()));
            }
            Some((first, last)) => {
                dates.extend(DateRange::new(parse_date(first)?, parse_date(last)?)?.days());
            }
            None => dates.push(parse_date(part)?),
        }
        if dates.len() as u64 > MAX_DAYS.unsigned_abs() {
            return Err(RangeError::TooMany);
        }
    }
    Ok(dates)
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
    fn compact_dates_round_trip() {
        let text = "2021-10-19..2021-10-21,2021-12-25,2026-01-02..2026-01-03";
        let dates = expand_dates(text).unwrap();
        assert_eq!(dates.len(), 6);
        assert_eq!(compact_dates(&dates), text);
        assert_eq!(expand_dates("").unwrap(), []);
        let century = "1901-01-01..2000-12-31,";
        assert!(expand_dates(century).is_ok());
        assert_eq!(expand_dates(&century.repeat(2_800)), Err(RangeError::TooMany));
        assert!(expand_dates("2021-10-19..").is_err());
        assert!(expand_dates("2021-10-19..2021-10-18").is_err());
        assert_eq!(
            expand_dates("..2021-10-19"),
            Err(RangeError::HalfARange("..2021-10-19".to_owned()))
        );
    }

    #[test]
    fn malformed_dates_are_refused() {
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
        let never = parse_date("9999-12-31").unwrap();
        let refusal = DateRange::new(early, never).unwrap_err().to_string();
        assert_eq!(
            refusal,
            "2021-10-19 to 9999-12-31 is 2913978 dates, but a range can have at most 40000; check the years"
        );
    }
}
