//! The source of one day is late: its stored row must not be deleted.

use super::{Looked, Planned};

const LATE: &str = r#"
name = "late"
title = "The source of one day is late"
from = "2024-01-01"
to = "2024-01-03"
[[stage]]
name = "copy"
kind = "sql"
sql = "SELECT day, n FROM `src.t` WHERE day IN UNNEST(@dates)"
table = "prod.t"
date_column = "day"
key = ["day", "n"]
columns = [{ name = "day", type = "DATE" }, { name = "n", type = "INT64" }]
expect_rows = 2
"#;

const MADE: &str = "CREATE TABLE t (day TEXT NOT NULL, n INTEGER NOT NULL)";
const STORED: &str = "SELECT day, n FROM prod.t ORDER BY day, n";

/// Every day was computed once, with two rows; then the source lost some.
fn computed_once(lost: &str) -> Planned {
    let case = Planned::new(LATE);
    let days = ["2024-01-01", "2024-01-02", "2024-01-03"].map(|day| format!("('{day}', 1), ('{day}', 2)"));
    case.sql(
        "src",
        &format!("{MADE}; INSERT INTO t VALUES {}", days.join(", ")),
    );
    case.run(&[]).expect(0);
    case.sql("src", lost);
    case
}

#[test]
fn a_late_source_keeps_stored_rows() {
    let case = computed_once("DELETE FROM t WHERE day = '2024-01-02'");
    let before = case.rows(STORED);
    let said = case.run(&["--no-resume"]).expect(1);
    assert_eq!(case.rows(STORED), before);
    let reason = "expected 2 rows, got 0; kept the 2 rows stored before";
    assert_eq!(case.reason("copy", "2024-01-02"), reason);
    assert!(said.out.contains(reason), "{}", said.out);
    assert!(
        said.out.contains("3 to do; 3 dates already have 6 rows"),
        "{}",
        said.out
    );
    assert_eq!(
        case.units("copy"),
        ["2024-01-01 ok 2", "2024-01-02 empty 2", "2024-01-03 ok 2"]
    );
}

#[test]
fn fewer_rows_than_stored_are_discarded_and_more_are_stored() {
    let case = computed_once(
        "DELETE FROM t WHERE day = '2024-01-01' AND n = 2; INSERT INTO t VALUES ('2024-01-03', 3)",
    );
    case.run(&["--no-resume"]).expect(1);
    assert_eq!(
        case.units("copy"),
        ["2024-01-01 partial 2", "2024-01-02 ok 2", "2024-01-03 partial 3"]
    );
    assert_eq!(case.rows("SELECT COUNT(*) FROM prod.t"), ["7"]);
    assert_eq!(
        case.reason("copy", "2024-01-01"),
        "expected 2 rows, got 1; kept the 2 rows stored before"
    );
    assert_eq!(case.reason("copy", "2024-01-03"), "expected 2 rows, got 3");
}

#[test]
fn the_operator_may_accept_fewer_rows() {
    let case = computed_once("DELETE FROM t WHERE day = '2024-01-02'");
    let rerun = ["rerun", "--dates", "2024-01-02", "--output", "plain"];
    case.backcourt(&rerun).expect(1);
    assert_eq!(case.rows("SELECT COUNT(*) FROM prod.t"), ["6"]);
    case.backcourt(&[&rerun[..], &["--accept-short"]].concat())
        .expect(1);
    assert_eq!(case.rows("SELECT COUNT(*) FROM prod.t"), ["4"]);
    assert_eq!(case.units("copy")[1], "2024-01-02 empty 0");
    case.backcourt(&["rerun", "--failed", "--output", "plain"])
        .expect(1);
    assert_eq!(
        case.rows("SELECT COUNT(*) FROM prod.t"),
        ["4"],
        "nothing else was touched"
    );
}

#[test]
fn a_date_with_quarantined_rows_keeps_its_stored_rows() {
    let case = computed_once("UPDATE t SET n = 1 WHERE day = '2024-01-02'");
    case.write(&LATE.replace("expect_rows = 2\n", ""));
    case.run(&["--no-resume"]).expect(1);
    assert_eq!(case.units("copy")[1], "2024-01-02 partial 2");
    assert_eq!(
        case.rows("SELECT n FROM prod.t WHERE day = '2024-01-02' ORDER BY n"),
        ["1", "2"]
    );
    let reason = case.reason("copy", "2024-01-02");
    assert!(
        reason.starts_with("1 row quarantined (1 duplicate_key), first: "),
        "{reason}"
    );
    assert!(reason.ends_with("; kept the 2 rows stored before"), "{reason}");
}
