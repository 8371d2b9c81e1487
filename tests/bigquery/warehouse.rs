//! The contract of every warehouse, tested on `BigQuery`.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use backcourt::partition::{Grain, Partition, Timezone};
use backcourt::table::{Column, ColumnType, Row, Slice, Stamp, TableDef, Value};
use backcourt::warehouse::bigquery::BigQueryWarehouse;
use backcourt::warehouse::{Dates, ErrorClass, Filling, Read, Replace, Warehouse};
use chrono::{DateTime, Utc};

use super::emulator::Emulator;

const ALL: &[&str] = &[
    "team",
    "game_date",
    "points",
    "pace",
    "won",
    "notes",
    "features",
    "report",
    "created_at",
    "processed_at",
];

pub fn games() -> TableDef {
    let pace = ColumnType::Numeric {
        precision: 6,
        scale: 2,
    };
    TableDef {
        dataset: Cow::Borrowed("box"),
        name: Cow::Borrowed("games"),
        doc: Cow::Borrowed("A team's game; it's \"one\" row."),
        columns: Cow::Owned(vec![
            Column::required("team", ColumnType::String, "Team."),
            Column::required("game_date", ColumnType::Date, "Day."),
            Column::nullable("points", ColumnType::Int64, "Points."),
            Column::nullable("pace", pace, "Possessions."),
            Column::nullable("won", ColumnType::Bool, "Won."),
            Column::nullable("notes", ColumnType::StringArray, "Notes."),
            Column::nullable("features", ColumnType::Float64Array, "Numbers."),
            Column::nullable("report", ColumnType::Json, "Report."),
            Column::stamped("created_at", Stamp::Created, "First written."),
            Column::stamped("processed_at", Stamp::Processed, "Last written."),
        ]),
        date_column: Cow::Borrowed("game_date"),
        grain: Grain::Day,
        zone: Timezone::UTC,
        slice: Slice::default(),
        key: Cow::Owned(vec![Cow::Borrowed("team"), Cow::Borrowed("game_date")]),
        cluster: Cow::Owned(vec![Cow::Borrowed("team")]),
        require_partition_filter: true,
    }
}

pub fn day(text: &str) -> Partition {
    text.parse().unwrap()
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn game(team: &str, date: &str, points: i64) -> Row {
    vec![
        team.to_owned().into(),
        day(date).first_day().into(),
        points.into(),
        99.25.into(),
        true.into(),
        Value::from(vec!["it's \"so\" \\ 'said'\n@rows".to_owned()]),
        Value::Numbers(vec![28.0, -0.1, 1.0 / 3.0]),
        Value::from("{\"a\":[1,2]}".to_owned()),
        Value::Null,
        Value::Null,
    ]
}

fn stamped(mut row: Row, created: &str, processed: &str) -> Row {
    row[8] = at(created).into();
    row[9] = at(processed).into();
    row
}

async fn replace(warehouse: &BigQueryWarehouse, dates: &[Partition], rows: &[Row], now: &str) {
    let table = games();
    let replace = Replace {
        table: &table,
        dates,
        rows: Arc::new(rows.to_vec()),
        short: &[],
        now: at(now),
        name: None,
        record: None,
    };
    warehouse.replace(replace).await.unwrap();
}

pub async fn all(warehouse: &BigQueryWarehouse) -> Vec<Row> {
    let read = Read {
        table: &games(),
        columns: ALL,
        dates: Dates::Between(day("2000-01-01"), day("2100-01-01")),
    };
    warehouse.read(read).await.unwrap()
}

#[test]
fn bigquery_meets_the_warehouse_contract() {
    let Some(emulator) = Emulator::start() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(promises(&emulator));
}

async fn promises(emulator: &Emulator) {
    let warehouse = emulator.open();
    assert!(
        !warehouse.holds_rows(&games()).await.unwrap(),
        "a table that is not there holds nothing"
    );
    for _ in 0..2 {
        warehouse.ensure(&games()).await.unwrap();
    }
    assert!(!warehouse.holds_rows(&games()).await.unwrap());

    // A replace changes only its dates, is idempotent, and keeps the creation stamp of a surviving key.
    let (first, later) = ("2026-01-04T01:00:00Z", "2026-01-05T02:00:00.500001Z");
    let dates = [day("2021-10-19"), day("2021-10-20")];
    let old = [
        game("LAL", "2021-10-19", 114),
        game("GSW", "2021-10-19", 120),
        game("BOS", "2021-10-20", 134),
    ];
    replace(&warehouse, &dates, &old, first).await;
    let new = [game("GSW", "2021-10-19", 121), game("BKN", "2021-10-19", 104)];
    for _ in 0..2 {
        replace(&warehouse, &dates[..1], &new, later).await;
    }
    let expected = [
        stamped(game("BKN", "2021-10-19", 104), later, later),
        stamped(game("GSW", "2021-10-19", 121), first, later),
        stamped(game("BOS", "2021-10-20", 134), first, first),
    ];
    assert_eq!(all(&warehouse).await, expected);
    assert!(warehouse.holds_rows(&games()).await.unwrap());

    // The query of a check runs as written, apart from the dataset prefix.
    let sql = "SELECT game_date, COUNTIF(points > 110) AS many, ROUND(100 * AVG(points), 1) AS mean \
               FROM `box.games` WHERE game_date >= '2021-10-19' GROUP BY game_date ORDER BY game_date";
    let answer = warehouse.query(sql).await.unwrap();
    assert_eq!(answer.columns, ["game_date", "many", "mean"]);
    let counted: [Row; 2] = [
        vec![dates[0].first_day().into(), 1_i64.into(), 11250.0.into()],
        vec![dates[1].first_day().into(), 1_i64.into(), 13400.0.into()],
    ];
    assert_eq!(answer.rows, counted);
    let refused = warehouse
        .query("SELECT nothing /* refused */ FROM `box.games` WHERE game_date > '2021-01-01'")
        .await;
    assert_eq!(refused.unwrap_err().class, ErrorClass::Code);

    // A fill replaces everything.
    let written = AtomicUsize::new(0);
    let rows = vec![stamped(game("UTA", "2022-01-01", 99), first, first)];
    let filling = Filling {
        table: games(),
        rows: Box::new(rows.into_iter()),
    };
    warehouse.fill(vec![filling], &written).await.unwrap();
    assert_eq!(written.load(Ordering::Relaxed), 1);
    let teams: Vec<Value> = all(&warehouse)
        .await
        .into_iter()
        .map(|row| row[0].clone())
        .collect();
    assert_eq!(teams, [Value::from("UTA")]);

    // A table with other columns is left unchanged.
    let mut other = games();
    other.columns.to_mut().pop();
    let refused = warehouse.ensure(&other).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Data);
    assert!(
        refused.message.starts_with("rehearsal_box.games has a column"),
        "{refused}"
    );
}
