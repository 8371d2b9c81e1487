//! Query stages without declared columns: their types follow from the query and the tables it reads. With the real
//! program on the embedded warehouse.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;

use rusqlite::Connection;

use crate::planned::Planned;
use crate::program::Ended;

/// The least that a plan needs.
const PLAN: &str = r#"
name = "daily_users"
title = "Daily active users, January 2026"
from = "2026-01-01"
to = "2026-01-02"

[[stage]]
name = "daily_users"
kind = "sql"
sql = "SELECT day, COUNT(DISTINCT user) AS n, SUM(amount) AS spent FROM `raw.events` WHERE day = @date GROUP BY day"
table = "d.daily_users"
date_column = "day"
"#;

/// A stage that reads the first one's table.
const SECOND: &str = r#"
[[stage]]
name = "shares"
kind = "sql"
needs = ["daily_users"]
reads = [{ table = "d.daily_users" }]
sql = "SELECT u.day, SAFE_DIVIDE(u.spent, u.n) AS n, u.n > 1 AS several FROM `d.daily_users` AS u WHERE u.day = @date"
table = "d.shares"
date_column = "day"
key = ["day"]
"#;

fn planned(plan: &str) -> Planned {
    let planned = Planned::new(plan);
    fs::create_dir_all(planned.state.path().join("warehouse")).unwrap();
    planned.sql(
        "raw",
        "CREATE TABLE events (day TEXT DATE NOT NULL, user TEXT STRING, amount REAL NUMERIC(10,2), note TEXT);
         INSERT INTO events VALUES ('2026-01-01', 'ann', 1.25, 'x'), ('2026-01-01', 'bob', 2.5, 'x'),
           ('2026-01-02', 'ann', 10000000.1, 'x');",
    );
    planned
}

fn assert_said(ended: &Ended, said: &str) {
    let all = format!("{}{}", ended.out, ended.err);
    assert!(all.contains(said), "{said} in {all}");
}

impl Planned {
    fn dataset(&self, dataset: &str) -> std::path::PathBuf {
        self.state.path().join(format!("warehouse/{dataset}.sqlite"))
    }

