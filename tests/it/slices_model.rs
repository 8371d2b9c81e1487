//! Slices against a model: after any sequence of writes to the slices of one table, each slice holds what the same writes leave
//! in a table of its own, and is read, counted and kept alike.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use backcourt::partition::Partition;
use backcourt::table::{Column, ColumnType, Row, Slice, SliceValue, Stamp, TableDef, Value};
use backcourt::warehouse::sqlite::SqliteWarehouse;
use backcourt::warehouse::{Asking, Dates, Kept, Read, Refill, Replace, RowsExpected, Warehouse};
use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
use rusqlite::Connection;

const COUNTRIES: [&str; 3] = ["DE", "O'Brien", "de"];
const DAYS: [&str; 3] = ["2024-01-01", "2024-01-02", "2024-01-03"];

fn day(at: usize) -> Partition {
    DAYS[at].parse().unwrap()
}

/// The table for a country, with or without a key.
fn table(country: usize, is_keyed: bool) -> TableDef {
    let columns = vec![
        Column::required("day", ColumnType::Date, ""),
        Column::required("country", ColumnType::String, ""),
        Column::required("user", ColumnType::Int64, ""),
        Column::stamped("created_at", Stamp::Created, ""),
    ];
    let table = TableDef::new("mart", "users", "", columns, "day");
    let value = SliceValue::Text(COUNTRIES[country].to_owned());
    TableDef {
        slice: Slice::new([("country".to_owned(), value)].into()).unwrap(),
        ..if is_keyed {
            table.keyed_by(&["day", "country", "user"])
        } else {
            table
        }
    }
}

/// A write of some users on some days for a country: sent rows or the rows of a query, short or not.
#[derive(Debug, Clone)]
struct Write {
    country: usize,
    days: Vec<usize>,
    users: i64,
    by_query: bool,
    is_short: bool,
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let days = prop::sample::subsequence(vec![0, 1, 2], 1..=3);
    let write = (0..COUNTRIES.len(), days, 0..4_i64, any::<bool>(), any::<bool>());
    let write = write.prop_map(|(country, days, users, by_query, is_short)| Write {
        country,
        days,
        users,
        by_query,
        is_short,
    });
    prop::collection::vec(write, 1..10)
}

async fn apply(warehouse: &SqliteWarehouse, write: &Write, is_keyed: bool, at: i64) -> Vec<Kept> {
    let table = table(write.country, is_keyed);
    let country = COUNTRIES[write.country];
    let dates: Vec<Partition> = write.days.iter().map(|at| day(*at)).collect();
    let now = DateTime::UNIX_EPOCH + TimeDelta::hours(at);
    if write.by_query {
        let expected = if write.is_short {
            RowsExpected::Exactly(9)
        } else {
            RowsExpected::Any
        };
        let sql = format!(
            "SELECT @date AS day, '{}' AS country, user FROM `raw.users` WHERE user <= {}",
            country.replace('\'', "\\'"),
            write.users
        );
        let refill = Refill {
            table: &table,
            dates: &dates,
            expected: &vec![expected; dates.len()],
            sql: &sql,
            asking: Asking::DateByDate,
            now,
            name: "w",
            record: None,
        };
        let refilled = warehouse.refill(refill).await.unwrap().into_iter();
        return refilled
            .filter_map(|of| {
                Some(Kept {
                    date: of.date,
                    rows: of.kept?,
                })
            })
            .collect();
    }
    let rows = dates.iter().flat_map(|date| {
        (1..=write.users).map(|user| {
            vec![
                Value::from(date.first_day()),
                Value::from(country),
                Value::from(user),
                Value::Null,
            ]
        })
    });
    let replace = Replace {
        table: &table,
        dates: &dates,
        rows: Arc::new(rows.collect()),
        short: if write.is_short { &dates } else { &[] },
        now,
        name: None,
        record: None,
    };
    warehouse.replace(replace).await.unwrap()
}

async fn read(warehouse: &SqliteWarehouse, country: usize, is_keyed: bool) -> (bool, Vec<Row>) {
    let table = table(country, is_keyed);
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
    let dates = Dates::Between(day(0), day(2));
    let read = Read {
        table: &table,
        columns: &columns,
        dates,
    };
    let between = warehouse.read(read).await.unwrap();
    let only = Dates::Only(&[day(0), day(1), day(2)]);
    assert_eq!(
        warehouse.read(Read { dates: only, ..read }).await.unwrap(),
        between
    );
    (warehouse.holds_rows(&table).await.unwrap(), between)
}

/// A warehouse with the users that queries read.
fn open(folder: &Path) -> SqliteWarehouse {
    fs::create_dir(folder).unwrap();
    let raw = Connection::open(folder.join("raw.sqlite")).unwrap();
    raw.execute_batch("CREATE TABLE users (user INTEGER); INSERT INTO users VALUES (1), (2), (3)")
        .unwrap();
    SqliteWarehouse::open(folder).unwrap()
}

async fn is_as_alone(folder: &Path, writes: &[Write], is_keyed: bool) {
    let together = open(&folder.join("together"));
    let alone = [0, 1, 2].map(|at| open(&folder.join(at.to_string())));
    for (country, own) in alone.iter().enumerate() {
        together.ensure(&table(country, is_keyed)).await.unwrap();
        own.ensure(&table(country, is_keyed)).await.unwrap();
    }
    for (at, write) in (1..).zip(writes) {
        let kept = apply(&together, write, is_keyed, at).await;
        assert_eq!(
            kept,
            apply(&alone[write.country], write, is_keyed, at).await,
            "{write:?}"
        );
    }
    for (country, own) in alone.iter().enumerate() {
        assert_eq!(
            read(&together, country, is_keyed).await,
            read(own, country, is_keyed).await,
            "{country}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn slices_of_a_table_are_as_tables_of_their_own(writes in writes(), is_keyed: bool) {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(is_as_alone(folder.path(), &writes, is_keyed));
    }
}
