//! The border control of a table: which rows may be stored, and why the others may not.
//! A bad row is set aside with its reason; it never takes its date down with it.

use std::collections::HashSet;

use chrono::NaiveDate;

use super::{Column, ColumnType, Row, TableDef, Value};

/// A row that may not be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Quarantined {
    /// The row as it came.
    pub row: Row,
    /// One sentence: which column, what is wrong.
    pub reason: String,
}

/// The rows of one date, sorted into those that may be stored and those that may not.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Admitted {
    /// Rows that fit the definition, each key once.
    pub rows: Vec<Row>,
    /// Rows that do not.
    pub quarantined: Vec<Quarantined>,
}

/// Checks every row against the definition: width, types, NULLs, NUMERIC range, key used once.
#[must_use]
pub fn admit(table: &TableDef, rows: Vec<Row>) -> Admitted {
    let key = table.key_positions();
    let mut seen = HashSet::with_capacity(rows.len());
    let mut admitted = Admitted::default();
    for row in rows {
        let fault = fault(table, &row).or_else(|| {
            let named: Vec<String> = key.iter().map(|&at| row[at].to_string()).collect();
            (!key.is_empty() && !seen.insert(named.clone())).then(|| {
                format!(
                    "key ({}) = ({}) stands twice",
                    table.key.join(", "),
                    named.join(", ")
                )
            })
        });
        match fault {
            None => admitted.rows.push(row),
            Some(reason) => admitted.quarantined.push(Quarantined { row, reason }),
        }
    }
    admitted
}

/// The same for the rows of one date: a row of another date is set aside too, since nobody replaces what is there.
#[must_use]
pub fn admit_on(table: &TableDef, date: NaiveDate, rows: Vec<Row>) -> Admitted {
    let at = table.position(&table.date_column);
    let day = |row: &Row| at.and_then(|at| row.get(at)).and_then(Value::as_date);
    let (of_it, strays): (Vec<Row>, Vec<Row>) = rows
        .into_iter()
        .partition(|row| day(row).is_none_or(|day| day == date));
    let mut admitted = admit(table, of_it);
    admitted
        .quarantined
        .extend(strays.into_iter().map(|row| Quarantined {
            reason: format!(
                "{} is {} and must be {date}",
                table.date_column,
                day(&row).unwrap_or_default()
            ),
            row,
        }));
    admitted
}

fn fault(table: &TableDef, row: &Row) -> Option<String> {
    if row.len() != table.columns.len() {
        return Some(format!(
            "has {} values for {} columns",
            row.len(),
            table.columns.len()
        ));
    }
    table
        .columns
        .iter()
        .zip(row)
        .find_map(|(column, value)| column_fault(column, value))
}

fn column_fault(column: &Column, value: &Value) -> Option<String> {
    let name = &column.name;
    match (column.kind, value) {
        (_, Value::Null) if column.nullable => None,
        (_, Value::Null) => Some(format!("{name} is NULL and must not be")),
        (ColumnType::Numeric { precision, scale }, Value::Float(number)) => {
            let limit = 10_f64.powi(i32::from(precision) - i32::from(scale));
            (!number.is_finite() || number.abs() >= limit)
                .then(|| format!("{name} = {number} does not fit {}", column.kind))
        }
        (ColumnType::Float64, Value::Float(number)) => {
            (!number.is_finite()).then(|| format!("{name} = {number} is not a number"))
        }
        // BigQuery takes no NULL in an array, and no array can be told from one that holds nonsense later.
        (ColumnType::Float64Array, Value::Numbers(numbers)) => numbers
            .iter()
            .position(|number| !number.is_finite())
            .map(|at| format!("{name}[{at}] = {} is not a number", numbers[at])),
        (ColumnType::Int64, Value::Int(_))
        | (ColumnType::String | ColumnType::Json, Value::Text(_))
        | (ColumnType::Bool, Value::Bool(_))
        | (ColumnType::Date, Value::Date(_))
        | (ColumnType::Timestamp, Value::Timestamp(_))
        | (ColumnType::StringArray, Value::List(_)) => None,
        (kind, other) => Some(format!("{name} is {} and must be {kind}", other.kind())),
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn table() -> TableDef {
        TableDef {
            dataset: Cow::Borrowed("d"),
            name: Cow::Borrowed("t"),
            doc: Cow::Borrowed(""),
            columns: Cow::Owned(vec![
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
            ]),
            date_column: Cow::Borrowed("team"),
            key: Cow::Owned(vec![Cow::Borrowed("team")]),
            cluster: Cow::Borrowed(&[]),
            require_partition_filter: false,
        }
    }

    fn numbers(numbers: &[f64]) -> Value {
        Value::Numbers(numbers.to_vec())
    }

    #[test]
    fn a_row_that_overflows_is_set_aside_and_its_neighbours_stay() {
        let rows = vec![
            vec![Value::from("BOS"), Value::from(999.99), numbers(&[0.0, -1.5])],
            vec![Value::from("LAL"), Value::from(1329.8), Value::Null],
            vec![Value::Null, Value::Null, Value::Null],
            vec![Value::from("BOS"), Value::Null, Value::Null],
            vec![Value::from("GSW"), Value::from(12_i64), Value::Null],
            vec![Value::from("MIA"), Value::from(f64::NAN), Value::Null],
            vec![Value::from("DEN"), Value::Null, numbers(&[1.0, f64::NAN])],
            vec![Value::from("UTA"), Value::Null, Value::List(Vec::new())],
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
                "usage_rate = 1329.8 does not fit NUMERIC(5,2)",
                "team is NULL and must not be",
                "key (team) = (BOS) stands twice",
                "usage_rate is an integer and must be NUMERIC(5,2)",
                "usage_rate = NaN does not fit NUMERIC(5,2)",
                "features[1] = NaN is not a number",
                "features is a list and must be ARRAY<FLOAT64>",
            ]
        );
    }

    #[test]
    fn a_row_of_another_date_is_set_aside() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let table = TableDef {
            columns: Cow::Owned(vec![Column::required("day", ColumnType::Date, "")]),
            date_column: Cow::Borrowed("day"),
            key: Cow::Borrowed(&[]),
            ..table()
        };
        let rows = ["2024-03-01", "2024-03-02"].map(|text| vec![Value::from(day(text))]);
        let admitted = admit_on(&table, day("2024-03-01"), rows.to_vec());
        assert_eq!(admitted.rows, rows[..1]);
        assert_eq!(
            admitted.quarantined[0].reason,
            "day is 2024-03-02 and must be 2024-03-01"
        );
    }
}
