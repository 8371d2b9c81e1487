//! Conversion between values and their stored form: `DATE`, `DATETIME` and `TIME` as ISO text, `TIMESTAMP` as UTC ISO
//! text, `BOOL` as 0 or 1, `NUMERIC` and `FLOAT64` as a real, `BYTES` as a blob, arrays as JSON text. A value that doesn't fit its column is rejected, never
//! coerced.

use std::mem;

use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::types::{ToSqlOutput, Value as Stored, ValueRef};

use super::fault::SqliteFault;
use crate::table::{Column, ColumnType, TableDef, Value, parse_datetime, parse_time};

/// Encodes one column of a statement that keeps its values from row to row. NULL, dates, timestamps and lists often
/// repeat.
pub(super) struct CellWriter<'t> {
    table: &'t TableDef,
    column: &'t Column,
    is_null: bool,
    /// The last of these values that wasn't NULL, with its text.
    last: Option<(Value, String)>,
}

impl<'t> CellWriter<'t> {
    pub(super) const fn new(table: &'t TableDef, column: &'t Column) -> Self {
        Self {
            table,
            column,
            is_null: true,
            last: None,
        }
    }

    /// Encodes the value of the next row; `None` if the statement has it from the previous one.
    pub(super) fn stored<'v>(&'v mut self, value: &'v Value) -> Result<Option<ToSqlOutput<'v>>, SqliteFault> {
        let borrowed = |value| Ok(Some(ToSqlOutput::Borrowed(value)));
        let was_null = mem::replace(&mut self.is_null, *value == Value::Null);
        match (&self.column.kind, value) {
            (_, Value::Null) if was_null => Ok(None),
            (_, Value::Null) => borrowed(ValueRef::Null),
            (ColumnType::Int64, Value::Int(number)) => borrowed(ValueRef::Integer(*number)),
            (ColumnType::Float64 | ColumnType::Numeric { .. }, Value::Float(number))
                if number.is_finite() =>
            {
                borrowed(ValueRef::Real(*number))
            }
            (ColumnType::String | ColumnType::Json, Value::Text(text)) => {
                borrowed(ValueRef::Text(text.as_bytes()))
            }
            (ColumnType::Bytes, Value::Bytes(bytes)) => borrowed(ValueRef::Blob(bytes)),
            (ColumnType::Bool, Value::Bool(truth)) => borrowed(ValueRef::Integer(i64::from(*truth))),
            (ColumnType::Date, Value::Date(_))
            | (ColumnType::Timestamp, Value::Timestamp(_))
            | (ColumnType::Datetime, Value::Datetime(_))
            | (ColumnType::Time, Value::Time(_))
            | (ColumnType::StringArray, Value::List(_)) => match &mut self.last {
                Some((last, _)) if last == value && !was_null => Ok(None),
                last => {
                    let text = match value {
                        Value::List(items) => json(items)?,
                        other => other.to_string(),
                    };
                    let (_, text) = last.insert((value.clone(), text));
                    borrowed(ValueRef::Text(text.as_bytes()))
                }
            },
            // JSON has no NaN and would store null instead.
            (ColumnType::Float64Array, Value::Numbers(numbers))
                if numbers.iter().all(|number| number.is_finite()) =>
            {
                Ok(Some(ToSqlOutput::Owned(Stored::Text(json(numbers)?))))
            }
            (kind, other) => Err(SqliteFault::data(format!(
                "{}.{}: {other} is {} and cannot be stored as {kind}",
                self.table.path(),
                self.column.name,
                other.kind()
            ))),
        }
    }
}

fn json(items: &impl serde::Serialize) -> Result<String, SqliteFault> {
    serde_json::to_string(items).map_err(|error| SqliteFault::code(error.to_string()))
}

/// Decodes one column, row by row. Dates and timestamps often repeat from row to row, so the last one is cached.
pub(super) struct CellReader<'t> {
    table: &'t TableDef,
    column: &'t Column,
    last: Option<(Vec<u8>, Value)>,
}

impl<'t> CellReader<'t> {
    pub(super) const fn new(table: &'t TableDef, column: &'t Column) -> Self {
        Self {
            table,
            column,
            last: None,
        }
    }

    /// Decodes a stored value.
    pub(super) fn value(&mut self, stored: ValueRef<'_>) -> Result<Value, SqliteFault> {
        let value = match (&self.column.kind, stored) {
            (_, ValueRef::Null) => Some(Value::Null),
            (ColumnType::Int64, ValueRef::Integer(number)) => Some(Value::Int(number)),
            (ColumnType::Float64 | ColumnType::Numeric { .. }, ValueRef::Real(number)) => {
                Some(Value::Float(number))
            }
            (ColumnType::Bool, ValueRef::Integer(0)) => Some(Value::Bool(false)),
            (ColumnType::Bool, ValueRef::Integer(1)) => Some(Value::Bool(true)),
            (ColumnType::String | ColumnType::Json, ValueRef::Text(text)) => {
                str::from_utf8(text).ok().map(|text| Value::from(text.to_owned()))
            }
            (ColumnType::Date, ValueRef::Text(text)) => self.repeated(text, parse_date),
            (ColumnType::Timestamp, ValueRef::Text(text)) => self.repeated(text, parse_timestamp),
            (ColumnType::Datetime, ValueRef::Text(text)) => {
                self.repeated(text, |text| parse_datetime(text).ok().map(Value::Datetime))
            }
            (ColumnType::Time, ValueRef::Text(text)) => {
                self.repeated(text, |text| parse_time(text).ok().map(Value::Time))
            }
            (ColumnType::Bytes, ValueRef::Blob(bytes)) => Some(Value::Bytes(bytes.to_vec())),
            (ColumnType::StringArray, ValueRef::Text(text)) => {
                serde_json::from_slice(text).ok().map(Value::List)
            }
            (ColumnType::Float64Array, ValueRef::Text(text)) => {
                serde_json::from_slice(text).ok().map(Value::Numbers)
            }
            _ => None,
        };
        value.ok_or_else(|| self.unreadable(stored))
    }

    fn repeated(&mut self, text: &[u8], parse: fn(&str) -> Option<Value>) -> Option<Value> {
        if let Some((known, value)) = &self.last
            && known == text
        {
            return Some(value.clone());
        }
        let value = parse(str::from_utf8(text).ok()?)?;
        self.last = Some((text.to_vec(), value.clone()));
        Some(value)
    }

    fn unreadable(&self, stored: ValueRef<'_>) -> SqliteFault {
        let shown = match stored {
            ValueRef::Null => "NULL".to_owned(),
            ValueRef::Integer(number) => number.to_string(),
            ValueRef::Real(number) => number.to_string(),
            ValueRef::Text(bytes) => format!("{:?}", String::from_utf8_lossy(bytes)),
            ValueRef::Blob(bytes) => format!("{} bytes", bytes.len()),
        };
        SqliteFault::data(format!(
            "{}.{} contains {shown}, which is not {}; load the table again",
            self.table.path(),
            self.column.name,
            self.column.kind
        ))
    }
}

fn parse_date(text: &str) -> Option<Value> {
    (text.len() == "2021-10-19".len())
        .then(|| text.parse::<NaiveDate>().ok())
        .flatten()
        .map(Value::Date)
}

fn parse_timestamp(text: &str) -> Option<Value> {
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|at| Value::Timestamp(at.with_timezone(&Utc)))
}
