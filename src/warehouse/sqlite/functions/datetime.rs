//! Functions on `DATETIME` and `TIME`, in the stored forms `2021-10-19T23:30:00.000000` and `23:30:00.000000`.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use rusqlite::functions::Context;
use rusqlite::{Connection, Result};

use super::calendar::{
    YEARS, as_date, as_moment, boundaries, microseconds, moment, optional, shifted, truncated, zone,
};
use super::{integer, refuse, scalar, text};
use crate::table;

pub(super) fn register(connection: &Connection) -> Result<()> {
    scalar(connection, "gsql_datetime", 1, |c| {
        optional(c, |c| {
            let text = text(c, 0)?;
            to_datetime(text)
                .map(stored)
                .ok_or_else(|| refuse(format!("{text:?} is not a DATETIME, DATE or TIMESTAMP")))
        })
    })?;
    scalar(connection, "gsql_datetime_in", 2, |c| {
        optional(c, |c| Ok(stored(zone(c, 1)?.clock(moment(c, 0)?))))
    })?;
    scalar(connection, "gsql_datetime_of", 2, |c| {
        optional(c, |c| {
            let (day, time) = (text(c, 0)?, text(c, 1)?);
            let parts = as_date(day).zip(table::parse_time(time).ok());
            parts
                .map(|(day, time)| stored(day.and_time(time)))
                .ok_or_else(|| refuse(format!("DATETIME({day:?}, {time:?}) is not of a DATE and a TIME")))
        })
    })?;
    scalar(connection, "gsql_datetime", 6, from_parts)?;
    scalar(connection, "gsql_datetime_add", 3, add)?;
    scalar(connection, "gsql_datetime_diff", 3, difference)?;
    scalar(connection, "gsql_datetime_trunc", 2, truncate)?;
    scalar(connection, "gsql_format_datetime", 2, |c| {
        optional(c, |c| Ok(datetime(c, 1)?.format(text(c, 0)?).to_string()))
    })?;
    scalar(connection, "gsql_time", 1, |c| {
        optional(c, |c| {
            let text = text(c, 0)?;
            to_datetime(text)
                .filter(|_| as_date(text).is_none())
                .map(|at| stored_time(at.time()))
                .ok_or_else(|| refuse(format!("{text:?} is not a DATETIME or TIMESTAMP")))
        })
    })?;
    scalar(connection, "gsql_time", 3, |c| {
        optional(c, |c| {
            time_of([integer(c, 0)?, integer(c, 1)?, integer(c, 2)?]).map(stored_time)
        })
    })
}

/// Parses a `DATETIME` in its stored form.
pub(super) fn as_datetime(text: &str) -> Option<NaiveDateTime> {
    let has_time = text.get(10..11) == Some("T");
    has_time.then(|| table::parse_datetime(text).ok()).flatten()
}

/// Converts a `DATETIME`, the midnight of a `DATE`, or a `TIMESTAMP` as clocks show it in UTC.
pub(super) fn to_datetime(text: &str) -> Option<NaiveDateTime> {
    let instant = || as_moment(text).map(|at| at.naive_utc());
    table::parse_datetime(text).ok().or_else(instant)
}

/// The stored form of a `DATETIME`.
pub(super) fn stored(at: NaiveDateTime) -> String {
    table::Value::Datetime(at).to_string()
}

/// The stored form of a `TIME`.
pub(super) fn stored_time(at: NaiveTime) -> String {
    table::Value::Time(at).to_string()
}

/// A `DATETIME` argument.
fn datetime(context: &Context<'_>, at: usize) -> Result<NaiveDateTime> {
    let text = text(context, at)?;
    table::parse_datetime(text).map_err(|_| refuse(format!("{text:?} is not a DATETIME")))
}

fn time_of([hour, minute, second]: [i64; 3]) -> Result<NaiveTime> {
    let [h, m, s] = [hour, minute, second].map(|part| u32::try_from(part).unwrap_or(u32::MAX));
    NaiveTime::from_hms_opt(h, m, s)
        .ok_or_else(|| refuse(format!("TIME({hour}, {minute}, {second}) is not a valid time")))
}

fn from_parts(context: &Context<'_>) -> Result<Option<String>> {
    optional(context, |c| {
        let (year, month, day) = (integer(c, 0)?, integer(c, 1)?, integer(c, 2)?);
        let date = i32::try_from(year)
            .ok()
            .zip(u32::try_from(month).ok().zip(u32::try_from(day).ok()))
            .and_then(|(year, (month, day))| NaiveDate::from_ymd_opt(year, month, day))
            .ok_or_else(|| refuse(format!("DATETIME({year}, {month}, {day}, …) is not a valid date")))?;
        let time = time_of([integer(c, 3)?, integer(c, 4)?, integer(c, 5)?])?;
        Ok(stored(date.and_time(time)))
    })
}

/// Longer parts than a day move the date and keep the time.
fn add(context: &Context<'_>) -> Result<Option<String>> {
    optional(context, |c| {
        let (from, by, part) = (datetime(c, 0)?, integer(c, 1)?, text(c, 2)?);
        let Ok(length) = microseconds(part) else {
            return Ok(stored(shifted(from.date(), by, part)?.and_time(from.time())));
        };
        by.checked_mul(length)
            .and_then(|by| from.checked_add_signed(TimeDelta::microseconds(by)))
            .filter(|moment| YEARS.contains(&moment.year()))
            .map(stored)
            .ok_or_else(|| refuse(format!("{from} plus {by} {part} is out of range")))
    })
}

/// Counts the boundaries between two datetimes, unlike `TIMESTAMP_DIFF`, which counts whole units.
fn difference(context: &Context<'_>) -> Result<Option<i64>> {
    optional(context, |c| {
        let (left, right, part) = (datetime(c, 0)?, datetime(c, 1)?, text(c, 2)?);
        let Ok(length) = microseconds(part) else {
            return boundaries(left.date(), right.date(), part);
        };
        let units = |at: NaiveDateTime| at.and_utc().timestamp_micros().div_euclid(length);
        Ok(units(left) - units(right))
    })
}

fn truncate(context: &Context<'_>) -> Result<Option<String>> {
    optional(context, |c| {
        let (at, part) = (datetime(c, 0)?, text(c, 1)?);
        let Ok(length) = microseconds(part) else {
            return Ok(stored(truncated(at.date(), part)?.and_time(NaiveTime::MIN)));
        };
        let since = TimeDelta::microseconds(at.and_utc().timestamp_micros().rem_euclid(length));
        at.checked_sub_signed(since)
            .map(stored)
            .ok_or_else(|| refuse(format!("cannot truncate {at} to {part}")))
    })
}
