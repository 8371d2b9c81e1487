//! Looks at declared sources on `BigQuery`: columns of every type, tables with a suffix, and a run that finds late rows.

use backcourt::partition::{Partition, Timezone};
use backcourt::table::SourceMark;
use backcourt::warehouse::bigquery::{Address, BigQueryWarehouse, Settings};
use backcourt::warehouse::{SourceLook, SourceState, Warehouse};

use super::emulator::Emulator;
use super::faults::block_on;
use super::planned::Planned;

const TABLES: [&str; 9] = [
    "CREATE SCHEMA `raw`",
    "CREATE SCHEMA `mart`",
    "CREATE TABLE `raw.by_date` AS SELECT day, n FROM \
     UNNEST([STRUCT(DATE '2024-01-01' AS day, 1 AS n), (DATE '2024-01-03', 2), (DATE '2024-01-03', 3)])",
    "CREATE TABLE `raw.by_time` AS SELECT TIMESTAMP '2024-01-02 04:30:00+00' AS day, 1 AS n",
    "CREATE TABLE `raw.by_clock` AS SELECT DATETIME '2024-01-02 23:30:00' AS day, 1 AS n",
    "CREATE TABLE `raw.events_20240101` AS SELECT 1 AS n",
    "CREATE TABLE `raw.events_20240103` AS SELECT n FROM UNNEST([1, 2]) AS n",
    "CREATE TABLE `raw.events_20240203` AS SELECT 1 AS n",
    "CREATE TABLE `raw.events_intraday_20240102` AS SELECT 1 AS n",
];

fn with_tables(emulator: &Emulator) -> BigQueryWarehouse {
    let warehouse = BigQueryWarehouse::new(Address::parse(&emulator.address()).unwrap(), Settings::default());
    for sql in TABLES {
        block_on(warehouse.query(sql)).unwrap();
    }
    warehouse
}

fn look<'a>(table: &'a str, date: &'a str, mark: SourceMark, zone: Timezone) -> SourceLook<'a> {
    SourceLook {
        table,
        date,
        mark,
        first: Partition::parse("2024-01-01").unwrap(),
        last: Partition::parse("2024-01-31").unwrap(),
        zone,
    }
}

fn rows(state: &SourceState) -> Vec<(String, u64)> {
    let rows = state.iter().map(|(date, held)| (date.to_string(), held.rows));
    rows.collect()
}

#[test]
fn a_look_counts_the_rows_of_columns_of_every_type() {
    let Some(emulator) = Emulator::start() else { return };
    let warehouse = with_tables(&emulator);
    let new_york = Timezone::parse("America/New_York").unwrap();
    for (table, date, zone, expected) in [
        (
            "raw.by_date",
            "day",
            new_york,
            &[("2024-01-01", 1), ("2024-01-03", 2)][..],
        ),
        ("raw.by_time", "day", Timezone::UTC, &[("2024-01-02", 1)]),
        ("raw.by_time", "day", new_york, &[("2024-01-01", 1)]),
        ("raw.by_clock", "day", new_york, &[("2024-01-02", 1)]),
        (
            "raw.events_*",
            "_TABLE_SUFFIX",
            Timezone::UTC,
            &[("2024-01-01", 1), ("2024-01-03", 2)],
        ),
    ] {
        let state = block_on(warehouse.look_at(look(table, date, SourceMark::Rows, zone))).unwrap();
        let expected: Vec<_> = expected
            .iter()
            .map(|(date, rows)| ((*date).to_owned(), *rows))
            .collect();
        assert_eq!(rows(&state), expected, "{table} {zone}");
    }
    let hours = SourceLook {
        first: Partition::parse("2024-01-02T04").unwrap(),
        last: Partition::parse("2024-01-02T05").unwrap(),
        ..look("raw.by_time", "day", SourceMark::Rows, Timezone::UTC)
    };
    let state = block_on(warehouse.look_at(hours)).unwrap();
    assert_eq!(rows(&state), [("2024-01-02T04".to_owned(), 1)]);
}

#[test]
fn a_digest_changes_with_every_value_but_not_with_their_order() {
    let Some(emulator) = Emulator::start() else { return };
    let warehouse = with_tables(&emulator);
    let digest = || {
        let look = look("raw.by_date", "day", SourceMark::Digest, Timezone::UTC);
        block_on(warehouse.look_at(look)).unwrap()
    };
    let before = digest();
    let run = |sql: &str| block_on(warehouse.query(sql)).unwrap();
    run("CREATE OR REPLACE TABLE `raw.by_date` AS SELECT day, n FROM \
         UNNEST([STRUCT(DATE '2024-01-03' AS day, 3 AS n), (DATE '2024-01-03', 2), (DATE '2024-01-01', 1)])");
    assert_eq!(digest(), before);
    run("UPDATE `raw.by_date` SET n = 4 WHERE n = 3");
    let changed: Vec<_> = digest()
        .into_iter()
        .filter(|(date, held)| before.get(date) != Some(held))
        .collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].0.to_string(), "2024-01-03");
}

/// The plans of the cases `sharded` and `shard_date`, with a source.
const SHARDED: &str = r#"
name = "shard_date"
title = "shard_date"
from = "2024-01-01"
to = "2024-01-04"
[[source]]
table = "raw.events_*"
date = "_TABLE_SUFFIX"
watch = "rows"
ready = "rows"
[[stage]]
name = "s"
kind = "sql"
reads = [{ table = "raw.events_*" }]
sql = """SELECT @date AS day, COUNT(*) AS n FROM `raw.events_*` WHERE _TABLE_SUFFIX = FORMAT_DATE('%Y%m%d', @date)"""
table = "mart.shard_date"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "n", type = "INT64" }]
"#;

#[test]
fn a_run_finds_late_rows_and_missing_tables_of_a_wildcard() {
    let Some(emulator) = Emulator::start() else { return };
    let warehouse = with_tables(&emulator);
    let flags = [
        "--warehouse".to_owned(),
        format!("bigquery:{}", emulator.address()),
    ];
    let planned = Planned::on(SHARDED, &flags);
    let first = planned.run(&[]).expect(3).out;
    assert!(first.contains("2 units wait for rows of raw.events_*"), "{first}");
    assert_eq!((planned.dates("s", "ok"), planned.dates("s", "pending")), (2, 2));
    for sql in [
        "CREATE TABLE `raw.events_20240102` AS SELECT 1 AS n",
        "INSERT INTO `raw.events_20240103` (n) VALUES (3)",
    ] {
        block_on(warehouse.query(sql)).unwrap();
    }
    let late = planned.run(&[]).expect(3).out;
    assert!(
        late.contains("raw.events_* changed on 1 date; 1 date of 1 stage is stale"),
        "{late}"
    );
    assert!(late.contains("s: 4 dates, 2 to do"), "{late}");
    let answer =
        block_on(warehouse.query("SELECT n FROM `mart.shard_date` WHERE day > '2000-01-01' ORDER BY day"));
    let counts: Vec<String> = answer
        .unwrap()
        .rows
        .iter()
        .map(|row| row[0].to_string())
        .collect();
    assert_eq!(counts, ["1", "1", "3"]);
    let doctor = planned.backcourt(&["doctor"]).expect(0).out;
    assert!(
        doctor.contains("ok     raw.events_*: rows on 3 of 4 dates, from 2024-01-01 to 2024-01-03"),
        "{doctor}"
    );
}
