//! Cell values as encoded by `BigQuery`'s REST API: every scalar is a string, every array a list of cells.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use super::wire::{TableCell, TableFieldSchema};
use crate::table::{ColumnType, Row, Value, parse_datetime, parse_time};

/// Maximum number of characters of a cell quoted in a message.
const MAX_SHOWN: usize = 200;

/// A cell that doesn't match its column type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column} returns {cell}, which is not a valid {kind}")]
pub(super) struct CellError {
    column: String,
    cell: String,
    kind: String,
}

/// The type for reading a column; `None` if it can't be read. Types without a counterpart that arrive as one string are
/// read as strings.
pub(super) fn column_type(field: &TableFieldSchema) -> Option<ColumnType> {
    Some(match (field.kind.as_str(), field.is_repeated()) {
        ("INTEGER" | "INT64", false) => ColumnType::Int64,
        ("FLOAT" | "FLOAT64" | "NUMERIC" | "BIGNUMERIC", false) => ColumnType::Float64,
        ("BOOLEAN" | "BOOL", false) => ColumnType::Bool,
        ("DATE", false) => ColumnType::Date,
        ("TIMESTAMP", false) => ColumnType::Timestamp,
        ("JSON", false) => ColumnType::Json,
        ("DATETIME", false) => ColumnType::Datetime,
        ("TIME", false) => ColumnType::Time,
        ("BYTES", false) => ColumnType::Bytes,
        ("STRING" | "GEOGRAPHY" | "INTERVAL" | "RANGE", false) => ColumnType::String,
        ("FLOAT" | "FLOAT64" | "NUMERIC" | "BIGNUMERIC", true) => ColumnType::Float64Array,
        ("STRING", true) => ColumnType::StringArray,
        _ => return None,
    })
}

pub(super) fn value(column: &str, kind: &ColumnType, cell: &TableCell) -> Result<Value, CellError> {
    read(kind, &cell.value).ok_or_else(|| CellError {
        column: column.to_owned(),
        cell: cell.value.to_string().chars().take(MAX_SHOWN).collect(),
        kind: kind.to_string(),
    })
}

fn read(kind: &ColumnType, held: &Json) -> Option<Value> {
    if let (ColumnType::StringArray, Json::Array(cells)) = (kind, held) {
        let texts: Option<_> = cells
            .iter()
            .map(|cell| Some(inner(cell)?.to_owned().into()))
            .collect();
        return texts.map(Value::List);
    }
    if let (ColumnType::Float64Array, Json::Array(cells)) = (kind, held) {
        let numbers: Option<_> = cells.iter().map(|cell| inner(cell)?.parse().ok()).collect();
        return numbers.map(Value::Numbers);
    }
    let text = match held {
        Json::Null => return Some(Value::Null),
        Json::String(text) => text,
        _ => return None,
    };
    Some(match kind {
        ColumnType::Int64 => Value::Int(text.parse().ok()?),
        ColumnType::Float64 | ColumnType::Numeric { .. } => Value::Float(text.parse().ok()?),
        // Carried values arrive as text, nested ones as JSON; they are only shown.
        ColumnType::String | ColumnType::Json | ColumnType::Carried(_) => Value::from(text.clone()),
        ColumnType::Bool => Value::Bool(text.to_ascii_lowercase().parse().ok()?),
        ColumnType::Date => Value::Date(text.parse().ok()?),
        ColumnType::Timestamp => Value::Timestamp(moment(text)?),
        ColumnType::Datetime => Value::Datetime(parse_datetime(text).ok()?),
        ColumnType::Time => Value::Time(parse_time(text).ok()?),
        ColumnType::Bytes => Value::Bytes(BASE64_STANDARD.decode(text).ok()?),
        ColumnType::StringArray | ColumnType::Float64Array => return None,
    })
}

fn inner(cell: &Json) -> Option<&str> {
    cell.get("v")?.as_str()
}

/// Parses a timestamp in seconds with a fraction, possibly with an exponent. A double represents current timestamps to
/// less than a microsecond.
#[allow(
    clippy::cast_possible_truncation,
    reason = "rounded, and what a calendar cannot hold is refused by it"
)]
fn moment(text: &str) -> Option<DateTime<Utc>> {
    let seconds: f64 = text.parse().ok()?;
    DateTime::from_timestamp_micros((seconds * 1e6).round() as i64)
}

