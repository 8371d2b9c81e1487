//! A small table for tests, with a column of each kind that has its own comparison rule.

use chrono::NaiveDate;

use super::{Column, ColumnType, Row, Stamp, TableDef, Value};

/// The definition of the test table.
pub fn table() -> TableDef {
    let rate = ColumnType::Numeric {
        precision: 5,
        scale: 2,
    };
    TableDef::new(
        "d",
        "t",
        "",
        vec![
            Column::required("game_date", ColumnType::Date, ""),
            Column::required("team", ColumnType::String, ""),
            Column::nullable("rate", rate, ""),
            Column::nullable("points", ColumnType::Int64, ""),
            Column::nullable("made_of", ColumnType::Json, ""),
            Column::stamped("created_at", Stamp::Created, ""),
        ],
        "game_date",
    )
    .keyed_by(&["game_date", "team"])
}

/// A row of the test table, with an empty stamp.
pub fn row(team: &str, rate: Option<f64>, points: Option<i64>) -> Row {
    let date = NaiveDate::from_ymd_opt(2023, 12, 16).unwrap();
    let made_of = Value::from(r#"{"a": 1, "b": 2}"#);
    let never = Value::Null;
    vec![
        date.into(),
        team.to_owned().into(),
        rate.into(),
        points.into(),
        made_of,
        never,
    ]
}
