//! Converts printed text and query results to values of a column's type. Anything invalid is refused with the value in
//! quotes; the only adjustment is rounding a NUMERIC to its scale.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::decimal::Decimal;
use super::moment::{parse_datetime, parse_day, parse_moment, parse_time};
use super::{Column, ColumnType, FaultKind, RowFault, Value};
use crate::escape::quoted;

/// Maximum scale of a `BigQuery` NUMERIC, whatever scale its column has.
const NUMERIC_SCALE: u8 = 9;

/// Converts a printed cell. An empty cell is NULL, or an empty text in a NOT NULL text column; spaces are trimmed
/// except in STRING and JSON.
///
/// # Errors
/// When the text is not a valid form of the column's type.
pub fn from_text(column: &Column, text: &str) -> Result<Value, RowFault> {
    if text.is_empty() && (column.nullable || column.kind != ColumnType::String) {
        return Ok(Value::Null);
    }
    let bare = match column.kind {
        ColumnType::String | ColumnType::Json => text,
        _ => text.trim_matches([' ', '\t']),
    };
    let read = match column.kind {
        ColumnType::Int64 => integer(bare),
        ColumnType::Float64 => float(bare),
        ColumnType::Numeric { precision, scale } => match Decimal::parse(bare) {
            Some(decimal) => numeric(decimal, precision, scale),
            None => Err(Rejection::OfAnotherType(None)),
        },
        ColumnType::Bool => truth(bare),
        ColumnType::Bytes => BASE64_STANDARD
            .decode(bare)
            .map(Value::Bytes)
            .map_err(|_| Rejection::OfAnotherType(Some("bytes are written as base64".to_owned()))),
        ref kind => of_text(kind, bare),
    };
    read.map_err(|refused| refused.fault(column, text))
}

/// Converts a value of a query result. A warehouse with fewer types returns a BOOL as 0 or 1, and dates, timestamps,
/// JSON and arrays as text.
///
/// # Errors
/// When the value is not valid for the column's type.
pub fn from_answer(column: &Column, value: Value) -> Result<Value, RowFault> {
    let read = match (&column.kind, &value) {
        (ColumnType::Bool, Value::Int(0)) => return Ok(Value::Bool(false)),
        (ColumnType::Bool, Value::Int(1)) => return Ok(Value::Bool(true)),
        (ColumnType::Float64, Value::Int(_)) => return Ok(value.as_f64().into()),
        (&ColumnType::Numeric { precision, scale }, Value::Int(number)) => {
            match Decimal::parse(&number.to_string()) {
                Some(decimal) => numeric(decimal, precision, scale),
                None => Err(Rejection::OfAnotherType(None)),
            }
        }
        (&ColumnType::Numeric { precision, scale }, Value::Float(number)) => match decimal(*number) {
            Some(decimal) => numeric(decimal, precision, scale),
            None => Err(Rejection::TooLarge(None)),
        },
        (kind, Value::Text(text)) => of_text(kind, text),
        _ => return Ok(value),
    };
    read.map_err(|refused| refused.fault(column, &value.to_string()))
}

