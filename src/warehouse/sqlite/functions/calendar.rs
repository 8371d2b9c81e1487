//! Date and timestamp functions on the stored forms `2021-10-19` and `2021-10-19T23:30:00.000000Z`.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta, Timelike, Utc};
use rusqlite::functions::Context;
use rusqlite::types::Value;
use rusqlite::{Connection, Error, Result};

use super::datetime::as_datetime;
use super::{any_null, integer, refuse, scalar, text};
use crate::partition::Timezone;
use crate::table;

pub(super) fn register(connection: &Connection) -> Result<()> {
    scalar(connection, "gsql_date", 1, |c| {
        optional(c, |c| Ok(day_of(c, 0)?.to_string()))
    })?;
    scalar(connection, "gsql_date", 2, |c| {
        optional(c, |c| Ok(zone(c, 1)?.clock(moment(c, 0)?).date().to_string()))
    })?;
    scalar(connection, "gsql_date", 3, date_from_parts)?;
    scalar(connection, "gsql_date_add", 3, date_add)?;
    scalar(connection, "gsql_date_diff", 3, date_diff)?;
    scalar(connection, "gsql_date_trunc", 2, date_trunc)?;
    scalar(connection, "gsql_timestamp_add", 3, timestamp_add)?;
    scalar(connection, "gsql_timestamp_diff", 3, timestamp_diff)?;
    scalar(connection, "gsql_timestamp_trunc", 3, timestamp_trunc)?;
    scalar(connection, "gsql_format_timestamp", 3, |c| {
        optional(c, |c| {
            Ok(zone(c, 2)?.clock(moment(c, 1)?).format(text(c, 0)?).to_string())
        })
    })?;
    scalar(connection, "gsql_extract", 3, extract)?;
    scalar(connection, "gsql_timestamp", 2, timestamp)?;
    scalar(connection, "gsql_last_day", 2, last_day)?;
    scalar(connection, "gsql_format_date", 2, format_date)?;
    scalar(connection, "gsql_parse_date", 2, parse_date)
}

/// Adds `days` to a `DATE` argument.
pub(super) fn shift_days(context: &Context<'_>, at: usize, days: i64) -> Result<Value> {
    shifted(date(context, at)?, days, "DAY").map(|date| Value::Text(date.to_string()))
}

/// A `DATE` argument.
fn date(context: &Context<'_>, at: usize) -> Result<NaiveDate> {
    let text = text(context, at)?;
    as_date(text).ok_or_else(|| refuse(format!("{text:?} is not a DATE")))
}

/// A `TIMESTAMP` argument.
pub(super) fn moment(context: &Context<'_>, at: usize) -> Result<DateTime<Utc>> {
    let text = text(context, at)?;
    as_moment(text).ok_or_else(|| refuse(format!("{text:?} is not a TIMESTAMP")))
}

/// The name of a time zone.
pub(super) fn zone(context: &Context<'_>, at: usize) -> Result<Timezone> {
    Timezone::parse(text(context, at)?).map_err(refuse)
}

/// The date of a `DATE` or `DATETIME` argument, or of a `TIMESTAMP` argument in UTC.
fn day_of(context: &Context<'_>, at: usize) -> Result<NaiveDate> {
    if let Some(clock) = as_datetime(text(context, at)?) {
        return Ok(clock.date());
    }
    date(context, at).or_else(|_| moment(context, at).map(|moment| moment.date_naive()))
}

/// Parses a date in its stored form.
pub(super) fn as_date(text: &str) -> Option<NaiveDate> {
    (text.len() == "2021-10-19".len())
        .then(|| text.parse().ok())
        .flatten()
}

/// Parses a timestamp in its stored form.
pub(super) fn as_moment(text: &str) -> Option<DateTime<Utc>> {
    text.contains('T').then(|| text.parse().ok()).flatten()
}

/// The stored form of a timestamp.
fn stored(moment: DateTime<Utc>) -> String {
    table::Value::Timestamp(moment).to_string()
}

/// NULL if any argument is.
pub(super) fn optional<T>(context: &Context<'_>, work: fn(&Context<'_>) -> Result<T>) -> Result<Option<T>> {
    if any_null(context) {
        return Ok(None);
    }
    work(context).map(Some)
}

fn date_from_parts(context: &Context<'_>) -> Result<Option<String>> {
    optional(context, |c| {
        let (year, month, day) = (integer(c, 0)?, integer(c, 1)?, integer(c, 2)?);
        i32::try_from(year)
            .ok()
            .zip(u32::try_from(month).ok().zip(u32::try_from(day).ok()))
            .and_then(|(year, (month, day))| NaiveDate::from_ymd_opt(year, month, day))
            .map(|date| date.to_string())
            .ok_or_else(|| refuse(format!("DATE({year}, {month}, {day}) is not a valid date")))
    })
}

