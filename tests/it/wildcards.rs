//! Wildcard tables in the embedded warehouse: a table for each day, read as one.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;

use rstest::rstest;
use rusqlite::Connection;

use crate::planned::Planned;

fn plan(sql: &str, source: &str) -> String {
    format!(
        r#"
name = "sharded"
title = "Tables by day"
from = "2024-01-01"
to = "2024-01-03"
{source}
[[stage]]
name = "q"
kind = "sql"
reads = [{{ table = "src.events_*" }}]
sql = """
{sql}
"""
table = "d.q"
date_column = "day"
"#
    )
}

const COUNTED: &str = "SELECT @date AS day, COUNT(*) AS n FROM `src.events_*` WHERE _TABLE_SUFFIX = FORMAT_DATE('%Y%m%d', @date)";

fn raw(planned: &Planned) -> Connection {
    let folder = planned.state.path().join("warehouse");
    fs::create_dir_all(&folder).unwrap();
    Connection::open(folder.join("src.sqlite")).unwrap()
}

/// A table of a day with this many rows.
fn shard(tables: &Connection, suffix: &str, columns: &str, rows: &[&str]) {
    let rows: Vec<String> = rows
        .iter()
        .map(|row| format!("INSERT INTO events_{suffix} VALUES {row};"))
        .collect();
    tables
        .execute_batch(&format!(
            "CREATE TABLE events_{suffix} ({columns}); {}",
            rows.concat()
        ))
        .unwrap();
}

fn three(tables: &Connection) {
    shard(tables, "20240101", "id INT64", &["(1)", "(2)"]);
    shard(tables, "20240102", "id INT64, page TEXT STRING", &["(3, 'a')"]);
    shard(
        tables,
        "20240103",
        "ID INT64, page TEXT STRING",
        &["(4, 'b')", "(5, 'c')", "(6, 'd')"],
    );
    shard(tables, "intraday", "id TEXT STRING", &[]);
}

#[test]
fn each_date_reads_the_table_of_its_day() {
    let planned = Planned::new(&plan(COUNTED, ""));
    let tables = raw(&planned);
    for (suffix, rows) in [("20240101", 2), ("20240103", 3)] {
        shard(&tables, suffix, "id INT64", &vec!["(1)"; rows]);
    }
    let run = planned.run(&[]).expect(0);
    assert_eq!(planned.dates("q", "ok"), 3, "{}", run.out);
    assert_eq!(
        planned.numbers("q"),
        [2, 0, 3],
        "a day without a table has no rows"
    );
    // A table that comes later is read by the next run.
    shard(&tables, "20240102", "id INT64", &["(1)"]);
    planned
        .backcourt(&["rerun", "--dates", "2024-01-02", "--output", "plain"])
        .expect(0);
    assert_eq!(planned.numbers("q"), [2, 1, 3]);
}

#[test]
fn all_tables_have_the_columns_of_the_last() {
    let sql = "
        SELECT PARSE_DATE('%Y%m%d', _TABLE_SUFFIX) AS day, e.* FROM `src.events_2*` AS e
        WHERE _TABLE_SUFFIX IN (SELECT FORMAT_DATE('%Y%m%d', d) FROM (SELECT @date AS d))";
    let planned = Planned::new(&plan(
        &sql.replace("_TABLE_SUFFIX", "CONCAT('2', _TABLE_SUFFIX)"),
        "",
    ));
    three(&raw(&planned));
    let run = planned.run(&[]).expect(0);
    assert_eq!(planned.dates("q", "ok"), 3, "{}", run.out);
    let filled = Connection::open(planned.state.path().join("warehouse/d.sqlite")).unwrap();
    let rows: Vec<String> = filled
        .prepare("SELECT day || ' ' || ID || ' ' || ifnull(page, 'NULL') FROM q ORDER BY 1")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(
        rows,
        [
            "2024-01-01 1 NULL",
            "2024-01-01 2 NULL",
            "2024-01-02 3 a",
            "2024-01-03 4 b",
            "2024-01-03 5 c",
            "2024-01-03 6 d",
        ]
    );
    let columns: Vec<String> = filled
        .prepare("SELECT name || ' ' || type FROM pragma_table_info('q')")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(columns, ["day TEXT DATE", "ID INT64", "page TEXT STRING"]);
}

#[rstest]
#[case(
    COUNTED,
    "a wildcard reads src.events_20240101 and src.events_intraday, which have 'id' as INT64 and STRING; make them the same type"
)]
#[case(
    "SELECT @date AS day, * FROM `src.events_2*` AS a CROSS JOIN `src.events_2*` AS b",
    "does not support SELECT * of a wildcard table and another one"
)]
#[case("SELECT @date AS day, COUNT(*) AS n FROM `src.others_*`", "src.others_*")]
fn what_cannot_be_read_as_one_is_refused(#[case] sql: &str, #[case] said: &str) {
    let planned = Planned::new(&plan(sql, ""));
    three(&raw(&planned));
    let refused = planned.run(&[]).expect(2);
    let all = format!("{}{}", refused.out, refused.err);
    assert!(all.contains(said), "{all}");
    assert!(!planned.state.path().join("warehouse/d.sqlite").exists());
}

/// A source by `_TABLE_SUFFIX`: a table that is loaded later makes its date stale, whatever its rows are.
#[rstest]
#[case("rows")]
#[case("digest")]
fn a_late_table_makes_its_date_stale(#[case] watch: &str) {
    let source =
        format!("[[source]]\ntable = \"src.events_*\"\ndate = \"_TABLE_SUFFIX\"\nwatch = \"{watch}\"\n");
    let planned = Planned::new(&plan(COUNTED, &source));
    let tables = raw(&planned);
    shard(&tables, "20240101", "id INT64", &["(1)"]);
    shard(&tables, "20240103", "id INT64", &["(3)"]);
    planned.run(&[]).expect(0);
    assert_eq!(planned.numbers("q"), [1, 0, 1]);
    shard(&tables, "20240102", "id INT64", &["(2)", "(22)"]);
    let dry = planned.run(&["--dry-run"]).expect(0).out;
    assert!(dry.contains("1 to do"), "{dry}");
    planned.run(&[]).expect(0);
    assert_eq!(planned.numbers("q"), [1, 2, 1]);
    let again = planned.run(&[]).expect(0).out;
    assert!(again.contains("nothing to do"), "{again}");
}
