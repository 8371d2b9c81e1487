//! A cell as it is in a file, and its conversion to a column's type. Nothing becomes NULL but an empty CSV cell, a JSON
//! null and a missing key.

use crate::escape::{quoted, quoted_bytes};
use crate::table::{Column, ColumnType, FaultKind, RowFault, Value, from_text};

/// A cell of a row.
#[derive(Debug, Clone, Copy)]
pub(super) enum FileCell<'r> {
    /// The object lacks the key.
    Absent,
    /// The text of a CSV cell.
    Text(&'r [u8]),
    /// The JSON text of a value.
    Json(&'r str),
}

/// Converts a cell to a value of the column's type.
pub(super) fn value(column: &Column, cell: FileCell<'_>) -> Result<Value, RowFault> {
    match cell {
        FileCell::Absent => Ok(Value::Null),
        FileCell::Text(bytes) => match str::from_utf8(bytes) {
            Ok(text) => from_text(column, text),
            Err(_) => Err(fault(
                column,
                FaultKind::Encoding,
                format!("{} is not UTF-8", quoted_bytes(bytes)),
            )),
        },
        FileCell::Json(json) => of_json(column, json),
    }
}

fn of_json(column: &Column, json: &str) -> Result<Value, RowFault> {
    let is_array = matches!(column.kind, ColumnType::StringArray | ColumnType::Float64Array);
    let of_other_type = |text: &str| {
        let what = format!("{} is not {}", quoted(text), column.kind.with_article());
        fault(column, FaultKind::Type, what)
    };
    match json.as_bytes().first() {
        Some(b'n') => Ok(Value::Null),
        _ if column.kind == ColumnType::Json || (is_array && json.starts_with('[')) => {
            from_text(column, json)
        }
        Some(b'{' | b'[') => Err(of_other_type(json)),
        Some(b'"') => {
            let Ok(text) = serde_json::from_str::<String>(json) else {
                let what = format!("{} is not valid Unicode", quoted(json));
                return Err(fault(column, FaultKind::Encoding, what));
            };
            match column.kind {
                ColumnType::String => Ok(Value::from(text)),
                // An empty text is a value here, not a missing one.
                _ if text.is_empty() => Err(of_other_type(&text)),
                _ => from_text(column, &text),
            }
        }
        _ => from_text(column, json),
    }
}

fn fault(column: &Column, kind: FaultKind, what: String) -> RowFault {
    RowFault {
        kind,
        column: Some(column.name.to_string()),
        what,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(word: &str, cell: FileCell<'_>) -> Result<String, String> {
        let column = Column::nullable("c", ColumnType::from_word(word).unwrap(), "");
        value(&column, cell)
            .map(|value| value.to_string())
            .map_err(|fault| fault.sentence(Some(4)))
    }

    #[rstest]
    #[case("INT64", "12", "12")]
    #[case("INT64", r#""12""#, "12")]
    #[case("STRING", "12345678901234567890123", "12345678901234567890123")]
    #[case("STRING", r#""""#, "")]
    #[case("STRING", r#""a\nb""#, "a\nb")]
    #[case("STRING", "null", "NULL")]
    #[case("BOOL", "true", "true")]
    #[case("DATE", r#""2026-01-05""#, "2026-01-05")]
    #[case("JSON", r#""a""#, r#""a""#)]
    #[case("JSON", r#"{"n": 1.50}"#, r#"{"n": 1.50}"#)]
    #[case("JSON", "null", "NULL")]
    #[case("ARRAY<STRING>", r#"["a", "b"]"#, "[a, b]")]
    #[case("ARRAY<FLOAT64>", "[1, 2.5]", "[1, 2.5]")]
    fn json_values_convert_to_the_column_type(#[case] word: &str, #[case] json: &str, #[case] value: &str) {
        assert_eq!(read(word, FileCell::Json(json)), Ok(value.to_owned()));
    }

    #[rstest]
    #[case("INT64", r#""""#, "'' is not an INT64")]
    #[case("INT64", "1.0", "'1.0' is not an INT64")]
    #[case("INT64", "true", "'true' is not an INT64")]
    #[case("STRING", r#"{"a":1}"#, r#"'{"a":1}' is not a STRING"#)]
    #[case("STRING", r#""\ud800""#, r#"'"\\ud800"' is not valid Unicode"#)]
    #[case("DATE", "[1]", "'[1]' is not a DATE")]
    #[case("ARRAY<STRING>", "[1]", "'[1]' is not an ARRAY<STRING>")]
    #[case("ARRAY<STRING>", r#"{"a":1}"#, r#"'{"a":1}' is not an ARRAY<STRING>"#)]
    fn other_json_values_are_refused(#[case] word: &str, #[case] json: &str, #[case] what: &str) {
        assert_eq!(
            read(word, FileCell::Json(json)),
            Err(format!("column c, line 4: {what}"))
        );
    }

    #[test]
    fn an_empty_csv_cell_is_null_and_bytes_must_be_text() {
        assert_eq!(read("STRING", FileCell::Text(b"")), Ok("NULL".to_owned()));
        assert_eq!(read("INT64", FileCell::Absent), Ok("NULL".to_owned()));
        let refused = read("STRING", FileCell::Text(b"caf\xe9"));
        assert_eq!(
            refused,
            Err(r"column c, line 4: 'caf\xe9' is not UTF-8".to_owned())
        );
    }
}
