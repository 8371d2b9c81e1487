//! A small table for tests, with a column of each kind that has its own comparison rule.

use std::borrow::Cow;

use chrono::NaiveDate;

use super::{Column, ColumnType, Row, Stamp, TableDef, Value};

/// The definition of the test table.
pub fn table() -> TableDef {
    let rate = ColumnType::Numeric {
        precision: 5,
        scale: 2,
    };
    TableDef {
        dataset: Cow::Borrowed("d"),
        name: Cow::Borrowed("t"),
        doc: Cow::Borrowed(""),
        columns: Cow::Owned(vec![
            Column::required("game_date", ColumnType::Date, ""),
            Column::required("team", ColumnType::String, ""),
            Column::nullable("rate", rate, ""),
            Column::nullable("points", ColumnType::Int64, ""),
            Column::nullable("made_of", ColumnType::Json, ""),
            Column::stamped("created_at", Stamp::Created, ""),
        ]),
        date_column: Cow::Borrowed("game_date"),
        key: Cow::Owned(vec![Cow::Borrowed("game_date"), Cow::Borrowed("team")]),
        cluster: Cow::Borrowed(&[]),
        require_partition_filter: false,
    }
}

/// A row of the test table, with an empty stamp.
pub fn row(team: &str, rate: Option<f64>, points: Option<i64>) -> Row {
    let date = NaiveDate::from_ymd_opt(2023, 12, 16).unwrap();
    let made_of = Value::from(r#"{"a": 1, "b": 2}"#);
    let never = Value::Null;
    vec![
        date.into(),
        team.into(),
        rate.into(),
        points.into(),
        made_of,
        never,
    ]
}
