//! Literals: all string syntaxes become plain `SQLite` strings, dates, times and bytes their stored form.

use chrono::NaiveDate;
use sqlparser::ast::{DataType, TimezoneInfo, TypedString, Value};

use super::Written;
use super::refusal::SqlRefusal;
use crate::figures::hex;
use crate::table;

/// Quotes a string for `SQLite`.
pub(super) fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The content of a string literal.
pub(super) fn text_of(value: &Value) -> Option<&str> {
    match value {
        Value::SingleQuotedString(text)
        | Value::DoubleQuotedString(text)
        | Value::TripleSingleQuotedString(text)
        | Value::TripleDoubleQuotedString(text)
        | Value::SingleQuotedRawStringLiteral(text)
        | Value::DoubleQuotedRawStringLiteral(text)
        | Value::TripleSingleQuotedRawStringLiteral(text)
        | Value::TripleDoubleQuotedRawStringLiteral(text) => Some(text),
        _ => None,
    }
}

/// Translates a literal.
pub(super) fn value(value: &Value) -> Written {
    match value {
        Value::Number(number, false) => Ok(number.clone()),
        Value::Boolean(true) => Ok("TRUE".to_owned()),
        Value::Boolean(false) => Ok("FALSE".to_owned()),
        Value::Null => Ok("NULL".to_owned()),
        Value::SingleQuotedByteStringLiteral(bytes) | Value::DoubleQuotedByteStringLiteral(bytes)
            if !bytes.contains('\\') =>
        {
            Ok(format!("x'{}'", hex(bytes.as_bytes())))
        }
        other => {
            let plain = text_of(other).ok_or_else(|| SqlRefusal::construct(other))?;
            if let Some(instead) = looks_like_a_moment(plain) {
                return Err(SqlRefusal::literal(plain, instead));
            }
            Ok(text(plain))
        }
    }
}

/// `DATE '…'`, `TIMESTAMP '…'`, `DATETIME '…'` and `TIME '…'`.
pub(super) fn typed(typed: &TypedString) -> Written {
    let refused = || SqlRefusal::construct(typed);
    let written = text_of(&typed.value.value).ok_or_else(refused)?;
    let stored = match typed.data_type {
        DataType::Date => written.parse::<NaiveDate>().ok().map(table::Value::Date),
        DataType::Timestamp(..) => table::parse_moment(written).ok().map(table::Value::Timestamp),
        DataType::Datetime(None) => table::parse_datetime(written).ok().map(table::Value::Datetime),
        DataType::Time(None, TimezoneInfo::None) => table::parse_time(written).ok().map(table::Value::Time),
        _ => None,
    };
    stored.map(|stored| text(&stored.to_string())).ok_or_else(refused)
}

/// How to write a string that looks like a date or a time but is not in the stored form. `BigQuery` coerces a string
/// compared with a DATE, TIME or TIMESTAMP; here both are compared as text, which is only correct in the stored form.
fn looks_like_a_moment(text: &str) -> Option<&'static str> {
    let (day, time) = text
        .split_once([' ', 'T'])
        .map_or((text, None), |(day, time)| (day, Some(time)));
    let parts: Vec<&str> = day.split('-').collect();
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|letter| letter.is_ascii_digit());
    if text.contains(':') && table::parse_time(text).is_ok() {
        return Some("TIME '…'");
    }
    if parts.len() != 3 || parts[0].len() != 4 || !parts.iter().all(|part| numeric(part)) {
        return None;
    }
    match time {
        Some(time) if time.starts_with(|letter: char| letter.is_ascii_digit()) => {
            Some("TIMESTAMP '…' or DATETIME '…'")
        }
        None if day.len() != "2021-10-19".len() => Some("the day as YYYY-MM-DD"),
        _ => None,
    }
}
