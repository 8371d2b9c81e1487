//! A process is killed after its commit and before its ledger knows: the next run finds the commit in the warehouse's
//! record, and the dry run must count it too.

use rusqlite::Connection;

use super::{Looked, Planned};

const PLAN: &str = r#"
name = "killed"
title = "A run that is killed after a commit"
from = "2024-01-01"
to = "2024-01-03"
[[stage]]
name = "one"
kind = "sql"
sql = "SELECT @date AS day, 1 AS n"
table = "d.one"
date_column = "day"
key = ["day"]
columns = [ { name = "day", type = "DATE" }, { name = "n", type = "INT64" } ]
"#;

#[test]
fn a_dry_run_counts_a_commit_that_only_the_warehouse_has_recorded() {
    let case = Planned::new(PLAN);
    case.run(&[]).expect(0);
    let ledger = case.state.path().join("ledger.sqlite");
    // The date is promised and has no outcome, and the process knew of no entry of the commit.
    Connection::open(&ledger)
        .unwrap()
        .execute_batch(
            "INSERT INTO intent (target, stage, dates, run, at, known) \
             SELECT target, stage, date, run, '2024-01-04T00:00:00+00:00', 0 FROM unit WHERE date = '2024-01-02'; \
             DELETE FROM unit WHERE date = '2024-01-02';",
        )
        .unwrap();
    let before = std::fs::read(&ledger).unwrap();
    let preview = case.run(&["--dry-run"]).expect(0);
    assert!(
        preview.out.contains("one: 3 dates, 0 to do, 3 already done"),
        "{}",
        preview.out
    );
    assert_eq!(
        std::fs::read(&ledger).unwrap(),
        before,
        "a dry run changes nothing"
    );
    let facts = case.state.facts().len();
    case.run(&[]).expect(0);
    let done = case.state.facts().split_off(facts);
    assert!(
        done.iter().all(|fact| fact["event"] != "unit_finished"),
        "{done:?}"
    );
    let units = ["01", "02", "03"].map(|day| format!("2024-01-{day} ok 1"));
    assert_eq!(case.units("one"), units);
}
