//! Values and rows.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Utc};

use super::moment::parse_moment;

/// A value of a row, in the types of [`super::ColumnType`].
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// `INT64`.
    Int(i64),
    /// `FLOAT64` or `NUMERIC`.
    Float(f64),
    /// `BOOL`.
    Bool(bool),
    /// `STRING` or `JSON`. A text that is the same in many rows, such as a team code, is borrowed from the program.
    Text(Cow<'static, str>),
    /// `DATE`.
    Date(NaiveDate),
    /// `TIMESTAMP`.
    Timestamp(DateTime<Utc>),
    /// `DATETIME`.
    Datetime(NaiveDateTime),
    /// `TIME`.
    Time(NaiveTime),
    /// `BYTES`; its text form is base64, as in `BigQuery`'s JSON.
    Bytes(Vec<u8>),
    /// `ARRAY<STRING>`.
    List(Vec<Cow<'static, str>>),
    /// `ARRAY<FLOAT64>`.
    Numbers(Vec<f64>),
}

/// A row; its values are in the order of the queried or defined columns.
pub type Row = Vec<Value>;

/// The rows of one date, from rows that start with their date and are sorted by it.
#[must_use]
pub fn rows_on(rows: &[Row], date: NaiveDate) -> &[Row] {
    let day = |row: &Row| row.first().and_then(Value::as_date);
    let start = rows.partition_point(|row| day(row) < Some(date));
    let end = start + rows[start..].partition_point(|row| day(row) == Some(date));
    &rows[start..end]
}

impl Value {
    /// The value's type, for messages.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a number",
            Self::Bool(_) => "a boolean",
            Self::Text(_) => "a text",
            Self::Date(_) => "a date",
            Self::Timestamp(_) => "a timestamp",
            Self::Datetime(_) => "a datetime",
            Self::Time(_) => "a time",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "a list",
            Self::Numbers(_) => "a list of numbers",
        }
    }

    /// The value as a number, if it is one.
    #[must_use]
    #[allow(
        clippy::cast_precision_loss,
        reason = "counts and box-score numbers stay far below 2^53"
    )]
    pub const fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// The value as a date: a `DATE`, or a text in the form `YYYY-MM-DD`.
    #[must_use]
    pub fn as_date(&self) -> Option<NaiveDate> {
        match self {
            Self::Date(date) => Some(*date),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The value as an instant: a `TIMESTAMP`, a `DATETIME` of UTC, or a text with a date and a time as `BigQuery` reads
    /// it.
    #[must_use]
    pub fn as_instant(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Timestamp(at) => Some(*at),
            Self::Datetime(at) => Some(at.and_utc()),
            Self::Text(text) if text.len() > "2021-10-19".len() => parse_moment(text).ok(),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number}"),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::Text(text) => f.write_str(text),
            Self::Date(date) => write!(f, "{date}"),
            Self::Timestamp(at) => f.write_str(&at.to_rfc3339_opts(SecondsFormat::Micros, true)),
            Self::Datetime(at) => write!(f, "{}", at.format("%FT%T%.6f")),
            Self::Time(at) => write!(f, "{}", at.format("%T%.6f")),
            Self::Bytes(bytes) => f.write_str(&BASE64_STANDARD.encode(bytes)),
            Self::List(items) => list(f, items),
            Self::Numbers(numbers) => list(f, numbers),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, items: &[impl fmt::Display]) -> fmt::Result {
    let mut before = "[";
    for item in items {
        write!(f, "{before}{item}")?;
        before = ", ";
    }
    f.write_str(if items.is_empty() { "[]" } else { "]" })
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<Vec<String>> for Value {
    fn from(items: Vec<String>) -> Self {
        Self::List(items.into_iter().map(Cow::Owned).collect())
    }
}

impl From<NaiveDate> for Value {
    fn from(date: NaiveDate) -> Self {
        Self::Date(date)
    }
}

impl From<DateTime<Utc>> for Value {
    fn from(at: DateTime<Utc>) -> Self {
        Self::Timestamp(at)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
