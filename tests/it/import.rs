//! `backcourt import`: a file becomes a raw table, as a whole or not at all.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::Path;
use std::process::Stdio;

use rstest::rstest;
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::planned::Planned;
use crate::program::{Ended, ended, files, wait_until};

const PLAN: &str = r#"
name = "daily_users"
title = "Daily users"
from = "2026-01-01"
to = "2026-01-03"

[[stage]]
name = "daily_users"
kind = "sql"
sql = "SELECT @date AS day, COUNT(DISTINCT user_id) AS users FROM `raw.events` WHERE day = @date"
table = "mart.daily_users"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "users", type = "INT64" }]
"#;

const EVENTS: &str = "day,user_id\n2026-01-01,007\n2026-01-01,008\n2026-01-02,007\n2026-01-03,007\n";

struct Case {
    planned: Planned,
}

impl Case {
    fn new() -> Self {
        Self {
            planned: Planned::new(PLAN),
        }
    }

    /// Writes a file, and imports it into `raw.events` with these flags.
    fn import(&self, name: &str, content: impl AsRef<[u8]>, flags: &[&str]) -> Ended {
        let file = self.planned.folder.path().join(name);
        fs::write(&file, content).unwrap();
        self.import_file(&file, "raw.events", flags)
    }

    fn import_file(&self, file: &Path, table: &str, flags: &[&str]) -> Ended {
        let mut command = self.planned.command(&["import"]);
        ended(command.arg(file).args(["--table", table]).args(flags))
    }

    fn raw(&self) -> Connection {
        Connection::open(self.planned.state.path().join("warehouse/raw.sqlite")).unwrap()
    }