/// Encodes a row as one JSON list, each value in the format that [`expression`] reads.
pub(super) fn row(row: &Row) -> Json {
    row.iter().map(cell).collect()
}

fn cell(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Int(number) => json!(number.to_string()),
        // The shortest text that parses back to the same number.
        Value::Float(number) => json!(number.to_string()),
        Value::Bool(flag) => json!(flag.to_string()),
        Value::Text(text) => json!(text),
        Value::Date(date) => json!(date.to_string()),
        Value::Timestamp(_) | Value::Datetime(_) | Value::Time(_) | Value::Bytes(_) => {
            json!(value.to_string())
        }
        Value::List(texts) => json!(texts),
        Value::Numbers(numbers) => numbers.iter().map(|number| json!(number.to_string())).collect(),
    }
}

/// The SQL expression that converts the value at this index of a JSON list to a column's type.
pub(super) fn expression(kind: &ColumnType, list: &str, place: usize) -> String {
    let text = format!("JSON_VALUE({list}, '$[{place}]')");
    match kind {
        ColumnType::String => text,
        ColumnType::Json => format!("PARSE_JSON({text})"),
        ColumnType::Bytes => format!("FROM_BASE64({text})"),
        ColumnType::StringArray => format!("JSON_VALUE_ARRAY({list}, '$[{place}]')"),
        ColumnType::Float64Array => format!(
            "ARRAY(SELECT CAST(item AS FLOAT64) FROM UNNEST(JSON_VALUE_ARRAY({list}, '$[{place}]')) AS item \
             WITH OFFSET AS place ORDER BY place)"
        ),
        ColumnType::Numeric { .. } => format!("CAST({text} AS NUMERIC)"),
        ColumnType::Int64
        | ColumnType::Float64
        | ColumnType::Bool
        | ColumnType::Date
        | ColumnType::Timestamp
        | ColumnType::Datetime
        | ColumnType::Time => format!("CAST({text} AS {kind})"),
        // Only queries fill such columns, and their rows aren't sent.
        ColumnType::Carried(carried) => format!("CAST({text} AS {carried})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(kind: &ColumnType, text: &str) -> Option<Value> {
        read(kind, &json!(text))
    }

    #[test]
    fn scalars_are_parsed_from_text() {
        assert_eq!(read_text(&ColumnType::Int64, "-12"), Some(Value::Int(-12)));
        assert_eq!(
            read_text(&ColumnType::Float64, "1.5E3"),
            Some(Value::Float(1500.0))
        );
        assert_eq!(read_text(&ColumnType::Bool, "true"), Some(Value::Bool(true)));
        assert_eq!(
            read_text(&ColumnType::Date, "2023-12-16"),
            Some(Value::Date("2023-12-16".parse().unwrap()))
        );
        assert_eq!(read(&ColumnType::Int64, &Json::Null), Some(Value::Null));
        assert_eq!(read_text(&ColumnType::Int64, "twelve"), None);
        assert_eq!(read_text(&ColumnType::Date, "2023-13-16"), None);
    }

    // 2024-05-01 00:00:00.000001 UTC, in the API's default format without whole microseconds.
    #[test]
    fn timestamps_are_parsed_to_the_microsecond() {
        let read = read_text(&ColumnType::Timestamp, "1.714521600000001E9");
        let moment = DateTime::from_timestamp_micros(1_714_521_600_000_001).unwrap();
        assert_eq!(read, Some(Value::Timestamp(moment)));
    }

    #[test]
    fn arrays_are_parsed_from_cells_and_written_as_strings() {
        let cells = json!([{"v": "0.1"}, {"v": "2.0"}]);
        let numbers = Value::Numbers(vec![0.1, 2.0]);
        assert_eq!(read(&ColumnType::Float64Array, &cells), Some(numbers.clone()));
        assert_eq!(cell(&numbers), json!(["0.1", "2"]));
        assert_eq!(
            row(&vec![Value::Null, Value::Bool(false)]),
            json!([null, "false"])
        );
    }
}