/// Why a value is refused, before the column is known.
enum Rejection {
    OfAnotherType(Option<String>),
    /// A query returned text, and this type has no text form.
    AText,
    TooLarge(Option<&'static str>),
}

impl Rejection {
    fn fault(self, column: &Column, value: &str) -> RowFault {
        let value = quoted(value);
        let (kind, what, more) = match self {
            Self::OfAnotherType(more) => (
                FaultKind::Type,
                format!("{value} is not {}", column.kind.with_article()),
                more,
            ),
            Self::AText => (
                FaultKind::Type,
                format!("{value} is a text, not {}", column.kind.with_article()),
                None,
            ),
            Self::TooLarge(more) => (
                FaultKind::Range,
                format!("{value} does not fit {}", column.kind),
                more.map(str::to_owned),
            ),
        };
        RowFault {
            kind,
            column: Some(column.name.to_string()),
            what: match more {
                None => what,
                Some(more) => format!("{what}; {more}"),
            },
        }
    }
}

/// Converts text to a type that a warehouse may return as text. Other types accept no text from a query.
fn of_text(kind: &ColumnType, text: &str) -> Result<Value, Rejection> {
    let other = |more: Option<&str>| Rejection::OfAnotherType(more.map(str::to_owned));
    match kind {
        ColumnType::String => Ok(Value::from(text.to_owned())),
        ColumnType::Json => match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => Ok(Value::from(text.to_owned())),
            Err(error) => Err(Rejection::OfAnotherType(Some(error.to_string()))),
        },
        ColumnType::Date => parse_day(text).map(Value::Date).ok_or_else(|| other(None)),
        ColumnType::Timestamp => parse_moment(text).map(Value::Timestamp).map_err(other),
        ColumnType::Datetime => parse_datetime(text).map(Value::Datetime).map_err(other),
        ColumnType::Time => parse_time(text).map(Value::Time).map_err(other),
        ColumnType::StringArray => (serde_json::from_str(text).map(Value::List)).map_err(|_| other(None)),
        ColumnType::Float64Array => (serde_json::from_str(text).map(Value::Numbers)).map_err(|_| other(None)),
        ColumnType::Int64
        | ColumnType::Float64
        | ColumnType::Numeric { .. }
        | ColumnType::Bool
        | ColumnType::Bytes
        | ColumnType::Carried(_) => Err(Rejection::AText),
    }
}

fn integer(text: &str) -> Result<Value, Rejection> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Rejection::OfAnotherType(None));
    }
    text.parse()
        .map(Value::Int)
        .map_err(|_| Rejection::TooLarge(None))
}

fn float(text: &str) -> Result<Value, Rejection> {
    // Rust would also parse `nan` and `inf`, which are not valid here.
    if Decimal::parse(text).is_none() {
        return Err(Rejection::OfAnotherType(None));
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Value::Float(number)),
        _ => Err(Rejection::TooLarge(None)),
    }
}

fn truth(text: &str) -> Result<Value, Rejection> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" => Ok(Value::Bool(true)),
        "false" | "f" | "0" => Ok(Value::Bool(false)),
        _ => Err(Rejection::OfAnotherType(None)),
    }
}

/// A NUMERIC with the digits of its column, stored as a double; a number that a double can't represent to its last
/// digit is refused.
fn numeric(decimal: Decimal, precision: u8, scale: u8) -> Result<Value, Rejection> {
    let rounded = decimal.rounded(scale);
    if rounded.whole_digits() > usize::from(precision - scale.min(precision)) {
        return Err(Rejection::TooLarge(None));
    }
    let text = rounded.with_scale(scale);
    match text.parse::<f64>() {
        Ok(number) if format!("{number:.*}", usize::from(scale)) == text => Ok(Value::Float(number)),
        _ => Err(Rejection::TooLarge(Some(
            "numbers with more than 15 digits lose precision",
        ))),
    }
}