    fn sql(&self, dataset: &str, sql: &str) {
        let connection = Connection::open(self.dataset(dataset)).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    /// The columns of a table of dataset `d` as they are declared.
    fn declared(&self, table: &str) -> Vec<String> {
        self.texts(&format!(
            "SELECT name || ' ' || type || iif(\"notnull\", ' NOT NULL', '') FROM pragma_table_info('{table}')"
        ))
    }

    fn texts(&self, sql: &str) -> Vec<String> {
        let connection = Connection::open(self.dataset("d")).unwrap();
        let mut query = connection.prepare(sql).unwrap();
        let texts = query.query_map([], |row| row.get(0)).unwrap();
        texts.collect::<Result<_, _>>().unwrap()
    }

    /// Nothing of the plan was created or recorded.
    fn is_untouched(&self) {
        assert!(!self.dataset("d").exists(), "no table was created");
        assert!(!self.dataset("backcourt").exists(), "no lease was taken");
        let ledger = self.state.path().join("ledger.sqlite");
        if ledger.exists() {
            let ledger = Connection::open(ledger).unwrap();
            let runs: i64 = (ledger.query_row("SELECT count(*) FROM run", [], |row| row.get(0))).unwrap();
            assert_eq!(runs, 0, "no run was recorded");
        }
    }
}

#[test]
fn the_shortest_plan_declares_neither_columns_nor_key() {
    let planned = planned(PLAN);
    planned.backcourt(&["plan", "check"]).expect(0);
    let shown = planned.backcourt(&["plan", "show"]).expect(0).out;
    assert!(
        shown.contains("2026-01-01, the query alone") && shown.contains("count(DISTINCT"),
        "{shown}"
    );
    let dry = planned.run(&["--dry-run"]).expect(0).out;
    assert!(dry.contains("2 to do"), "{dry}");
    planned.run(&[]).expect(0);
    assert_eq!(
        planned.declared("daily_users"),
        ["day TEXT DATE NOT NULL", "n INT64", "spent REAL NUMERIC(31,2)"]
    );
    let rows = "SELECT day || ' ' || n || ' ' || spent FROM daily_users ORDER BY day";
    assert_eq!(
        planned.texts(rows),
        ["2026-01-01 2 3.75", "2026-01-02 1 10000000.1"]
    );
    assert_eq!(planned.dates("daily_users", "ok"), 2);
    // Its own table is now there to take the columns from.
    let again = planned.run(&["--dry-run"]).expect(0).out;
    assert!(again.contains("0 to do, 2 already done"), "{again}");
    planned
        .backcourt(&["rerun", "--dates", "2026-01-02", "--output", "plain"])
        .expect(0);
    let doctor = planned.backcourt(&["doctor"]);
    assert!(doctor.out.contains("1 of 1 table match"), "{}", doctor.out);
    assert_eq!(planned.dates("daily_users", "outdated"), 0);
}

#[test]
fn a_stage_may_read_the_table_of_one_before_it() {
    let planned = planned(&format!("{PLAN}{SECOND}"));
    planned.run(&[]).expect(0);
    assert_eq!(
        planned.declared("shares"),
        [
            "day TEXT DATE NOT NULL",
            "n REAL NUMERIC(38,9)",
            "several INTEGER BOOL"
        ]
    );
    let rows = "SELECT day || ' ' || n || ' ' || several FROM shares ORDER BY day";
    assert_eq!(
        planned.texts(rows),
        ["2026-01-01 1.875 1", "2026-01-02 10000000.1 0"]
    );
    let from = format!("sqlite:{}", planned.state.path().join("warehouse").display());
    let rehearsed = planned
        .backcourt(&[
            "rehearse",
            "--stage",
            "shares",
            "--dates",
            "2026-01-01",
            "--from",
            &from,
        ])
        .expect(0);
    // The columns of both tables are those of the warehouse that it compares with.
    assert!(
        rehearsed.out.contains("copied 1 row of 1 table"),
        "{}",
        rehearsed.out
    );
}

#[test]
fn the_columns_of_an_existing_table_are_used() {
    let planned = planned(PLAN);
    planned.sql(
        "d",
        "CREATE TABLE daily_users (spent REAL NUMERIC(10,2) NOT NULL, n REAL NUMERIC(8,0), day TEXT DATE NOT NULL)",
    );
    let before = planned.declared("daily_users");
    planned.run(&["--replace-existing"]).expect(0);
    assert_eq!(planned.declared("daily_users"), before);
    let rows = "SELECT day || ' ' || n || ' ' || spent FROM daily_users ORDER BY day";
    assert_eq!(
        planned.texts(rows),
        ["2026-01-01 2.0 3.75", "2026-01-02 1.0 10000000.1"]
    );
}

#[test]
fn a_query_that_returns_something_else_is_refused_column_by_column() {
    let planned = planned(PLAN);
    planned.run(&[]).expect(0);
    let before = planned.declared("daily_users");
    let more = PLAN.replace("SUM(amount) AS spent", "SUM(amount) AS spent, MIN(user) AS first");
    planned.write(&more);
    let refused = planned.run(&[]).expect(2);
    let said = "table d.daily_users has no column 'first' STRING; run ALTER TABLE `d`.`daily_users` ADD COLUMN `first` TEXT \
                STRING or 'backcourt run --migrate'";
    assert_said(&refused, said);
    assert_eq!(planned.declared("daily_users"), before);
    planned.run(&["--migrate", "--on-change", "rerun"]).expect(0);
    assert_eq!(
        planned.declared("daily_users").last().unwrap(),
        "first TEXT STRING"
    );
    assert_eq!(
        planned.texts("SELECT first FROM daily_users ORDER BY day"),
        ["ann", "ann"]
    );

    planned.write(&more.replace("MIN(user) AS first", "COUNT(*) AS first"));
    let refused = planned.run(&["--migrate"]).expect(2);
    let said = "has 'first' as STRING but the plan needs INT64";
    assert_said(&refused, said);
    planned.write(PLAN);
    let refused = planned.run(&["--migrate"]).expect(2);
    let said = "has a column 'first' STRING that the plan doesn't fill";
    assert_said(&refused, said);
}

#[test]
fn what_does_not_follow_from_the_query_is_refused_and_changes_nothing() {
    for (query, said) in [
        (
            "SELECT day, MIN(note) AS note FROM `raw.events` WHERE day = @date GROUP BY day",
            "stage daily_users: the type of column 'note' doesn't follow from the query; write CAST(… AS TYPE) AS note, or \
             declare 'columns'; nothing was created or written",
        ),
        (
            "SELECT day, COUNT(*) FROM `raw.events` WHERE day = @date GROUP BY day",
            "stage daily_users: column 2 of the query has no name; give its expression an alias",
        ),
        (
            "SELECT day, NULL AS n FROM `raw.events` WHERE day = @date",
            "stage daily_users: the type of column 'n' doesn't follow from the query",
        ),
        (
            "SELECT day, COUNT(*) AS n FROM `raw.missing` WHERE day = @date GROUP BY day",
            "stage daily_users: table raw.missing not found, and the columns of the query follow from it; correct its name, \
             or load it first, or declare 'columns'",
        ),
        (
            "SELECT @date AS date, 1 AS n",
            "date_column: column 'day' not found; choose one of: date, n",
        ),
        (
            "SELECT CAST(@date AS STRING) AS day, 1 AS n",
            "date_column 'day' must be a DATE, DATETIME or TIMESTAMP column",
        ),
        (
            "SELECT day, JSON_KEYS(note) AS n FROM `raw.events` WHERE day = @date",
            "the embedded warehouse does not support JSON_KEYS(…)",
        ),
    ] {
        let start = PLAN.find("sql = \"").unwrap();
        let end = PLAN.find("table = ").unwrap();
        let planned = planned(&format!("{}sql = \"{query}\"\n{}", &PLAN[..start], &PLAN[end..]));
        let refused = planned.run(&[]).expect(2);
        assert!(refused.err.contains(said), "{query}: {}", refused.err);
        planned.is_untouched();
        let dry = planned.run(&["--dry-run"]).expect(2);
        assert!(dry.err.contains(said), "{query}: {}", dry.err);
        let doctor = planned.backcourt(&["doctor"]).expect(1);
        assert!(
            doctor.out.contains(said.split(';').next().unwrap()),
            "{query}: {}",
            doctor.out
        );
    }
}

#[test]
fn a_type_of_bigquery_alone_is_refused_by_name() {
    let columns = "columns = [{ name = \"day\", type = \"DATE\" }, { name = \"n\", type = \"ARRAY<STRUCT<id INT64>>\" }, \
                   { name = \"spent\", type = \"NUMERIC(10,2)\" }]\n";
    let planned = planned(&format!("{PLAN}{columns}"));
    planned.backcourt(&["plan", "check"]).expect(0);
    let refused = planned.run(&[]).expect(2);
    let said = "stage daily_users: column 'n' of d.daily_users is an ARRAY<STRUCT<id INT64>>, which the embedded warehouse \
                does not support";
    assert_said(&refused, said);
    assert!(!planned.dataset("d").exists());
}
