//! Partitions as an operator writes them. The form says the length: `2024-03` is a month.

use std::fmt;

use chrono::{Datelike, NaiveDate, Weekday};

use super::{Grain, Partition};

/// Why a partition or a range was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartitionError {
    /// Not a day of the calendar.
    #[error("'{0}' is not a date; write it as YYYY-MM-DD, for example 2023-12-16")]
    NotADate(String),
    /// Not an hour of the calendar.
    #[error("'{0}' is not an hour; write it as YYYY-MM-DDTHH from 00 to 23, for example 2023-12-16T09")]
    NotAnHour(String),
    /// A range with one end missing.
    #[error("'{0}' is not a range; write both dates, for example 2023-12-01..2023-12-31")]
    HalfARange(String),
    /// More than the maximum number of partitions.
    #[error("{from} to {to} is {count} {}, but a range can have at most {most}; check the years", .from.grain().plural())]
    TooLong {
        /// First partition given.
        from: Partition,
        /// Last partition given.
        to: Partition,
        /// Number of partitions, both ends included.
        count: i64,
        /// The maximum.
        most: i64,
    },
    /// More than the maximum number of partitions in all ranges of a list.
    #[error("these are more than {0} dates; write fewer or shorter ranges")]
    TooMany(i64),
    /// The end is before the start.
    #[error("the range ends on {to}, before its start {from}; swap the two dates")]
    Reversed {
        /// First partition given.
        from: Partition,
        /// Last partition given.
        to: Partition,
    },
    /// The ends of a range have different lengths.
    #[error("'{from}..{to}' is from a {} to a {}; write both ends in the same form", from.grain(), to.grain())]
    Mixed {
        /// First partition given.
        from: Partition,
        /// Last partition given.
        to: Partition,
    },
    /// A longer period without a partition of the plan.
    #[error(
        "'{selection}' has no date of the plan, which is {from} to {to}; name dates outside of it one by one or as a range"
    )]
    OutsideOfPlan {
        /// The period given.
        selection: String,
        /// First partition of the plan.
        from: Partition,
        /// Last partition of the plan.
        to: Partition,
    },
    /// Another length than required.
    #[error("'{0}' is a {found}, but a {expected} is needed; write it as {form}", found = .0.grain(), expected = .1, form = .1.form())]
    OtherGrain(Partition, Grain),
}

/// Parses `YYYY-MM-DD` with a four-digit year, and nothing else.
///
/// # Errors
/// When the text has another form or the day does not exist.
pub fn parse_day(text: &str) -> Result<NaiveDate, PartitionError> {
    day(text).ok_or_else(|| PartitionError::NotADate(text.to_owned()))
}

pub(super) fn parse(text: &str) -> Result<Partition, PartitionError> {
    let found = match text.len() {
        4 => number(text).and_then(|year| first(year, 1, Grain::Year)),
        7 => month(text),
        8 => week(text),
        13 => hour(text),
        _ => day(text).map(Partition::day),
    };
    found.ok_or_else(|| not_one(text))
}

/// The refusal of a text, which may be meant as an hour.
fn not_one(text: &str) -> PartitionError {
    if text.contains('T') {
        PartitionError::NotAnHour(text.to_owned())
    } else {
        PartitionError::NotADate(text.to_owned())
    }
}

/// The end of a range that begins with `first`. Of hours of the same day it is written without the day: `T18`.
pub(super) fn parse_later(first: Partition, text: &str) -> Result<Partition, PartitionError> {
    if first.grain == Grain::Hour && text.starts_with('T') {
        let whole = format!("{}{text}", first.first_day);
        return hour(&whole).ok_or_else(|| not_one(text));
    }
    parse(text)
}

pub(super) fn write(partition: Partition, to: &mut fmt::Formatter<'_>) -> fmt::Result {
    let start = partition.first_day;
    match partition.grain {
        Grain::Hour => to.pad(&format!("{start}T{:02}", partition.hour)),
        // As a whole, so that a width applies to it.
        Grain::Day => fmt::Display::fmt(&start, to),
        Grain::Week => to.pad(&format!(
            "{:04}-W{:02}",
            start.iso_week().year(),
            start.iso_week().week()
        )),
        Grain::Month => to.pad(&format!("{:04}-{:02}", start.year(), start.month())),
        Grain::Year => to.pad(&format!("{:04}", start.year())),
    }
}

fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|date| text.len() == 10 && date.year() >= 1)
}

fn hour(text: &str) -> Option<Partition> {
    let (date, hour) = text.split_once('T')?;
    let number = number(hour).filter(|_| hour.len() == 2)?;
    Partition::of_hour(day(date)?, number)
}

fn month(text: &str) -> Option<Partition> {
    let (year, month) = text.split_once('-')?;
    first(
        number(year).filter(|_| year.len() == 4)?,
        number(month)?,
        Grain::Month,
    )
}

fn week(text: &str) -> Option<Partition> {
    let (year, week) = text.split_once("-W")?;
    let year = number(year).filter(|_| year.len() == 4)?;
    let monday = NaiveDate::from_isoywd_opt(i32::try_from(year).ok()?, number(week)?, Weekday::Mon)?;
    let week = Partition::containing(monday, Grain::Week);
    (year >= 1 && week.last_day().year() <= 9999).then_some(week)
}

fn first(year: u32, month: u32, grain: Grain) -> Option<Partition> {
    let start = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, 1)?;
    (year >= 1).then(|| Partition::containing(start, grain))
}

/// Digits only: no sign and no space.
fn number(text: &str) -> Option<u32> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}