    /// All rows of `raw.events`, each as its values with their storage class.
    fn rows(&self) -> Vec<String> {
        let db = self.raw();
        let mut query = db.prepare("SELECT * FROM events").unwrap();
        let width = query.column_count();
        let rows = query.query_map([], |row| {
            let cells = (0..width).map(|at| row.get::<_, Value>(at).map(|value| format!("{value:?}")));
            Ok(cells.collect::<Result<Vec<_>, _>>()?.join(" "))
        });
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn count(&self) -> i64 {
        let sql = "SELECT COUNT(*) FROM events";
        self.raw().query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

/// The lines of standard output or standard error.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim_end).collect()
}

#[test]
fn a_query_stage_reads_an_imported_csv_file() {
    let case = Case::new();
    let told = case.import("events.csv", EVENTS, &[]).expect(0);
    assert!(
        lines(&told.out)[0].starts_with("imported 4 rows into raw.events from "),
        "{told:?}"
    );
    assert_eq!(
        lines(&told.out)[1..],
        ["  day DATE, inferred", "  user_id STRING, inferred"]
    );
    case.planned.run(&[]).expect(0);
    let db = Connection::open(case.planned.state.path().join("warehouse/mart.sqlite")).unwrap();
    let mut query = db
        .prepare("SELECT day || ' ' || users FROM daily_users ORDER BY day")
        .unwrap();
    let users: Vec<String> = query
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(users, ["2026-01-01 2", "2026-01-02 1", "2026-01-03 1"]);
}

#[test]
fn a_query_stage_reads_imported_json_lines() {
    let case = Case::new();
    let events = "{\"day\": \"2026-01-01\", \"user_id\": 7, \"tags\": [\"a\"]}\n\n{\"user_id\": 8, \"day\": \"2026-01-01\", \
                  \"note\": {\"n\": 1.50}}\n{\"day\": \"2026-01-02\", \"user_id\": null, \"at\": \"2026-01-02 10:00:00+01\"}\n";
    let told = case.import("events.ndjson", events, &[]).expect(0);
    assert_eq!(
        lines(&told.out)[1..],
        [
            "  day DATE, inferred",
            "  user_id INT64, inferred",
            "  tags ARRAY<STRING>, inferred",
            "  note JSON, inferred",
            "  at TIMESTAMP, inferred",
        ]
    );
    assert_eq!(
        case.rows(),
        [
            r#"Text("2026-01-01") Integer(7) Text("[\"a\"]") Null Null"#,
            r#"Text("2026-01-01") Integer(8) Null Text("{\"n\": 1.50}") Null"#,
            r#"Text("2026-01-02") Null Null Null Text("2026-01-02T09:00:00.000000Z")"#,
        ]
    );
    case.planned.run(&[]).expect(0);
}

#[test]
fn every_type_is_inferred_or_declared() {
    let case = Case::new();
    let file = "a,b,c,d,e,f,g,h\n1,1,true,2026-01-01,2026-01-01T00:00:00Z,0.5,x,\n-2,2.5,FALSE,2026-01-02,2026-01-02,3,\"y\n\"\"z\"\"\",\n";
    let flags = ["--column", "f:NUMERIC(10,2)", "--column", "a:STRING"];
    let told = case.import("events.csv", file, &flags).expect(0);
    let kinds: Vec<&str> = lines(&told.out)[1..]
        .iter()
        .map(|line| line.trim_start())
        .collect();
    assert_eq!(
        kinds,
        [
            "a STRING, declared",
            "b FLOAT64, inferred",
            "c BOOL, inferred",
            "d DATE, inferred",
            "e TIMESTAMP, inferred",
            "f NUMERIC(10,2), declared",
            "g STRING, inferred",
            "h STRING, inferred",
        ]
    );
    assert_eq!(
        case.rows(),
        [
            r#"Text("1") Real(1.0) Integer(1) Text("2026-01-01") Text("2026-01-01T00:00:00.000000Z") Real(0.5) Text("x") Null"#,
            r#"Text("-2") Real(2.5) Integer(0) Text("2026-01-02") Text("2026-01-02T00:00:00.000000Z") Real(3.0) Text("y\n\"z\"") Null"#,
        ]
    );
}

#[test]
fn rows_of_a_table_are_added_to_or_replaced_only_with_a_flag() {
    let case = Case::new();
    case.import("events.csv", EVENTS, &[]).expect(0);
    let refused = case.import("events.csv", EVENTS, &[]).expect(2).err;
    assert_eq!(
        lines(&refused),
        [
            "backcourt: table raw.events has 4 rows; add to them with --append, replace them with --replace, or replace \
             the table and its columns with --recreate"
        ]
    );
    assert_eq!(case.count(), 4);
    let more = "user_id,day\n12,2026-01-02\n";
    let told = case.import("more.csv", more, &["--append"]).expect(0).out;
    assert!(told.contains("read by daily_users; rerun the dates"), "{told}");
    assert_eq!(case.count(), 5);
    // The table's own type is kept: 12 alone would be an INT64.
    assert_eq!(case.rows()[4], r#"Text("2026-01-02") Text("12")"#);
    case.import("more.csv", more, &["--replace"]).expect(0);
    assert_eq!(case.rows(), [r#"Text("2026-01-02") Text("12")"#]);
    let declared = case
        .import("more.csv", more, &["--replace", "--column", "user_id:INT64"])
        .expect(2)
        .err;
    assert!(
        declared.contains("exists and has its own columns; leave out --column"),
        "{declared}"
    );
    case.import("more.csv", more, &["--recreate"]).expect(0);
    assert_eq!(case.rows(), [r#"Integer(12) Text("2026-01-02")"#]);
    let both = case
        .import("more.csv", more, &["--append", "--replace"])
        .expect(2)
        .err;
    assert!(both.contains("cannot be used with"), "{both}");
    assert_eq!(case.count(), 1);
}

#[test]
fn invalid_rows_are_listed_and_refuse_the_file() {
    let case = Case::new();
    let mut events = EVENTS.as_bytes().to_vec();
    events.extend(b"2026-01-32,1\n\"2026-01-01\",\"a\nb\",3\n2026-01-01,caf\xe9\n2026-01-01,a\0b\n");
    let flags = ["--column", "day:DATE"];
    let refused = case.import("events.csv", &events, &flags).expect(2);
    assert_eq!(refused.out, "");
    let told = lines(&refused.err);
    assert!(
        told[0].ends_with(
            "events.csv: 4 rows rejected, nothing was imported; correct them, or leave out up to N of them with \
             --allow-rejects N"
        ),
        "{told:?}"
    );
    assert_eq!(
        told[1..],
        [
            "  column day, line 6: '2026-01-32' is not a DATE",
            "  line 7: 3 fields, expected 2",
            r"  column user_id, line 9: 'caf\xe9' is not UTF-8",
            r"  column user_id, line 10: 'a\0b' has a NUL byte",
        ]
    );
    assert!(
        !case.planned.state.path().exists(),
        "a refused file leaves no folder"
    );
    let flags = ["--column", "day:DATE", "--allow-rejects", "3"];
    case.import("events.csv", &events, &flags).expect(2);
    let flags = ["--column", "day:DATE", "--allow-rejects", "4"];
    let left_out = case.import("events.csv", &events, &flags).expect(0);
    assert_eq!(lines(&left_out.err)[0], "4 invalid rows left out:");
    assert_eq!(lines(&left_out.err).len(), 5);
    assert_eq!(case.count(), 4);
}

#[test]
fn invalid_json_lines_are_listed() {
    let case = Case::new();
    case.import("events.jsonl", "{\"day\":\"2026-01-01\",\"user_id\":7}\n", &[])
        .expect(0);
    let more = "{\"day\":\"2026-01-01\",\"user_id\":\"x\"}\n[1]\n{\"day\":\n{\"user_di\":8}\n{\"day\":null,\"day\":null}\n\
                {\"user_id\":9007199254740993.5}\n";
    let refused = case.import("more.jsonl", more, &["--append"]).expect(2).err;
    assert_eq!(
        lines(&refused)[1..],
        [
            "  column user_id, line 1: 'x' is not an INT64",
            "  line 2: '[1]' is not a JSON object",
            "  line 3: not valid JSON: EOF while parsing a value, at byte 7",
            "  line 4: 'user_di' is not a column of raw.events; did you mean 'user_id'?",
            "  line 5: key 'day' is a duplicate",
            "  column user_id, line 6: '9007199254740993.5' is not an INT64",
        ]
    );
    assert_eq!(case.count(), 1);
}

#[test]
fn twenty_invalid_rows_are_listed_with_the_number_of_the_others() {
    let case = Case::new();
    let events = format!("day\n2026-01-01\n{}", "x\n".repeat(1_000));
    let refused = case
        .import("events.csv", events, &["--column", "day:DATE"])
        .expect(2)
        .err;
    let told = lines(&refused);
    assert!(told[0].contains("1,000 rows rejected"), "{}", told[0]);
    assert_eq!((told.len(), told[21]), (22, "  and 980 rows more"));
}

#[rstest]
#[case::duplicate("a,b,a\n1,2,3\n", "line 1: column 'a' is a duplicate; rename one")]
#[case::letter_case(
    "a,A\n1,2\n",
    "line 1: columns 'a' and 'A' differ only in letter case; rename one"
)]
#[case::invalid_name("a,user id\n1,2\n", "line 1: column name 'user id' is not a valid name;")]
#[case::no_header(
    "2026-01-01,7\n2026-01-02,8\n",
    "line 1: column name '2026-01-01' is not a valid name;"
)]
#[case::reserved("a,_PARTITIONTIME\n1,2\n", "starts with _PARTITION, which is reserved")]
#[case::empty("", "is empty; the first line must name the columns")]
#[case::header_alone("a,b\n", "has no rows; nothing was imported")]
#[case::open_quote(
    "a,b\n1,2\n3,\"4\n5,6\n",
    "line 3: a quote is not closed before the end of the file"
)]
#[case::stray_quote(
    "id,note\n1,\"6 inch\n2,ok\n3,\"fine\"\n",
    "line 2: text follows a closing quote; double the quotes inside a value"
)]
#[case::backslash(
    "id,note\r\n1,a\r\n2,\"say \\\"hi\\\"\"\r\n",
    "line 3: text follows a closing quote; double the quotes inside a value"
)]
#[case::blank_line(
    "day\n2026-01-01\n\n2026-01-02\n",
    "a blank line precedes this row; write \"\" for NULL"
)]
#[case::escape("a,\u{1b}[2J\n1,2\n", r"line 1: column name '\u{1b}[2J' is not a valid name;")]
fn an_unusable_file_is_refused(#[case] content: &str, #[case] reason: &str) {
    let case = Case::new();
    let refused = case.import("events.csv", content, &[]).expect(2).err;
    assert!(refused.contains(reason), "{refused}");
    assert_eq!(refused.lines().count(), 1, "{refused}");
    assert!(!case.planned.state.path().exists());
}