/// The years that a date can have. Text of others would not sort.
pub(super) const YEARS: RangeInclusive<i32> = 1..=9999;

pub(super) fn shifted(date: NaiveDate, by: i64, part: &str) -> Result<NaiveDate> {
    let far = || refuse(format!("{date} plus {by} {part} is out of range"));
    let in_days = |width: u64| {
        let days = Days::new(by.unsigned_abs().checked_mul(width)?);
        if by < 0 {
            date.checked_sub_days(days)
        } else {
            date.checked_add_days(days)
        }
    };
    let in_months = |width: u32| {
        let months = Months::new(u32::try_from(by.unsigned_abs()).ok()?.checked_mul(width)?);
        if by < 0 {
            date.checked_sub_months(months)
        } else {
            date.checked_add_months(months)
        }
    };
    match part {
        "DAY" => in_days(1),
        "WEEK" => in_days(7),
        "MONTH" => in_months(1),
        "QUARTER" => in_months(3),
        "YEAR" => in_months(12),
        _ => return Err(unknown_part(part)),
    }
    .filter(|date| YEARS.contains(&date.year()))
    .ok_or_else(far)
}

fn date_add(context: &Context<'_>) -> Result<Option<String>> {
    optional(context, |c| {
        Ok(shifted(date(c, 0)?, integer(c, 1)?, text(c, 2)?)?.to_string())
    })
}

/// Counts the boundaries between two dates, as in `GoogleSQL`: weeks start on Sunday.
fn date_diff(context: &Context<'_>) -> Result<Option<i64>> {
    optional(context, |c| boundaries(date(c, 0)?, date(c, 1)?, text(c, 2)?))
}

pub(super) fn boundaries(left: NaiveDate, right: NaiveDate, part: &str) -> Result<i64> {
    let months = |date: NaiveDate| i64::from(date.year()) * 12 + i64::from(date.month0());
    let days = |date: NaiveDate| i64::from(date.num_days_from_ce());
    // Day 0 of the common era was a Sunday.
    let count: fn(i64) -> i64 = match part {
        "DAY" => return Ok(days(left) - days(right)),
        "WEEK" => return Ok(days(left).div_euclid(7) - days(right).div_euclid(7)),
        "MONTH" => |months| months,
        "QUARTER" => |months| months.div_euclid(3),
        "YEAR" => |months| months.div_euclid(12),
        _ => return Err(unknown_part(part)),
    };
    Ok(count(months(left)) - count(months(right)))
}

fn date_trunc(context: &Context<'_>) -> Result<Option<String>> {
    optional(context, |c| Ok(truncated(date(c, 0)?, text(c, 1)?)?.to_string()))
}

pub(super) fn truncated(date: NaiveDate, part: &str) -> Result<NaiveDate> {
    let back = |days: u32| date.checked_sub_days(Days::new(u64::from(days)));
    match part {
        "DAY" => Some(date),
        "WEEK" => back(date.weekday().num_days_from_sunday()),
        "ISOWEEK" => back(date.weekday().num_days_from_monday()),
        "MONTH" => date.with_day(1),
        "QUARTER" => NaiveDate::from_ymd_opt(date.year(), date.month0() / 3 * 3 + 1, 1),
        "YEAR" => NaiveDate::from_ymd_opt(date.year(), 1, 1),
        _ => return Err(unknown_part(part)),
    }
    .ok_or_else(|| refuse(format!("cannot truncate {date} to {part}")))
}

/// The first instant of a day in a zone; a timestamp written as text is one anyway.
fn timestamp(context: &Context<'_>) -> Result<Option<String>> {
    optional(context, |c| {
        let (text, zone) = (text(c, 0)?, zone(c, 1)?);
        let moment = match as_date(text) {
            Some(day) => Some(zone.start_of(day)),
            None if zone.is_utc() => table::parse_moment(text).ok(),
            None => None,
        };
        moment.map(stored).ok_or_else(|| {
            refuse(format!(
                "{text:?} is not a DATE, nor a TIMESTAMP without a time zone beside it"
            ))
        })
    })
}

