//! Programs that get several dates in one call: docs/programs.md as it is written, failures, gaps and printed rows.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rstest::rstest;
use rusqlite::Connection;

use crate::planned::Planned;
use crate::program::wait_until;

const PAGE: &str = include_str!("../../docs/programs.md");

/// The first block of this language in docs/programs.md.
fn block(language: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("\n```").unwrap().0
}

#[test]
fn the_script_of_the_page_fills_a_year_in_chunks() {
    // Without Python there is nothing to run.
    if Command::new("python3").arg("--version").output().is_err() {
        return;
    }
    let planned = Planned::new("");
    let database = planned.state.path().join("warehouse/mart.sqlite");
    let plan = block("toml").replace("/tmp/orders/warehouse/mart.sqlite", database.to_str().unwrap());
    assert!(plan.contains(database.to_str().unwrap()));
    planned.write(&plan);
    fs::write(planned.folder.path().join("backfill.py"), block("python")).unwrap();
    let shown = planned
        .backcourt(&["plan", "show", "--date", "2024-12-26"])
        .expect(0)
        .out;
    assert!(
        shown.starts_with("# orders: 2024-12-26 to 2024-12-31\n"),
        "{shown}"
    );
    assert!(
        shown.contains("--start-date 2024-12-26 --end-date 2024-12-31"),
        "{shown}"
    );
    planned.run(&[]).expect(0);
    assert_eq!(planned.dates("orders", "ok"), 366);
    let orders = Connection::open(database).unwrap();
    let count = "SELECT COUNT(*), COUNT(DISTINCT day), MIN(day), MAX(day) FROM orders";
    let counted: (i64, i64, String, String) = orders
        .query_row(count, [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .unwrap();
    assert_eq!(
        counted,
        (3660, 366, "2024-01-01".to_owned(), "2024-12-31".to_owned())
    );
    planned.run(&[]).expect(0);
}

/// Ten dates of a program that notes its calls.
const PLAN: &str = r#"
name = "calls"
title = "A program that notes its calls"
from = "2024-03-01"
to = "2024-03-10"
workers = 1
[[stage]]
name = "one"
kind = "command"
command = ["./one", "{start}", "{end}"]
timeout_seconds = 60
batch = 4
"#;

/// The plan with more keys for its stage, and a program that runs these lines after it has noted its call.
fn calls(keys: &str, script: &str) -> Planned {
    let planned = Planned::new(&format!("{PLAN}{keys}"));
    let program = planned.folder.path().join("one");
    fs::write(&program, format!("#!/bin/sh\necho $1 $2 >> calls\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    planned
}

/// The days of each call, as `1-4`, since the file was last read.
fn noted(folder: &Path) -> Vec<String> {
    let noted = fs::read_to_string(folder.join("calls")).unwrap_or_default();
    let _ = fs::remove_file(folder.join("calls"));
    let day = |date: &str| date.rsplit_once('-').unwrap().1.parse::<u32>().unwrap();
    let days = |line: &str| {
        let (first, last) = line.split_once(' ').unwrap();
        format!("{}-{}", day(first), day(last))
    };
    noted.lines().map(days).collect()
}

#[test]
fn consecutive_dates_share_a_call() {
    let planned = calls("", "exit 0");
    planned.run(&[]).expect(0);
    assert_eq!(noted(planned.folder.path()), ["1-4", "5-8", "9-10"]);
    assert_eq!(planned.dates("one", "ok"), 10);
    let dates = "2024-03-02..2024-03-03,2024-03-05..2024-03-09";
    planned
        .backcourt(&["rerun", "--dates", dates, "--output", "plain"])
        .expect(0);
    assert_eq!(
        noted(planned.folder.path()),
        ["2-3", "5-8", "9-9"],
        "a gap ends a call"
    );
}

#[test]
fn dates_without_work_end_a_call() {
    // 2 and 3 March 2024, and 9 and 10 March, are weekends.
    let planned = calls("active = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\"]", "exit 0");
    planned.run(&[]).expect(0);
    assert_eq!(noted(planned.folder.path()), ["1-1", "4-7", "8-8"]);
    assert_eq!(
        (planned.dates("one", "ok"), planned.dates("one", "skipped")),
        (6, 4)
    );
}

#[test]
fn plan_show_ends_a_call_at_a_day_of_the_week_without_work() {
    let planned = calls("active = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\"]", "exit 0");
    for (date, dates) in [
        ("2024-03-01", "2024-03-01\n"),
        ("2024-03-04", "2024-03-04 to 2024-03-07\n"),
        ("2024-03-07", "2024-03-07 to 2024-03-08\n"),
    ] {
        let shown = planned.backcourt(&["plan", "show", "--date", date]).expect(0).out;
        assert!(shown.starts_with(&format!("# one: {dates}")), "{shown}");
    }
}

fn log(planned: &Planned) -> String {
    let logs = fs::read_dir(planned.state.path().join("logs")).unwrap();
    logs.map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect()
}

/// The program fails for every call with the 6th.
#[rstest]
#[case::halves("", &["1-4", "5-8", "5-6", "5-5", "6-6", "7-8", "9-10"])]
#[case::alone("retry_batch = 1", &["1-4", "5-8", "5-5", "6-6", "7-7", "8-8", "9-10"])]
#[case::most_of_it("retry_batch = 3", &["1-4", "5-8", "5-6", "5-5", "6-6", "7-8", "9-10"])]
fn a_failed_call_is_repeated_in_smaller_ones(#[case] keys: &str, #[case] days: &[&str]) {
    let sixth = "[ $(echo $1 | cut -c9-) -le 06 ] && [ $(echo $2 | cut -c9-) -ge 06 ] && { echo no data >&2; exit 1; }";
    let planned = calls(keys, &format!("{sixth}\nexit 0"));
    planned.run(&[]).expect(1);
    assert_eq!(noted(planned.folder.path()), days);
    assert_eq!(
        (planned.dates("one", "ok"), planned.dates("one", "failed")),
        (9, 1)
    );
    let sql = "SELECT date, reason FROM unit WHERE state = 'failed'";
    let failed: (String, String) = (planned.state.ledger())
        .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(
        failed,
        ("2024-03-06".to_owned(), "exit code 1: no data".to_owned())
    );
    let log = log(&planned);
    let warned = "attempt 1 of a call for 4 dates, 2024-03-05 to 2024-03-08, failed (code), repeating it in smaller calls: \
                  exit code 1: no data";
    assert!(log.contains(warned), "{log}");
}

#[test]
fn nothing_to_do_for_one_date_skips_no_other() {
    let planned = calls(
        "skip_exit_code = 3",
        "[ $1 = 2024-03-05 ] && { echo holiday; exit 3; }\nexit 0",
    );
    planned.run(&[]).expect(0);
    assert_eq!(
        noted(planned.folder.path()),
        ["1-4", "5-8", "5-6", "5-5", "6-6", "7-8", "9-10"]
    );
    assert_eq!(
        (planned.dates("one", "ok"), planned.dates("one", "skipped")),
        (9, 1)
    );
}

#[test]
fn a_call_that_asks_for_a_retry_is_repeated_unchanged() {
    let planned = calls(
        "",
        "[ $1 = 2024-03-05 ] && [ ! -e tried ] && { touch tried; exit 75; }\nexit 0",
    );
    planned.run(&[]).expect(0);
    let mut calls = noted(planned.folder.path());
    calls.sort();
    assert_eq!(calls, ["1-4", "5-8", "5-8", "9-10"]);
    assert_eq!(planned.dates("one", "ok"), 10);
    assert!(log(&planned).contains("2024-03-05 to 2024-03-08, failed (transient), retry in "));
}

#[test]
fn a_call_without_attempts_left_is_repeated_in_smaller_ones() {
    let sixth = "[ $(echo $1 | cut -c9-) -le 06 ] && [ $(echo $2 | cut -c9-) -ge 06 ] && exit 75";
    let planned = calls("", &format!("{sixth}\nexit 0"));
    planned.run(&[]).expect(1);
    let mut calls = noted(planned.folder.path());
    calls.sort();
    let expected = [
        "1-4", "5-5", "5-6", "5-6", "5-6", "5-6", "5-8", "5-8", "5-8", "5-8",
    ];
    assert_eq!(calls[..10], expected);
    assert_eq!(calls[10..], ["6-6", "6-6", "6-6", "6-6", "7-8", "9-10"]);
    assert_eq!(
        (planned.dates("one", "ok"), planned.dates("one", "failed")),
        (9, 1)
    );
}

#[test]
fn a_call_that_times_out_is_not_repeated() {
    let planned = calls("", "[ $1 = 2024-03-05 ] && sleep 600\nexit 0");
    planned.write(&PLAN.replace("timeout_seconds = 60", "timeout_seconds = 3"));
    planned.run(&[]).expect(1);
    assert_eq!(noted(planned.folder.path()), ["1-4", "5-8", "9-10"]);
    let sql =
        "SELECT COUNT(*), MIN(date), MAX(date), MIN(class), MIN(reason) FROM unit WHERE state = 'failed'";
    let failed: (i64, String, String, String, String) = (planned.state.ledger())
        .query_row(sql, [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .unwrap();
    let (count, first, last, class, reason) = failed;
    assert_eq!(
        (count, first.as_str(), last.as_str(), class.as_str()),
        (4, "2024-03-05", "2024-03-08", "unknown")
    );
    let expected = "timed out after 3 s; raise timeout_seconds or lower batch if it needs longer";
    assert!(reason.starts_with(expected), "{reason}");
}

#[test]
fn a_cancelled_call_keeps_its_size() {
    let planned = calls("", "[ $1 = 2024-03-05 ] && [ ! -e go ] && sleep 600\nexit 0");
    let mut command = planned.command(&["run", "--output", "plain"]);
    let mut run = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let calls = planned.folder.path().join("calls");
    wait_until("the second call", || {
        fs::read_to_string(&calls).unwrap_or_default().lines().count() == 2
    });
    let told = planned.state.backcourt(&["ctl", "cancel"]).expect(0).out;
    assert!(told.contains("cancelled 1 batch (4 dates)"), "{told}");
    fs::write(planned.folder.path().join("go"), "").unwrap();
    planned.state.backcourt(&["ctl", "resume"]).expect(0);
    assert!(run.wait().unwrap().success());
    assert_eq!(noted(planned.folder.path()), ["1-4", "5-8", "5-8", "9-10"]);
    assert_eq!(planned.dates("one", "ok"), 10);
}

const PRINTED: &str = r#"
table = "d.one"
date_column = "day"
key = ["day", "n"]
expect_rows = 2
columns = [{ name = "day", type = "DATE" }, { name = "n", type = "INT64" }]
"#;

#[test]
fn printed_rows_belong_to_their_dates_and_only_short_dates_need_attention() {
    // In reverse order, two rows a day; one for the 6th. A call from the 9th on prints one of another month.
    let script = "
echo day,n
for d in 10 09 08 07 06 05 04 03 02 01; do
  date=2024-03-$d
  expr $date '<' $1 >/dev/null && continue
  expr $date '>' $2 >/dev/null && continue
  echo $date,1
  [ $d = 06 ] || echo $date,2
done
[ $1 = 2024-03-09 ] && echo 2024-04-01,1
exit 0";
    let planned = calls(PRINTED, script);
    planned.run(&[]).expect(1);
    assert_eq!(
        noted(planned.folder.path()),
        ["1-4", "5-8", "9-10", "9-9", "10-10"],
        "a short date fails no call, a row of no date of the call does"
    );
    assert_eq!(
        (planned.dates("one", "ok"), planned.dates("one", "partial")),
        (8, 2)
    );
    let sql = "SELECT date, rows, reason FROM unit WHERE state = 'partial' ORDER BY date";
    let ledger = planned.state.ledger();
    let mut query = ledger.prepare(sql).unwrap();
    let partial = query.query_map([], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, i64>(1)?,
            row.get::<_, String>(2)?,
        ))
    });
    let partial: Vec<_> = partial.unwrap().map(Result::unwrap).collect();
    assert_eq!((partial[0].0.as_str(), partial[0].1), ("2024-03-06", 1));
    assert_eq!((partial[1].0.as_str(), partial[1].1), ("2024-03-09", 2));
    assert!(partial[1].2.contains("2024-04-01"), "{}", partial[1].2);
    assert_eq!(planned.numbers("one").len(), 19);
    planned
        .backcourt(&["rerun", "--failed", "--output", "plain"])
        .expect(1);
    assert_eq!(noted(planned.folder.path()), ["6-6", "9-9"]);
}

#[rstest]
fn no_date_is_ok_in_a_call_that_lost_a_row(#[values("", "2024-03-07 00:00:00", "2024-02-07")] lost: &str) {
    // The 7th has two rows, one of them without its date.
    let script = format!(
        "
echo day,n
for d in 01 02 03 04 05 06 07 08 09 10; do
  date=2024-03-$d
  expr $date '<' $1 >/dev/null && continue
  expr $date '>' $2 >/dev/null && continue
  echo $date,1
  [ $d = 07 ] && echo '{lost},2'
done
exit 0"
    );
    let planned = calls(&PRINTED.replace("expect_rows = 2\n", ""), &script);
    planned.run(&[]).expect(1);
    assert_eq!(
        noted(planned.folder.path()),
        ["1-4", "5-8", "5-6", "7-8", "7-7", "8-8", "9-10"]
    );
    let sql = "SELECT date FROM unit WHERE state <> 'ok'";
    let date: String = (planned.state.ledger())
        .query_row(sql, [], |row| row.get(0))
        .unwrap();
    assert_eq!((date.as_str(), planned.dates("one", "ok")), ("2024-03-07", 9));
    let log = log(&planned);
    assert!(log.contains("which is not a date of the call"), "{log}");
}
