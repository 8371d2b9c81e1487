//! Parses and formats dates as an operator writes them; ranges can't be reversed.

use std::fmt;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

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

    const fn day(date: NaiveDate) -> Self {
        Self { from: date, to: date }
    }

    fn compact(self) -> String {
        if self.from == self.to {
            self.from.to_string()
        } else {
            format!("{}..{}", self.from, self.to)
        }
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

/// Dates as ranges: sorted, neither overlapping nor adjacent. It takes as much memory as its text, however many dates it
/// names. In JSON a list of dates and ranges, such as `["2025-11-14", "2025-12-01..2025-12-24"]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct DateRanges(Vec<DateRange>);

impl DateRanges {
    fn of(mut ranges: Vec<DateRange>) -> Self {
        ranges.sort_unstable_by_key(|range| range.from);
        let mut merged: Vec<DateRange> = Vec::new();
        for range in ranges {
            match merged.last_mut() {
                Some(last) if last.to.succ_opt().is_none_or(|next| range.from <= next) => {
                    last.to = last.to.max(range.to);
                }
                _ => merged.push(range),
            }
        }
        Self(merged)
    }

    /// Parses dates and ranges, separated by commas.
    ///
    /// # Errors
    /// When a part is not a date, a range is reversed or too long, or the list has more than a century of dates.
    pub fn parse(text: &str) -> Result<Self, RangeError> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        Self::of_parts(parts)
    }

    fn of_parts<'a>(parts: impl Iterator<Item = &'a str>) -> Result<Self, RangeError> {
        let range = |part: &str| match part.split_once("..") {
            Some((first, last)) if first.is_empty() || last.is_empty() => {
                Err(RangeError::HalfARange(part.to_owned()))
            }
            Some((first, last)) => DateRange::new(parse_date(first)?, parse_date(last)?),
            None => parse_date(part).map(DateRange::day),
        };
        let ranges = Self::of(parts.map(range).collect::<Result<_, _>>()?);
        if ranges.number_of_days() > MAX_DAYS.unsigned_abs() {
            return Err(RangeError::TooMany);
        }
        Ok(ranges)
    }

    /// Whether there is no date.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the date is in one of the ranges.
    #[must_use]
    pub fn contains(&self, date: NaiveDate) -> bool {
        let after = self.0.partition_point(|range| range.from <= date);
        self.0[..after].last().is_some_and(|range| date <= range.to)
    }

    /// Number of dates.
    #[must_use]
    pub fn number_of_days(&self) -> u64 {
        self.0.iter().map(DateRange::number_of_days).sum()
    }

    /// Every date in order.
    pub fn days(&self) -> impl Iterator<Item = NaiveDate> {
        self.0.iter().flat_map(DateRange::days)
    }
}

impl FromIterator<NaiveDate> for DateRanges {
    fn from_iter<T: IntoIterator<Item = NaiveDate>>(dates: T) -> Self {
        Self::of(dates.into_iter().map(DateRange::day).collect())
    }
}

impl TryFrom<Vec<String>> for DateRanges {
    type Error = RangeError;

    fn try_from(parts: Vec<String>) -> Result<Self, RangeError> {
        Self::of_parts(parts.iter().map(String::as_str))
    }
}

impl From<DateRanges> for Vec<String> {
    fn from(ranges: DateRanges) -> Self {
        ranges.0.into_iter().map(DateRange::compact).collect()
    }
}

/// Dates and ranges, separated by commas.
impl fmt::Display for DateRanges {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&Vec::from(self.clone()).join(","))
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
    dates.iter().copied().collect::<DateRanges>().to_string()
}

/// Parses the format of [`compact_dates`].
///
/// # Errors
/// As [`DateRanges::parse`].
pub fn expand_dates(text: &str) -> Result<Vec<NaiveDate>, RangeError> {
    Ok(DateRanges::parse(text)?.days().collect())
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
        assert_eq!(
            DateRanges::parse(&century.repeat(2_800)),
            DateRanges::parse(century)
        );
        let two = format!("{century}2001-01-01..2100-12-31");
        assert_eq!(expand_dates(&two), Err(RangeError::TooMany));
        assert!(expand_dates("2021-10-19..").is_err());
        assert!(expand_dates("2021-10-19..2021-10-18").is_err());
        assert_eq!(
            expand_dates("..2021-10-19"),
            Err(RangeError::HalfARange("..2021-10-19".to_owned()))
        );
    }

    #[test]
    fn ranges_are_merged_and_contain_their_dates_only() {
        let text = "2021-12-25,2021-10-20..2021-10-21,2021-10-19,2021-10-19..2021-10-20";
        let ranges = DateRanges::parse(text).unwrap();
        assert_eq!(ranges.to_string(), "2021-10-19..2021-10-21,2021-12-25");
        assert_eq!(ranges.number_of_days(), 4);
        let october = parse_date("2021-10-01").unwrap();
        let contained = october.iter_days().take(100).filter(|day| ranges.contains(*day));
        assert_eq!(contained.collect::<Vec<_>>(), ranges.days().collect::<Vec<_>>());
        let json = serde_json::to_string(&ranges).unwrap();
        assert_eq!(json, r#"["2021-10-19..2021-10-21","2021-12-25"]"#);
        assert_eq!(serde_json::from_str::<DateRanges>(&json).unwrap(), ranges);
        let dates = r#"["2021-10-20","2021-10-19","2021-10-21","2021-12-25"]"#;
        assert_eq!(serde_json::from_str::<DateRanges>(dates).unwrap(), ranges);
        assert!(serde_json::from_str::<DateRanges>(r#"["yesterday"]"#).is_err());
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
