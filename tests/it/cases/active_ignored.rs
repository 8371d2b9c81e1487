//! A plan for some weekdays on a table that also has rows of the others, which it must not touch.

use super::{Looked, Planned};

const DAYS: &str = "WITH RECURSIVE d(x) AS (SELECT '2024-01-01' UNION ALL SELECT date(x, '+1 day') FROM d WHERE x < '2024-01-28')";

fn plan(active: &str) -> String {
    format!(
        r#"
name = "weeks"
title = "Some days of the week, into a table that has rows of other days"
from = "2024-01-01"
to = "2024-01-28"
workers = 1
active = {active}
[[stage]]
name = "s"
kind = "sql"
sql = "SELECT day, n FROM `src.t` WHERE day = @date"
table = "mart.t"
date_column = "day"
key = ["day"]
columns = [{{ name = "day", type = "DATE" }}, {{ name = "n", type = "INT64" }}]
"#
    )
}

/// Three identical runs leave the rows of other days unchanged, and the second and third compute nothing.
fn keeps_other_days(active: &str, work: usize) {
    let case = Planned::new(&plan(active));
    case.sql(
        "src",
        &format!("CREATE TABLE t (day TEXT, n INT); {DAYS} INSERT INTO t SELECT x, 1 FROM d"),
    );
    case.run(&[]).expect(0);
    case.sql(
        "mart",
        &format!("{DAYS} INSERT OR IGNORE INTO t (day, n) SELECT x, 7 FROM d"),
    );
    for _ in 0..3 {
        let preview = case.run(&["--dry-run"]).expect(0);
        assert!(preview.out.contains("28 dates, 0 to do"), "{}", preview.out);
        let said = case.run(&[]).expect(0);
        assert!(said.out.contains("28 dates, 0 to do"), "{}", said.out);
        let of_others = (28 - work).to_string();
        assert_eq!(case.rows("SELECT COUNT(*) FROM mart.t WHERE n = 7"), [of_others]);
        assert_eq!(case.rows("SELECT COUNT(*) FROM mart.t"), ["28"]);
    }
    let skipped = case
        .units("s")
        .iter()
        .filter(|unit| unit.ends_with(" skipped 0"))
        .count();
    assert_eq!(skipped, 28 - work);
}

#[test]
fn rows_of_inactive_days_stay() {
    keeps_other_days(r#"["mon"]"#, 4);
}

#[test]
fn rows_of_days_excluded_by_other_weekdays_stay() {
    keeps_other_days(r#"["sat", "sun"]"#, 8);
}

#[test]
fn rows_of_days_excluded_by_a_query_stay() {
    keeps_other_days(
        r#""SELECT day FROM `src.t` WHERE EXTRACT(DAYOFWEEK FROM day) IN (3, 5)""#,
        8,
    );
}

/// The table has rows of every day, and its program is scheduled for Mondays: it runs once for each Monday, whatever
/// the other days contain.
#[test]
fn a_weekly_command_runs_once_a_week() {
    let case = Planned::new("");
    let log = case.folder.path().join("ran.log");
    case.sql(
        "mart",
        &format!("CREATE TABLE t (day TEXT NOT NULL, n INTEGER); {DAYS} INSERT INTO t SELECT x, 1 FROM d"),
    );
    case.write(&format!(
        r#"
name = "weeks"
title = "A week at a time, on Mondays"
from = "2024-01-01"
to = "2024-01-28"
workers = 1
active = ["mon"]
[[stage]]
name = "weeks"
kind = "command"
command = ["sh", "-c", 'echo "$1" >> "$LOG"', "sh", "{{date}}"]
environment = {{ LOG = "{}" }}
table = "mart.t"
date_column = "day"
"#,
        log.display()
    ));
    for _ in 0..3 {
        case.run(&["--replace-existing"]).expect(0);
        let ran = std::fs::read_to_string(&log).unwrap();
        assert_eq!(ran, "2024-01-01\n2024-01-08\n2024-01-15\n2024-01-22\n");
        assert_eq!(case.rows("SELECT COUNT(*) FROM mart.t"), ["28"]);
    }
}
