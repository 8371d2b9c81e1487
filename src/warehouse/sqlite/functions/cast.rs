//! `CAST`: converts a value to another type or fails; `SAFE_CAST` returns NULL instead of failing.

use rusqlite::functions::Context;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Result};

use super::calendar::{as_date, as_moment};
use super::datetime::{as_datetime, stored, stored_time, to_datetime};
use super::{refuse, scalar, shown};
use crate::table;

pub(super) fn register(connection: &Connection) -> Result<()> {
    scalar(connection, "gsql_cast_int64", 1, |c| cast(c, "INT64", to_int))?;
    scalar(connection, "gsql_cast_float64", 1, |c| {
        cast(c, "FLOAT64", to_float)
    })?;
    scalar(connection, "gsql_cast_string", 1, |c| cast(c, "STRING", to_text))?;
    scalar(connection, "gsql_cast_date", 1, |c| cast(c, "DATE", to_date))?;
    scalar(connection, "gsql_cast_timestamp", 1, |c| {
        cast(c, "TIMESTAMP", to_moment)
    })?;
    scalar(connection, "gsql_cast_datetime", 1, |c| {
        cast(c, "DATETIME", to_clock)
    })?;
    scalar(connection, "gsql_cast_time", 1, |c| cast(c, "TIME", to_time))?;
    scalar(connection, "gsql_cast_bytes", 1, |c| cast(c, "BYTES", to_bytes))?;
    // CONCAT makes texts of numbers, but BYTES of BYTES.
    scalar(connection, "gsql_text", 1, |c| cast(c, "STRING", to_plain_text))?;
    scalar(connection, "gsql_safe_cast_datetime", 1, |c| {
        Ok(safe(c, to_clock))
    })?;
    scalar(connection, "gsql_safe_cast_time", 1, |c| Ok(safe(c, to_time)))?;
    scalar(connection, "gsql_safe_cast_bytes", 1, |c| Ok(safe(c, to_bytes)))?;
    scalar(connection, "gsql_safe_cast_int64", 1, |c| Ok(safe(c, to_int)))?;
    scalar(connection, "gsql_safe_cast_float64", 1, |c| Ok(safe(c, to_float)))?;
    scalar(connection, "gsql_safe_cast_string", 1, |c| Ok(safe(c, to_text)))?;
    scalar(connection, "gsql_safe_cast_date", 1, |c| Ok(safe(c, to_date)))?;
    scalar(connection, "gsql_safe_cast_timestamp", 1, |c| {
        Ok(safe(c, to_moment))
    })
}

type Conversion = fn(ValueRef<'_>) -> Option<Value>;

fn cast(context: &Context<'_>, kind: &str, convert: Conversion) -> Result<Value> {
    match context.get_raw(0) {
        ValueRef::Null => Ok(Value::Null),
        value => convert(value).ok_or_else(|| refuse(format!("{} is not {kind}", shown(value)))),
    }
}

fn safe(context: &Context<'_>, convert: Conversion) -> Value {
    convert(context.get_raw(0)).unwrap_or(Value::Null)
}

/// A float is rounded, half away from zero.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "only numbers within the range are cast"
)]
fn to_int(value: ValueRef<'_>) -> Option<Value> {
    match value {
        ValueRef::Integer(number) => Some(number),
        ValueRef::Real(number) => {
            let rounded = number.round();
            (rounded >= i64::MIN as f64 && rounded < i64::MAX as f64).then_some(rounded as i64)
        }
        ValueRef::Text(bytes) => str::from_utf8(bytes).ok()?.trim().parse().ok(),
        _ => None,
    }
    .map(Value::Integer)
}

#[allow(
    clippy::cast_precision_loss,
    reason = "GoogleSQL converts INT64 to FLOAT64 in the same way"
)]
fn to_float(value: ValueRef<'_>) -> Option<Value> {
    match value {
        ValueRef::Integer(number) => Some(number as f64),
        ValueRef::Real(number) => Some(number),
        ValueRef::Text(bytes) => str::from_utf8(bytes)
            .ok()?
            .trim()
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite()),
        _ => None,
    }
    .map(Value::Real)
}

/// Bytes must be UTF-8.
fn to_text(value: ValueRef<'_>) -> Option<Value> {
    match value {
        ValueRef::Blob(bytes) => String::from_utf8(bytes.to_vec()).ok().map(Value::Text),
        other => to_plain_text(other),
    }
}

/// Timestamps are formatted as by `BigQuery`: `2026-01-04 01:02:03+00`. A DATETIME keeps its stored form, which other
/// texts may have too.
fn to_plain_text(value: ValueRef<'_>) -> Option<Value> {
    match value {
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(bytes) => {
            let text = str::from_utf8(bytes).ok()?;
            let moment = as_moment(text).map(|moment| moment.format("%Y-%m-%d %H:%M:%S%.f+00").to_string());
            Some(moment.unwrap_or_else(|| text.to_owned()))
        }
        _ => None,
    }
    .map(Value::Text)
}

fn to_date(value: ValueRef<'_>) -> Option<Value> {
    let ValueRef::Text(bytes) = value else {
        return None;
    };
    let text = str::from_utf8(bytes).ok()?;
    as_date(text)
        .or_else(|| as_datetime(text).map(|at| at.date()))
        .or_else(|| as_moment(text).map(|moment| moment.date_naive()))
        .map(|date| Value::Text(date.to_string()))
}

fn to_moment(value: ValueRef<'_>) -> Option<Value> {
    let ValueRef::Text(bytes) = value else {
        return None;
    };
    let moment = table::parse_moment(str::from_utf8(bytes).ok()?).ok()?;
    Some(Value::Text(table::Value::Timestamp(moment).to_string()))
}

fn to_clock(value: ValueRef<'_>) -> Option<Value> {
    let ValueRef::Text(bytes) = value else {
        return None;
    };
    let at = to_datetime(str::from_utf8(bytes).ok()?)?;
    Some(Value::Text(stored(at)))
}

/// A TIME, or that of a DATETIME or a TIMESTAMP.
fn to_time(value: ValueRef<'_>) -> Option<Value> {
    let ValueRef::Text(bytes) = value else {
        return None;
    };
    let text = str::from_utf8(bytes).ok()?;
    let of_day = || {
        to_datetime(text)
            .filter(|_| as_date(text).is_none())
            .map(|at| at.time())
    };
    let time = table::parse_time(text).ok().or_else(of_day)?;
    Some(Value::Text(stored_time(time)))
}

fn to_bytes(value: ValueRef<'_>) -> Option<Value> {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(Value::Blob(bytes.to_vec())),
        _ => None,
    }
}