fn last_day(context: &Context<'_>) -> Result<Option<String>> {
    optional(context, |c| {
        let (date, part) = (date(c, 0)?, text(c, 1)?);
        let length = if part == "ISOWEEK" { "WEEK" } else { part };
        let next = shifted(truncated(date, part)?, 1, length)?;
        next.pred_opt()
            .map(|day| day.to_string())
            .ok_or_else(|| refuse(format!("{date} has no last day of its {part}")))
    })
}

fn timestamp_trunc(context: &Context<'_>) -> Result<Option<String>> {
    optional(context, |c| {
        let (at, part) = (moment(c, 0)?, text(c, 1)?);
        let zone = zone(c, 2)?;
        let start = match microseconds(part).ok().filter(|_| part != "DAY") {
            Some(length) => {
                // Clocks may differ from UTC by a part of an hour.
                let clock = zone.clock(at).and_utc();
                let since = TimeDelta::microseconds(clock.timestamp_micros().rem_euclid(length));
                at.checked_sub_signed(since)
            }
            None => Some(zone.start_of(truncated(zone.clock(at).date(), part)?)),
        };
        start
            .map(stored)
            .ok_or_else(|| refuse(format!("cannot truncate {at} to {part}")))
    })
}

pub(super) fn microseconds(part: &str) -> Result<i64> {
    match part {
        "MICROSECOND" => Ok(1),
        "MILLISECOND" => Ok(1_000),
        "SECOND" => Ok(1_000_000),
        "MINUTE" => Ok(60_000_000),
        "HOUR" => Ok(3_600_000_000),
        "DAY" => Ok(86_400_000_000),
        _ => Err(unknown_part(part)),
    }
}

fn timestamp_add(context: &Context<'_>) -> Result<Option<String>> {
    optional(context, |c| {
        let (from, by, part) = (moment(c, 0)?, integer(c, 1)?, text(c, 2)?);
        by.checked_mul(microseconds(part)?)
            .and_then(|by| from.checked_add_signed(TimeDelta::microseconds(by)))
            .filter(|moment| YEARS.contains(&moment.year()))
            .map(stored)
            .ok_or_else(|| refuse(format!("{from} plus {by} {part} is out of range")))
    })
}

/// Whole units between two timestamps, truncated toward zero.
fn timestamp_diff(context: &Context<'_>) -> Result<Option<i64>> {
    optional(context, |c| {
        let (left, right, part) = (moment(c, 0)?, moment(c, 1)?, text(c, 2)?);
        let part = microseconds(part)?;
        let between = (left - right).num_microseconds();
        between
            .map(|between| between / part)
            .ok_or_else(|| refuse("the timestamps are too far apart"))
    })
}

fn extract(context: &Context<'_>) -> Result<Option<Value>> {
    optional(context, |c| {
        let part = text(c, 0)?;
        let zone = zone(c, 2)?;
        let clock = || match as_datetime(text(c, 1)?) {
            Some(clock) if zone.is_utc() => Ok(clock),
            _ => moment(c, 1).map(|at| zone.clock(at)),
        };
        let date = date(c, 1).or_else(|_| clock().map(|clock| clock.date()))?;
        let number = match part {
            "DATE" => return Ok(Value::Text(date.to_string())),
            "YEAR" => i64::from(date.year()),
            "ISOYEAR" => i64::from(date.iso_week().year()),
            "ISOWEEK" => i64::from(date.iso_week().week()),
            "QUARTER" => i64::from(date.month0() / 3 + 1),
            "MONTH" => i64::from(date.month()),
            "DAY" => i64::from(date.day()),
            "DAYOFWEEK" => i64::from(date.weekday().number_from_sunday()),
            "DAYOFYEAR" => i64::from(date.ordinal()),
            "HOUR" => i64::from(clock()?.hour()),
            "MINUTE" => i64::from(clock()?.minute()),
            "SECOND" => i64::from(clock()?.second()),
            _ => return Err(unknown_part(part)),
        };
        Ok(Value::Integer(number))
    })
}

/// The translation only allows format elements that mean the same in both dialects.
fn format_date(context: &Context<'_>) -> Result<Option<String>> {
    optional(context, |c| Ok(day_of(c, 1)?.format(text(c, 0)?).to_string()))
}

fn parse_date(context: &Context<'_>) -> Result<Option<String>> {
    optional(context, |c| {
        let (format, written) = (text(c, 0)?, text(c, 1)?);
        NaiveDate::parse_from_str(written, format)
            .map(|date| date.to_string())
            .map_err(|_| refuse(format!("{written:?} is not a date in the format {format}")))
    })
}

fn unknown_part(part: &str) -> Error {
    refuse(format!("the embedded warehouse does not support {part}"))
}
