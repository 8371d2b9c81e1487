//! Validates rows before they are stored. An invalid row is quarantined with its reason; the rest of its date is
//! stored.

use std::collections::HashSet;
use std::fmt::Write;

use super::{Column, ColumnType, FaultKind, Row, RowFault, TableDef, Value};
use crate::escape::quoted;
use crate::figures::counted;
use crate::partition::Partition;

/// Maximum number of quarantined rows that are described. More usually have the same cause: they only have its kind.
pub const MAX_DESCRIBED: usize = 1_000;

/// A row to be validated.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Candidate {
    /// Its values as far as they could be parsed; the others are unparsed.
    pub row: Row,
    /// The line of the program's output it begins on, from 1.
    pub line: Option<u64>,
    /// A fault found while parsing it.
    pub fault: Option<RowFault>,
}

impl From<Row> for Candidate {
    fn from(row: Row) -> Self {
        Self {
            row,
            ..Self::default()
        }
    }
}

/// A row that can't be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Quarantined {
    /// The row as received; empty if it is not described.
    pub row: Row,
    /// The kind of its fault.
    pub kind: FaultKind,
    /// One sentence: column, line, what is wrong, the refused value in quotes; empty if it is not described.
    pub reason: String,
}

/// The valid and the quarantined rows of a date.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Admitted {
    /// Valid rows; keys are unique.
    pub rows: Vec<Row>,
    /// Invalid rows.
    pub quarantined: Vec<Quarantined>,
}

/// Validates every row against the definition: width, types, NULLs, NUMERIC range, unique keys.
#[must_use]
pub fn admit<C: Into<Candidate>>(table: &TableDef, rows: impl IntoIterator<Item = C>) -> Admitted {
    sorted_out(table, rows, |_| None)
}

/// As [`admit`], for one partition: rows of others are quarantined too, because a replace only covers this one.
#[must_use]
pub fn admit_on<C: Into<Candidate>>(
    table: &TableDef,
    date: Partition,
    rows: impl IntoIterator<Item = C>,
) -> Admitted {
    let at = table.position(&table.date_column);
    sorted_out(table, rows, |row| {
        let other = table.partition_of(row).filter(|of| *of != date);
        other.map(|_| RowFault {
            kind: FaultKind::OtherDate,
            column: Some(table.date_column.to_string()),
            what: format!(
                "{} is not {} {date}",
                quoted(&at.and_then(|at| row.get(at)).unwrap_or(&Value::Null).to_string()),
                date.grain().place()
            ),
        })
    })
}

fn sorted_out<C: Into<Candidate>>(
    table: &TableDef,
    rows: impl IntoIterator<Item = C>,
    other_date: impl Fn(&Row) -> Option<RowFault>,
) -> Admitted {
    let key = table.key_positions();
    let mut seen = HashSet::new();
    let mut admitted = Admitted::default();
    for candidate in rows {
        let Candidate { row, line, fault } = candidate.into();
        let fault = fault
            .or_else(|| row_fault(table, &row))
            .or_else(|| other_date(&row))
            .or_else(|| table.slice.fault(table, &row))
            .or_else(|| {
                let is_new = key.is_empty() || seen.insert(key_text(&row, &key));
                (!is_new).then(|| {
                    let parts: Vec<String> = key.iter().map(|&at| quoted(&row[at].to_string())).collect();
                    RowFault {
                        kind: FaultKind::DuplicateKey,
                        column: None,
                        what: format!(
                            "key ({}) = ({}) is a duplicate",
                            table.key.join(", "),
                            parts.join(", ")
                        ),
                    }
                })
            });
        match fault {
            None => admitted.rows.push(row),
            Some(fault) => {
                let is_described = admitted.quarantined.len() < MAX_DESCRIBED;
                let (row, reason) = if is_described {
                    (row, fault.sentence(line))
                } else {
                    Default::default()
                };
                admitted.quarantined.push(Quarantined {
                    row,
                    kind: fault.kind,
                    reason,
                });
            }
        }
    }
    admitted
}

