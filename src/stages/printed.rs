//! Rows that a program prints: CSV whose first line names the columns. Pure: from bytes to rows of a table's types.

use chrono::DateTime;
use csv::{ReaderBuilder, StringRecord};

use crate::table::{Column, ColumnType, Row, TableDef, Value};

/// The rows in the order of the table's columns. A cell that is not of its column's type stays a text, and the border
/// control of the table sets its row aside.
pub(super) fn rows(table: &TableDef, printed: &[u8]) -> Result<Vec<Row>, String> {
    let mut reader = ReaderBuilder::new().from_reader(printed);
    let unreadable =
        |error: csv::Error| format!("what it printed is no CSV with a line of column names: {error}");
    let header = reader.headers().map_err(unreadable)?.clone();
    if header.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = || table.columns.iter().map(|column| column.name.as_ref());
    if let Some(stranger) = header.iter().find(|name| wanted().all(|known| known != *name)) {
        let known: Vec<&str> = wanted().collect();
        return Err(format!(
            "its first line names a column '{stranger}', and the table has {}",
            known.join(", ")
        ));
    }
    let place = |column: &Column| {
        let found = header.iter().position(|name| name == column.name);
        found.ok_or_else(|| {
            format!(
                "its first line names no column '{}', which the table has",
                column.name
            )
        })
    };
    let places: Vec<usize> = table.columns.iter().map(place).collect::<Result<_, _>>()?;
    let row = |record: StringRecord| -> Row {
        let cells = places.iter().map(|&at| record.get(at).unwrap_or_default());
        table
            .columns
            .iter()
            .zip(cells)
            .map(|(column, cell)| value(column, cell))
            .collect()
    };
    reader
        .records()
        .map(|record| record.map(row).map_err(unreadable))
        .collect()
}

/// An empty cell is NULL, but an empty text in a text column that takes no NULL.
fn value(column: &Column, cell: &str) -> Value {
    if cell.is_empty() && (column.nullable || column.kind != ColumnType::String) {
        return Value::Null;
    }
    let number = || cell.parse::<f64>().ok().map(Value::Float);
    let typed = match column.kind {
        ColumnType::String | ColumnType::Json => None,
        ColumnType::Int64 => cell.parse().ok().map(Value::Int),
        ColumnType::Float64 | ColumnType::Numeric { .. } => number(),
        ColumnType::Bool => match cell {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        ColumnType::Date => (cell.len() == 10)
            .then(|| cell.parse().ok().map(Value::Date))
            .flatten(),
        ColumnType::Timestamp => DateTime::parse_from_rfc3339(cell)
            .ok()
            .map(|at| Value::Timestamp(at.to_utc())),
        ColumnType::StringArray => serde_json::from_str(cell).ok().map(Value::List),
        ColumnType::Float64Array => serde_json::from_str(cell).ok().map(Value::Numbers),
    };
    typed.unwrap_or_else(|| Value::from(cell))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn table() -> TableDef {
        let decimal = ColumnType::Numeric {
            precision: 4,
            scale: 2,
        };
        TableDef {
            dataset: Cow::Borrowed("harbour"),
            name: Cow::Borrowed("calls"),
            doc: Cow::Borrowed(""),
            columns: Cow::Owned(vec![
                Column::required("day", ColumnType::Date, ""),
                Column::required("ship", ColumnType::String, ""),
                Column::nullable("draught", decimal, ""),
                Column::nullable("pilots", ColumnType::Int64, ""),
            ]),
            date_column: Cow::Borrowed("day"),
            key: Cow::Owned(vec![Cow::Borrowed("ship")]),
            cluster: Cow::Borrowed(&[]),
            require_partition_filter: false,
        }
    }

    #[test]
    fn cells_become_values_of_their_columns_whatever_the_order() {
        let printed = "ship,day,pilots,draught\n\"Anna, of Kiel\",2024-03-01,2,7.25\nBodil,2024-03-01,,\n,2024-3-1,two,\n";
        let day = Value::from("2024-03-01".parse::<chrono::NaiveDate>().unwrap());
        assert_eq!(
            rows(&table(), printed.as_bytes()).unwrap(),
            [
                vec![day.clone(), "Anna, of Kiel".into(), 7.25.into(), 2.into()],
                vec![day, "Bodil".into(), Value::Null, Value::Null],
                vec!["2024-3-1".into(), "".into(), Value::Null, "two".into()],
            ]
        );
    }

    #[test]
    fn nothing_printed_is_no_row_and_other_columns_are_refused() {
        assert_eq!(rows(&table(), b""), Ok(Vec::new()));
        assert_eq!(
            rows(&table(), b"day,ship,draught,pilot\n").unwrap_err(),
            "its first line names a column 'pilot', and the table has day, ship, draught, pilots"
        );
        assert_eq!(
            rows(&table(), b"day,ship,draught\n").unwrap_err(),
            "its first line names no column 'pilots', which the table has"
        );
        let short = rows(&table(), b"day,ship,draught,pilots\n2024-03-01\n").unwrap_err();
        assert!(short.starts_with("what it printed is no CSV"), "{short}");
    }
}