/// Each line end of two bytes is one line.
#[test]
fn lines_of_a_file_from_windows_are_numbered() {
    let case = Case::new();
    let refused = case
        .import("events.csv", "a,b\r\n1,2\r\n3\r\n4,5\r\n", &[])
        .expect(2)
        .err;
    assert!(refused.contains("\n  line 3: 1 field, expected 2"), "{refused}");
}

#[rstest]
#[case::unknown(
    "day,user_di\n2026-01-01,7\n",
    "line 1: 'user_di' is not a column of raw.events; did you mean 'user_id'?"
)]
#[case::missing("day\n2026-01-01\n", "line 1: no column 'user_id', which raw.events has")]
#[case::duplicate(
    "day,user_id,day\n2026-01-01,7,2026-01-01\n",
    "line 1: column 'day' is a duplicate; rename one"
)]
fn the_header_must_have_the_columns_of_the_table(#[case] content: &str, #[case] reason: &str) {
    let case = Case::new();
    case.import("events.csv", EVENTS, &[]).expect(0);
    let refused = case.import("more.csv", content, &["--append"]).expect(2).err;
    assert!(refused.contains(reason), "{refused}");
    assert_eq!(case.count(), 4);
}

#[test]
fn a_byte_order_mark_is_skipped_in_both_formats() {
    let case = Case::new();
    case.import("events.csv", format!("\u{feff}{EVENTS}"), &[])
        .expect(0);
    let line = "\u{feff}{\"day\":\"2026-01-02\",\"user_id\":\"9\"}";
    case.import("more.jsonl", line, &["--append"]).expect(0);
    assert_eq!(case.count(), 5);
    assert_eq!(case.rows()[4], r#"Text("2026-01-02") Text("9")"#);
}

#[test]
fn a_row_that_is_too_long_is_refused() {
    let case = Case::new();
    let long = "x".repeat(17 << 20);
    for (name, content) in [
        ("events.csv", format!("a,b\n1,2\n3,\"{long}\"\n")),
        ("events.jsonl", format!("{{\"a\":1}}\n\n{{\"a\":\"{long}\"}}\n")),
    ] {
        let refused = case.import(name, content, &[]).expect(2).err;
        assert!(
            refused.contains("line 3: the row has more than 16.0 MiB;"),
            "{refused}"
        );
    }
    let wide = (0..1_001).map(|at| format!("c{at}")).collect::<Vec<_>>();
    let refused = case.import("wide.csv", wide.join(","), &[]).expect(2).err;
    assert!(
        refused.contains("line 1: 1,001 columns; import at most 1,000"),
        "{refused}"
    );
}

#[test]
fn tables_that_something_else_fills_are_refused() {
    let case = Case::new();
    let file = case.planned.folder.path().join("events.csv");
    fs::write(&file, EVENTS).unwrap();
    let refused = case
        .import_file(&file, "Mart.daily_users", &["--replace"])
        .expect(2)
        .err;
    assert!(
        refused.contains("is filled by stage 'daily_users' of plan daily_users; import into another table"),
        "{refused}"
    );
    let feed = ["import", "--plan", "nba", "--table", "nba_raw.nbac_schedule"];
    let refused = ended(case.planned.state.command(&feed).arg(&file)).expect(2).err;
    assert!(refused.contains("is filled by 'backcourt load'"), "{refused}");
    for (table, reason) in [
        ("events", "write dataset.table"),
        ("backcourt.owner", "reserved for backcourt's leases"),
        ("raw.sqlite_x", "reserved for SQLite's own tables"),
    ] {
        let refused = case.import_file(&file, table, &[]).expect(2).err;
        assert!(refused.contains(reason), "{refused}");
    }
    // Another plan fills it, which the warehouse knows.
    case.import_file(&file, "raw.events", &[]).expect(0);
    case.planned.run(&[]).expect(0);
    case.planned.write(
        &PLAN
            .replace("\"daily_users\"", "\"other\"")
            .replace("mart.", "mart2."),
    );
    let refused = case
        .import_file(&file, "mart.daily_users", &["--replace"])
        .expect(2)
        .err;
    assert!(
        refused.contains("belongs to plan daily_users, which fills it"),
        "{refused}"
    );
    let refused = case.import_file(&file, "RAW.events", &["--append"]).expect(2).err;
    assert!(
        refused.contains("table RAW.events exists as raw.events; write it in the same letter case"),
        "{refused}"
    );
    let refused = case.import_file(&file, "raw.Events", &["--append"]).expect(2).err;
    assert!(
        refused.contains("table raw.Events exists as raw.events;"),
        "{refused}"
    );
}

#[test]
fn a_table_made_by_sqlite3_keeps_its_columns_if_their_types_are_known() {
    let case = Case::new();
    let warehouse = case.planned.state.path().join("warehouse");
    fs::create_dir_all(&warehouse).unwrap();
    let db = Connection::open(warehouse.join("raw.sqlite")).unwrap();
    db.execute_batch("CREATE TABLE events (day TEXT, user_id INTEGER NOT NULL UNIQUE)")
        .unwrap();
    case.import("events.csv", "day,user_id\nx,7\n", &[]).expect(0);
    let refused = case
        .import("more.csv", "day,user_id\nx,8\ny,\n", &["--append"])
        .expect(2)
        .err;
    assert!(
        refused.contains("column user_id, line 3: NULL is not allowed"),
        "{refused}"
    );
    let refused = case
        .import("more.csv", "day,user_id\nx,8\ny,7\n", &["--append"])
        .expect(2)
        .err;
    assert!(
        refused.contains("UNIQUE constraint failed: events.user_id"),
        "{refused}"
    );
    assert_eq!(case.count(), 1);
    db.execute_batch("DROP TABLE events; CREATE TABLE events AS SELECT date('2026-01-01') AS day")
        .unwrap();
    let refused = case
        .import("more.csv", "day\n2026-01-02\n", &["--append"])
        .expect(2)
        .err;
    assert!(
        refused.contains("table raw.events has column 'day' as '', a type"),
        "{refused}"
    );
    case.import("more.csv", "day\n2026-01-02\n", &["--recreate"])
        .expect(0);
    assert_eq!(case.rows(), [r#"Text("2026-01-02")"#]);
}

#[test]
fn an_import_next_to_a_run_is_refused() {
    let case = Case::new();
    case.import("events.csv", EVENTS, &[]).expect(0);
    let mut run = case.planned.command(&["run", "--output", "silent", "--paused"]);
    let mut run = run.stdout(Stdio::null()).spawn().unwrap();
    let socket = case.planned.state.path().join("control.sock");
    wait_until("the run listens", || socket.exists());
    let refused = case.import("more.csv", EVENTS, &["--append"]);
    run.kill().unwrap();
    run.wait().unwrap();
    assert_eq!(refused.code, Some(4), "{refused:?}");
    assert!(refused.err.contains("a run is already using"), "{}", refused.err);
    assert_eq!(case.count(), 4);
}

#[test]
fn on_bigquery_the_command_of_bq_is_shown() {
    let case = Case::new();
    let refused = case
        .import("events.jsonl", "{}", &["--warehouse", "bigquery:my-project"])
        .expect(2)
        .err;
    assert!(
        refused.contains(
            "run 'bq load --autodetect --source_format=NEWLINE_DELIMITED_JSON my-project:raw.events "
        ),
        "{refused}"
    );
}

#[test]
fn a_killed_import_leaves_no_row() {
    let case = Case::new();
    case.import("events.csv", EVENTS, &[]).expect(0);
    let rows = (0..600_000).map(|row| format!("2026-01-{:02},{row}", 1 + row % 3));
    let many: Vec<String> = ["day,user_id".to_owned()].into_iter().chain(rows).collect();
    let file = case.planned.folder.path().join("many.csv");
    fs::write(&file, many.join("\n")).unwrap();
    let log = case.planned.state.path().join("warehouse/raw.sqlite-wal");
    let mut import = case.planned.command(&["import"]);
    import.arg(&file).args(["--table", "raw.events", "--replace"]);
    let mut import = import
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Pages of the transaction are in the log, but not its commit.
    wait_until("rows are written", || {
        fs::metadata(&log).is_ok_and(|log| log.len() > 1 << 20)
    });
    import.kill().unwrap();
    assert!(!import.wait().unwrap().success());
    assert_eq!(case.count(), 4);
    let told = case
        .import_file(&file, "raw.events", &["--replace"])
        .expect(0)
        .out;
    assert!(told.starts_with("imported 600,000 rows"), "{told}");
    assert_eq!(case.count(), 600_000);
}

#[test]
fn a_refused_import_changes_no_file_of_the_warehouse() {
    let case = Case::new();
    case.import("events.csv", EVENTS, &[]).expect(0);
    let warehouse = case.planned.state.path().join("warehouse");
    let before = files(&warehouse);
    case.import("more.csv", "day,user_id\nx,1\n", &["--replace"])
        .expect(2);
    case.import("more.csv", EVENTS, &[]).expect(2);
    assert_eq!(files(&warehouse), before);
}