/// The values of a key as one text. A valid text has no NUL byte, so different keys have different texts.
fn key_text(row: &Row, key: &[usize]) -> String {
    let mut text = String::with_capacity(48);
    for &at in key {
        let written = match &row[at] {
            Value::Text(part) => text.write_str(part),
            other => write!(text, "{other}"),
        };
        debug_assert!(written.is_ok(), "a String takes every text");
        text.push('\0');
    }
    text
}

/// Why a row can't be stored, by itself: width, types, NULLs, NUMERIC range. `None` if it can.
#[must_use]
pub fn row_fault(table: &TableDef, row: &Row) -> Option<RowFault> {
    if row.len() != table.columns.len() {
        return Some(RowFault {
            kind: FaultKind::Width,
            column: None,
            what: format!(
                "{} for {}",
                counted(row.len(), "value"),
                counted(table.columns.len(), "column")
            ),
        });
    }
    (table.columns.iter().zip(row)).find_map(|(column, value)| column_fault(column, value))
}

fn column_fault(column: &Column, value: &Value) -> Option<RowFault> {
    let (kind, what) = match (&column.kind, value) {
        (_, Value::Null) if column.nullable => return None,
        (_, Value::Null) => (FaultKind::NotNull, "NULL is not allowed".to_owned()),
        (&ColumnType::Numeric { precision, scale }, Value::Float(number)) => {
            let limit = 10_f64.powi(i32::from(precision) - i32::from(scale));
            if number.is_finite() && number.abs() < limit {
                return None;
            }
            let shown = quoted(&number.to_string());
            (FaultKind::Range, format!("{shown} does not fit {}", column.kind))
        }
        (ColumnType::Float64, Value::Float(number)) if number.is_finite() => return None,
        (ColumnType::Float64, Value::Float(number)) => (
            FaultKind::Type,
            format!("{} is not a number", quoted(&number.to_string())),
        ),
        // `BigQuery` arrays can't contain NULL, so an invalid number can't be replaced by one.
        (ColumnType::Float64Array, Value::Numbers(numbers)) => {
            let at = numbers.iter().position(|number| !number.is_finite())?;
            let shown = quoted(&numbers[at].to_string());
            (FaultKind::Type, format!("item {at} is {shown}, not a number"))
        }
        (ColumnType::String | ColumnType::Json, Value::Text(text)) => {
            if !text.contains('\0') {
                return None;
            }
            (FaultKind::Encoding, format!("{} has a NUL byte", quoted(text)))
        }
        (ColumnType::Int64, Value::Int(_))
        | (ColumnType::Bool, Value::Bool(_))
        | (ColumnType::Date, Value::Date(_))
        | (ColumnType::Timestamp, Value::Timestamp(_))
        | (ColumnType::Datetime, Value::Datetime(_))
        | (ColumnType::Time, Value::Time(_))
        | (ColumnType::Bytes, Value::Bytes(_))
        | (ColumnType::StringArray, Value::List(_)) => return None,
        (kind, other) => {
            let (shown, found) = (quoted(&other.to_string()), other.kind());
            (
                FaultKind::Type,
                format!("{shown} is {found}, not {}", kind.with_article()),
            )
        }
    };
    Some(RowFault {
        kind,
        column: Some(column.name.to_string()),
        what,
    })
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    use super::super::{Slice, SliceValue};
    use super::*;

    fn table() -> TableDef {
        TableDef::new(
            "d",
            "t",
            "",
            vec![
                Column::required("team", ColumnType::String, ""),
                Column::nullable(
                    "usage_rate",
                    ColumnType::Numeric {
                        precision: 5,
                        scale: 2,
                    },
                    "",
                ),
                Column::nullable("features", ColumnType::Float64Array, ""),
            ],
            "team",
        )
        .keyed_by(&["team"])
    }

    fn numbers(numbers: &[f64]) -> Value {
        Value::Numbers(numbers.to_vec())
    }

    #[test]
    fn only_the_overflowing_row_is_quarantined() {
        let rows = vec![
            vec![Value::from("BOS"), Value::from(999.99), numbers(&[0.0, -1.5])],
            vec![Value::from("LAL"), Value::from(1329.8), Value::Null],
            vec![Value::Null, Value::Null, Value::Null],
            vec![Value::from("BOS"), Value::Null, Value::Null],
            vec![Value::from("GSW"), Value::from(12_i64), Value::Null],
            vec![Value::from("MIA"), Value::from(f64::NAN), Value::Null],
            vec![Value::from("DEN"), Value::Null, numbers(&[1.0, f64::NAN])],
            vec![Value::from("UTA"), Value::Null, Value::List(Vec::new())],
            vec![Value::from("a\0b"), Value::Null, Value::Null],
        ];
        let admitted = admit(&table(), rows);
        assert_eq!(admitted.rows.len(), 1);
        let reasons: Vec<&str> = admitted
            .quarantined
            .iter()
            .map(|bad| bad.reason.as_str())
            .collect();
        assert_eq!(
            reasons,
            [
                "column usage_rate: '1329.8' does not fit NUMERIC(5,2)",
                "column team: NULL is not allowed",
                "key (team) = ('BOS') is a duplicate",
                "column usage_rate: '12' is an integer, not a NUMERIC(5,2)",
                "column usage_rate: 'NaN' does not fit NUMERIC(5,2)",
                "column features: item 1 is 'NaN', not a number",
                "column features: '[]' is a list, not an ARRAY<FLOAT64>",
                r"column team: 'a\0b' has a NUL byte",
            ]
        );
    }

    #[test]
    fn only_the_first_quarantined_rows_are_described() {
        let admitted = admit(&table(), vec![vec![Value::Null; 3]; MAX_DESCRIBED + 1]);
        assert_eq!(admitted.quarantined.len(), MAX_DESCRIBED + 1);
        let described = |bad: &&Quarantined| !bad.reason.is_empty() && !bad.row.is_empty();
        assert_eq!(
            admitted.quarantined.iter().filter(described).count(),
            MAX_DESCRIBED
        );
        assert_eq!(admitted.quarantined[MAX_DESCRIBED].kind, FaultKind::NotNull);
    }

    #[test]
    fn a_row_of_another_date_is_quarantined() {
        let day = |text: &str| text.parse::<Partition>().unwrap();
        let table = TableDef {
            columns: Cow::Owned(vec![Column::required("day", ColumnType::Date, "")]),
            date_column: Cow::Borrowed("day"),
            key: Cow::Borrowed(&[]),
            ..table()
        };
        let rows = ["2024-03-01", "2024-03-02"].map(|text| vec![Value::from(day(text).first_day())]);
        let admitted = admit_on(&table, day("2024-03-01"), rows.to_vec());
        assert_eq!(admitted.rows, rows[..1]);
        assert_eq!(
            admitted.quarantined[0].reason,
            "column day: '2024-03-02' is not the date 2024-03-01"
        );
    }

    #[test]
    fn a_row_of_another_slice_is_quarantined() {
        let slice = BTreeMap::from([("team".to_owned(), SliceValue::Text("B'OS".to_owned()))]);
        let table = TableDef {
            slice: Slice::new(slice).unwrap(),
            ..table()
        };
        let row = |team: Value| vec![team, Value::Null, Value::Null];
        let rows = ["B'OS", "LAL"].map(|team| row(Value::from(team)));
        let admitted = admit(&table, [&rows[..], &[row(Value::Null)]].concat());
        assert_eq!(admitted.rows, rows[..1]);
        let reasons = admitted
            .quarantined
            .iter()
            .map(|bad| (bad.kind, bad.reason.as_str()));
        assert_eq!(
            reasons.collect::<Vec<_>>(),
            [
                (
                    FaultKind::OtherSlice,
                    r"column team: 'LAL' is not 'B\'OS', the slice of the plan"
                ),
                (FaultKind::NotNull, "column team: NULL is not allowed"),
            ]
        );
    }
}
