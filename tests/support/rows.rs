//! Hand-made raw and stored rows, and results of check queries on them.
#![allow(dead_code, reason = "each test target compiles all of this and uses a part")]

use std::collections::BTreeSet;
use std::sync::Arc;

use backcourt::nba::tables::schedule;
use backcourt::partition::Partition;
use backcourt::table::{ColumnType, Row, TableDef, Value};
use backcourt::warehouse::sqlite::SqliteWarehouse;
use backcourt::warehouse::{Answer, Replace, Warehouse};
use chrono::{DateTime, NaiveDate, Utc};

/// A row with some columns given; the others are NULL or empty.
pub fn row(table: &TableDef, given: &[(&str, Value)]) -> Row {
    for (name, _) in given {
        assert!(
            table.column(name).is_some(),
            "{} has no column {name}",
            table.path()
        );
    }
    table
        .columns
        .iter()
        .map(|column| {
            let value = given.iter().find(|(name, _)| *name == column.name);
            match (value, column.nullable, &column.kind) {
                (Some((_, value)), _, _) => value.clone(),
                (None, true, _) => Value::Null,
                (None, false, ColumnType::Int64) => Value::Int(0),
                (None, false, ColumnType::Bool) => Value::Bool(false),
                (None, false, ColumnType::Timestamp) => moment("2024-02-01T00:00:00Z").into(),
                (None, false, ColumnType::StringArray) => Value::List(Vec::new()),
                (None, false, _) => Value::from("x"),
            }
        })
        .collect()
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn game_id(date: &str, away: &str, home: &str) -> String {
    format!("{}_{away}_{home}", date.replace('-', ""))
}

/// A finished game.
pub fn scheduled(date: &str, away: &str, home: &str) -> Row {
    row(
        schedule(),
        &[
            ("game_date", day(date).into()),
            ("game_status", Value::Int(3)),
            ("home_team_tricode", home.to_owned().into()),
            ("away_team_tricode", away.to_owned().into()),
        ],
    )
}

/// The result of a check's query on these tables, with all rows on these dates.
pub async fn ask(tables: &[(&TableDef, Vec<Row>)], dates: &[NaiveDate], check: &str) -> Answer {
    let partitions: Vec<Partition> = dates.iter().copied().map(Partition::day).collect();
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    for (table, rows) in tables {
        warehouse.ensure(table).await.unwrap();
        let now = moment("2026-01-05T00:00:00Z");
        warehouse
            .replace(Replace {
                table,
                dates: &partitions,
                rows: Arc::new(rows.clone()),
                short: &[],
                now,
                name: None,
                record: None,
            })
            .await
            .unwrap();
    }
    let path = format!("{}/assets/checks/nba/{check}.sql", env!("CARGO_MANIFEST_DIR"));
    let sql = std::fs::read_to_string(path).unwrap();
    warehouse.query(&sql).await.unwrap()
}

/// The dates in a result.
pub fn failing_dates(answer: &Answer) -> BTreeSet<NaiveDate> {
    assert_eq!(answer.columns.first().map(String::as_str), Some("game_date"));
    answer.rows.iter().map(|row| row[0].as_date().unwrap()).collect()
}