/// A double as `BigQuery` converts it to NUMERIC: its exact value rounded to nine digits. 40 digits
/// distinguish a half from a near half.
fn decimal(number: f64) -> Option<Decimal> {
    let decimal = Decimal::parse(&format!("{number:.40}"))?;
    Some(decimal.rounded(NUMERIC_SCALE))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn column(word: &str) -> Column {
        Column::nullable("c", ColumnType::from_word(word).unwrap(), "")
    }

    fn read(word: &str, text: &str) -> Value {
        from_text(&column(word), text).unwrap_or_else(|fault| panic!("{}", fault.what))
    }

    #[rstest]
    #[case("INT64", "+1", "1")]
    #[case("INT64", "007", "7")]
    #[case("INT64", " -12 ", "-12")]
    #[case("INT64", "9223372036854775807", "9223372036854775807")]
    #[case("FLOAT64", ".5", "0.5")]
    #[case("FLOAT64", "1e3", "1000")]
    #[case("NUMERIC(10,2)", "0.125", "0.13")]
    #[case("NUMERIC(10,2)", "1.005", "1.01")]
    #[case("NUMERIC(10,2)", "-2.675", "-2.68")]
    #[case("NUMERIC(10,2)", "1e3", "1000")]
    #[case("NUMERIC(10,2)", "99999999.99", "99999999.99")]
    #[case("NUMERIC(2,2)", "0.994", "0.99")]
    #[case("NUMERIC(38,9)", "1234567.123456789", "1234567.123456789")]
    #[case("BOOL", "TRUE", "true")]
    #[case("BOOL", "F", "false")]
    #[case("BOOL", "1", "true")]
    #[case("DATE", "2024-01-08", "2024-01-08")]
    #[case("TIMESTAMP", "2024-01-08 02:30:00", "2024-01-08T02:30:00.000000Z")]
    #[case("DATETIME", "2024-01-08 02:30:00", "2024-01-08T02:30:00.000000")]
    #[case("TIME", "02:30:00.5", "02:30:00.500000")]
    #[case("BYTES", "AP8=", "AP8=")]
    #[case("JSON", "{\"a\": [1, 2.50, null]}", "{\"a\": [1, 2.50, null]}")]
    #[case("STRING", " a ", " a ")]
    #[case("ARRAY<STRING>", "[\"a\", \"b\"]", "[a, b]")]
    #[case("ARRAY<FLOAT64>", "[1, 2.5]", "[1, 2.5]")]
    #[case("INT64", "", "NULL")]
    fn printed_text_converts_to_the_column_type(#[case] word: &str, #[case] text: &str, #[case] value: &str) {
        assert_eq!(read(word, text).to_string(), value);
    }

    #[rstest]
    #[case("INT64", "two", FaultKind::Type, "'two' is not an INT64")]
    #[case("INT64", "1.0", FaultKind::Type, "'1.0' is not an INT64")]
    #[case("INT64", "1e3", FaultKind::Type, "'1e3' is not an INT64")]
    #[case("INT64", " ", FaultKind::Type, "' ' is not an INT64")]
    #[case(
        "INT64",
        "9223372036854775808",
        FaultKind::Range,
        "'9223372036854775808' does not fit INT64"
    )]
    #[case("FLOAT64", "nan", FaultKind::Type, "'nan' is not a FLOAT64")]
    #[case("FLOAT64", "-inf", FaultKind::Type, "'-inf' is not a FLOAT64")]
    #[case("FLOAT64", "1e999", FaultKind::Range, "'1e999' does not fit FLOAT64")]
    #[case(
        "NUMERIC(10,2)",
        "1,234.50",
        FaultKind::Type,
        "'1,234.50' is not a NUMERIC(10,2)"
    )]
    #[case(
        "NUMERIC(10,2)",
        "123456789.00",
        FaultKind::Range,
        "'123456789.00' does not fit NUMERIC(10,2)"
    )]
    #[case(
        "NUMERIC(10,2)",
        "99999999.995",
        FaultKind::Range,
        "'99999999.995' does not fit NUMERIC(10,2)"
    )]
    #[case(
        "NUMERIC(38,9)",
        "123456789012345678.91",
        FaultKind::Range,
        "'123456789012345678.91' does not fit NUMERIC(38,9); numbers with more than 15 digits lose precision"
    )]
    #[case("BOOL", "yes", FaultKind::Type, "'yes' is not a BOOL")]
    #[case("DATE", "2024-1-8", FaultKind::Type, "'2024-1-8' is not a DATE")]
    #[case("TIMESTAMP", "1704681000", FaultKind::Type, "'1704681000' is not a TIMESTAMP")]
    #[case(
        "DATETIME",
        "2024-01-08T02:30:00Z",
        FaultKind::Type,
        "'2024-01-08T02:30:00Z' is not a DATETIME"
    )]
    #[case("TIME", "2:30", FaultKind::Type, "'2:30' is not a TIME")]
    #[case(
        "BYTES",
        "AP8",
        FaultKind::Type,
        "'AP8' is not a BYTES; bytes are written as base64"
    )]
    #[case(
        "JSON",
        "{a: 1",
        FaultKind::Type,
        "'{a: 1' is not valid JSON; key must be a string at line 1 column 2"
    )]
    #[case(
        "ARRAY<FLOAT64>",
        "[1, null]",
        FaultKind::Type,
        "'[1, null]' is not an ARRAY<FLOAT64>"
    )]
    fn invalid_text_is_refused_with_its_value(
        #[case] word: &str,
        #[case] text: &str,
        #[case] kind: FaultKind,
        #[case] what: &str,
    ) {
        let fault = from_text(&column(word), text).unwrap_err();
        assert_eq!((fault.kind, fault.what.as_str()), (kind, what));
        assert_eq!(fault.column.as_deref(), Some("c"));
    }

    #[rstest]
    #[case("BOOL", Value::Int(1), Value::Bool(true))]
    #[case("FLOAT64", Value::Int(2), Value::Float(2.0))]
    #[case("NUMERIC(10,2)", Value::Float(0.129), Value::Float(0.13))]
    #[case("NUMERIC(10,2)", Value::Float(0.125), Value::Float(0.13))]
    #[case("NUMERIC(10,2)", Value::Float(1.005), Value::Float(1.01))]
    #[case("NUMERIC(10,2)", Value::Float(-2.675), Value::Float(-2.68))]
    #[case("NUMERIC(10,2)", Value::Float(0.125_000_000_4), Value::Float(0.13))]
    #[case("NUMERIC(10,2)", Value::Float(0.124_999_99), Value::Float(0.12))]
    #[case("NUMERIC(38,9)", Value::Float(0.000_976_562_5), Value::Float(0.000_976_563))]
    #[case(
        "NUMERIC(38,9)",
        Value::Float(12_345_678_901_234_568.0),
        Value::Float(12_345_678_901_234_568.0)
    )]
    #[case("NUMERIC(5,0)", Value::Int(12), Value::Float(12.0))]
    #[case("BYTES", Value::Bytes(vec![0, 255]), Value::Bytes(vec![0, 255]))]
    #[case("JSON", Value::from("[1]"), Value::from("[1]"))]
    #[case("INT64", Value::Null, Value::Null)]
    fn query_results_convert_to_the_column_type(
        #[case] word: &str,
        #[case] answered: Value,
        #[case] value: Value,
    ) {
        assert_eq!(from_answer(&column(word), answered), Ok(value));
    }

    #[rstest]
    #[case("INT64", Value::from("12"), FaultKind::Type, "'12' is a text, not an INT64")]
    #[case(
        "NUMERIC(5,1)",
        Value::Float(99_999.0),
        FaultKind::Range,
        "'99999' does not fit NUMERIC(5,1)"
    )]
    #[case(
        "NUMERIC(5,1)",
        Value::Float(f64::INFINITY),
        FaultKind::Range,
        "'inf' does not fit NUMERIC(5,1)"
    )]
    #[case(
        "NUMERIC(29,0)",
        Value::Int(9_007_199_254_740_993),
        FaultKind::Range,
        "'9007199254740993' does not fit NUMERIC(29,0); numbers with more than 15 digits lose precision"
    )]
    #[case(
        "BYTES",
        Value::from("AP8="),
        FaultKind::Type,
        "'AP8=' is a text, not a BYTES"
    )]
    #[case(
        "DATETIME",
        Value::from("2024-01-08T00:00:00.000000Z"),
        FaultKind::Type,
        "'2024-01-08T00:00:00.000000Z' is not a DATETIME"
    )]
    #[case("DATE", Value::from("8 Jan"), FaultKind::Type, "'8 Jan' is not a DATE")]
    fn query_results_of_another_type_are_refused(
        #[case] word: &str,
        #[case] answered: Value,
        #[case] kind: FaultKind,
        #[case] what: &str,
    ) {
        let fault = from_answer(&column(word), answered).unwrap_err();
        assert_eq!((fault.kind, fault.what.as_str()), (kind, what));
    }
}
