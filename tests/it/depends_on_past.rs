//! Stages that depend on their past, with the real program: dates run in order, a failed date holds the later ones, and what
//! is stored is what a plain loop over the dates stores.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use backcourt::partition::{Partition, PartitionRange};
use proptest::prelude::*;
use rusqlite::Connection;

use crate::planned::Planned;
use crate::program::wait_until;

const SQL: &str = "SELECT @date AS day, e.n + 2 * p.n AS n FROM (SELECT SUM(n) AS n FROM `raw.events` WHERE day = @date) AS e, \
                   (SELECT MOD(n, 1000) AS n FROM `d.sums` WHERE day = DATE_SUB(@date, INTERVAL 1 DAY)) AS p";

/// Each date has its own events plus twice the last three digits of the date before it, so that every date changes with each
/// one before it.
fn sums(from: &str, to: &str, keys: &str) -> String {
    format!(
        r#"
name = "sums"
title = "Running sums"
from = "{from}"
to = "{to}"
workers = 8
[[stage]]
name = "sums"
kind = "sql"
depends_on_past = true
seed = "SELECT @date AS day, SUM(n) AS n FROM `raw.events` WHERE day = @date"
sql = "{SQL}"
table = "d.sums"
date_column = "day"
key = ["day"]
columns = [{{ name = "day", type = "DATE" }}, {{ name = "n", type = "INT64" }}]
{keys}
"#
    )
}

/// The events of each date, in a raw table.
struct Events(BTreeMap<Partition, i64>);

impl Events {
    fn of(planned: &Planned, from: &str, to: &str) -> Self {
        let folder = planned.state.path().join("warehouse");
        fs::create_dir_all(&folder).unwrap();
        let range = PartitionRange::new(day(from), day(to)).unwrap();
        let events = Self((range.partitions()).zip((7..).map(|n| n * n % 101)).collect());
        let mut raw = Connection::open(folder.join("raw.sqlite")).unwrap();
        raw.execute_batch("CREATE TABLE events (day TEXT, n INTEGER)")
            .unwrap();
        let transaction = raw.transaction().unwrap();
        for (day, n) in &events.0 {
            transaction
                .execute("INSERT INTO events VALUES (?1, ?2)", (day.to_string(), n))
                .unwrap();
        }
        transaction.commit().unwrap();
        events
    }

    fn set(&mut self, planned: &Planned, day: Partition, n: i64) {
        self.0.insert(day, n);
        let raw = Connection::open(planned.state.path().join("warehouse/raw.sqlite")).unwrap();
        let changed = raw.execute("UPDATE events SET n = ?2 WHERE day = ?1", (day.to_string(), n));
        assert_eq!(changed.unwrap(), 1);
    }

    /// What a plain loop over the dates stores.
    fn looped(&self) -> Vec<i64> {
        let mut before = None;
        let sum = |n: &i64| {
            let sum = before.map_or(*n, |before: i64| n + 2 * (before % 1000));
            before = Some(sum);
            sum
        };
        self.0.values().map(sum).collect()
    }
}

fn day(text: &str) -> Partition {
    Partition::parse(text).unwrap()
}

fn rerun(planned: &Planned, dates: &str) -> String {
    planned
        .backcourt(&["rerun", "--dates", dates, "--output", "plain"])
        .expect(0)
        .out
}

#[test]
fn four_hundred_days_with_a_kill_and_a_rerun_in_the_middle_are_those_of_a_plain_loop() {
    let (from, to) = ("2023-06-01", "2024-07-04");
    let planned = Planned::new(&sums(from, to, ""));
    let mut events = Events::of(&planned, from, to);
    assert_eq!(events.0.len(), 400);
    let mut run = planned.command(&["run", "--output", "plain"]);
    let mut run = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let stored = || {
        let table = Connection::open(planned.state.path().join("warehouse/d.sqlite")).unwrap();
        let count = table.query_row("SELECT COUNT(*) FROM sums", [], |row| row.get::<_, u32>(0));
        count.unwrap_or(0)
    };
    wait_until("some dates are stored", || stored() > 20);
    run.kill().unwrap();
    run.wait().unwrap();
    assert!(stored() < 400, "it was killed too late");
    planned.run(&[]).expect(0);
    assert_eq!(planned.numbers("sums"), events.looped());

    // The same rows make nothing stale.
    rerun(&planned, "2023-12-18");
    assert_eq!(planned.dates("sums", "stale"), 0);
    // Other rows make every later date stale, and no earlier one.
    events.set(&planned, day("2023-12-18"), 5000);
    let said = rerun(&planned, "2023-12-18");
    assert!(said.contains("199 dates stale"), "{said}");
    assert_eq!(planned.dates("sums", "stale"), 199);
    let preview = planned.run(&["--dry-run"]).expect(0).out;
    assert!(
        preview.contains("sums: 400 dates, 199 to do, 201 already done"),
        "{preview}"
    );
    planned.run(&[]).expect(0);
    assert_eq!(planned.numbers("sums"), events.looped());
    assert!(planned.run(&[]).expect(0).out.contains("nothing to do"));
}

#[test]
fn a_failed_date_holds_the_later_ones_until_it_is_ok() {
    let (from, to) = ("2024-03-01", "2024-03-20");
    let planned = Planned::new(&sums(from, to, "expect_rows = 1"));
    let events = Events::of(&planned, from, to);
    let raw = Connection::open(planned.state.path().join("warehouse/raw.sqlite")).unwrap();
    raw.execute_batch("UPDATE events SET n = NULL WHERE day = '2024-03-11'")
        .unwrap();
    let held =
        "9 dates of sums wait for 2024-03-11, which is empty; rerun it with 'backcourt rerun --failed'";
    for to_do in [20, 9] {
        let said = planned.run(&[]).expect(1).out;
        assert!(said.contains(&format!("20 dates, {to_do} to do")), "{said}");
        assert!(said.contains(held), "{said}");
        let of = |state| planned.dates("sums", state);
        assert_eq!((of("ok"), of("empty"), of("pending")), (10, 1, 9));
    }
    planned
        .backcourt(&["rerun", "--failed", "--output", "plain"])
        .expect(1);
    assert_eq!(planned.dates("sums", "pending"), 9);
    events_restored(&raw, &events);
    planned
        .backcourt(&["rerun", "--failed", "--output", "plain"])
        .expect(0);
    planned.run(&[]).expect(0);
    assert_eq!(planned.numbers("sums"), events.looped());
}

fn events_restored(raw: &Connection, events: &Events) {
    let n = events.0[&day("2024-03-11")];
    raw.execute("UPDATE events SET n = ?1 WHERE n IS NULL", [n])
        .unwrap();
}

/// Later dates say what they wait for.
#[test]
fn the_reason_names_the_date_that_is_waited_for() {
    let (from, to) = ("2024-03-01", "2024-03-04");
    let planned = Planned::new(&sums(from, to, ""));
    Events::of(&planned, from, to);
    let raw = Connection::open(planned.state.path().join("warehouse/raw.sqlite")).unwrap();
    raw.execute_batch("UPDATE events SET n = NULL WHERE day = '2024-03-02'")
        .unwrap();
    planned.run(&[]).expect(1);
    let events = fs::read_to_string(planned.state.events_file()).unwrap();
    let shown = events
        .lines()
        .rev()
        .find(|line| line.contains("waits for 2024-03-02, which is empty"));
    assert!(shown.is_some(), "{events}");
}

/// Without the dates before them, they can't be right.
#[test]
fn dates_whose_past_is_not_in_the_run_are_not_computed() {
    let (from, to) = ("2024-03-01", "2024-03-20");
    let planned = Planned::new(&sums(from, to, ""));
    let events = Events::of(&planned, from, to);
    let said = planned.run(&["--from", "2024-03-11"]).expect(1).out;
    let held = "10 dates of sums wait for 2024-03-10, which is pending; include it in the run";
    assert!(said.contains(held), "{said}");
    assert_eq!(planned.dates("sums", "pending"), 20);
    planned.run(&["--to", "2024-03-10"]).expect(0);
    planned.run(&["--from", "2024-03-11"]).expect(0);
    assert_eq!(planned.numbers("sums"), events.looped());
}

/// 2 and 3 March 2024 are a weekend: the first date with work is a Monday, and a Monday follows a Friday.
#[test]
fn dates_without_work_are_passed_over() {
    let sql = SQL.replace(
        "DATE_SUB(@date, INTERVAL 1 DAY)",
        "(SELECT MAX(day) FROM `d.sums` WHERE day < @date)",
    );
    let plan = sums(
        "2024-03-02",
        "2024-03-20",
        "active = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\"]",
    );
    let planned = Planned::new(&plan.replace(SQL, &sql));
    let mut events = Events::of(&planned, "2024-03-02", "2024-03-20");
    let weekend = ["02", "03", "09", "10", "16", "17"];
    for number in weekend {
        events.0.remove(&day(&format!("2024-03-{number}")));
    }
    planned.run(&[]).expect(0);
    assert_eq!(planned.dates("sums", "skipped"), 6);
    assert_eq!(planned.numbers("sums"), events.looped());
}

/// Dates after the end of the plan follow the plan's, and those before it come first.
#[test]
fn dates_outside_the_plan_have_a_past_too() {
    let planned = Planned::new(&sums("2024-03-01", "2024-03-05", ""));
    let events = Events::of(&planned, "2024-03-01", "2024-03-31");
    planned.run(&[]).expect(0);
    let held = planned
        .run(&["--from", "2024-03-08", "--to", "2024-03-09"])
        .expect(1)
        .out;
    assert!(
        held.contains("2 dates of sums wait for 2024-03-07, which is pending"),
        "{held}"
    );
    planned.run(&["--to", "2024-03-09"]).expect(0);
    assert_eq!(planned.numbers("sums"), events.looped()[..9]);
    planned.write(&sums("2024-03-01", "2024-03-31", ""));
    planned.run(&[]).expect(0);
    assert_eq!(planned.numbers("sums"), events.looped());
}

/// A plan that begins later still continues what was stored before.
#[test]
fn a_plan_that_begins_later_keeps_its_past() {
    let planned = Planned::new(&sums("2024-03-01", "2024-03-10", ""));
    let events = Events::of(&planned, "2024-03-01", "2024-03-10");
    planned.run(&[]).expect(0);
    planned.write(&sums("2024-03-05", "2024-03-10", ""));
    rerun(&planned, "2024-03-05");
    assert_eq!(planned.dates("sums", "stale"), 0);
    planned.write(&sums("2024-03-01", "2024-03-10", ""));
    planned.run(&[]).expect(0);
    assert_eq!(planned.numbers("sums"), events.looped());
}

/// The rows of another definition are kept as they are, whatever the new one reads.
#[test]
fn rows_of_before_are_kept_when_a_stage_begins_to_depend_on_its_past() {
    let plan = sums("2024-03-01", "2024-03-10", "");
    let alone = "SELECT @date AS day, SUM(n) AS n FROM `raw.events` WHERE day = @date";
    let before = plan
        .replace("depends_on_past = true", "")
        .replace(&format!("seed = \"{alone}\""), "")
        .replace(SQL, alone);
    let planned = Planned::new(&before);
    let events = Events::of(&planned, "2024-03-01", "2024-03-10");
    planned.run(&[]).expect(0);
    let kept = planned.numbers("sums");
    planned.write(&plan);
    planned.run(&[]).expect(0);
    assert_eq!(
        (planned.numbers("sums"), planned.dates("sums", "outdated")),
        (kept, 10)
    );
    planned.run(&["--on-change", "rerun"]).expect(0);
    assert_eq!(planned.numbers("sums"), events.looped());
}

/// A program without a table: the calls are noted in a file.
const CHAIN: &str = r#"
name = "chain"
title = "A chain of calls"
from = "2024-01-01"
to = "2024-01-20"
workers = 4
[[stage]]
name = "chain"
kind = "command"
depends_on_past = true
command = ["./one", "{start}", "{end}"]
timeout_seconds = 60
"#;

fn chain(keys: &str, script: &str) -> Planned {
    let planned = Planned::new(&format!("{CHAIN}{keys}"));
    let program = planned.folder.path().join("one");
    fs::write(&program, format!("#!/bin/sh\necho $1 $2 >> calls\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    planned
}

/// The first day of each call.
fn called(planned: &Planned) -> Vec<u32> {
    let file = planned.folder.path().join("calls");
    let noted = fs::read_to_string(&file).unwrap_or_default();
    let _ = fs::remove_file(file);
    noted.lines().map(|line| line[8..10].parse().unwrap()).collect()
}

/// The call that includes the 5th asks for a retry once.
const RETRY_ONCE: &str = "case $1 in 2024-01-05) [ -e tried ] || { touch tried; exit 75; } ;; esac";

#[test]
fn no_call_passes_a_date_that_waits_for_its_retry() {
    let planned = chain("batch = 1", RETRY_ONCE);
    planned.run(&[]).expect(0);
    let expected: Vec<u32> = (1..=5).chain(5..=20).collect();
    assert_eq!(called(&planned), expected);
    // What a program did without a table is not known: each execution counts as a change.
    rerun(&planned, "2024-01-12");
    assert_eq!(planned.dates("chain", "stale"), 8);
    planned.run(&[]).expect(0);
    assert_eq!(called(&planned), (12..=20).collect::<Vec<u32>>());
}

#[test]
fn a_call_takes_several_dates_in_order() {
    let planned = chain("batch = 4", RETRY_ONCE);
    let said = planned.run(&[]).expect(0).out;
    assert_eq!(called(&planned), [1, 5, 5, 9, 13, 17]);
    let retried =
        "chain 2024-01-05..2024-01-08 attempt 1 of a call for 4 dates failed (transient), retry in ";
    assert!(said.contains(retried), "{said}");
    let events = planned.state.facts();
    let calls: Vec<_> = events
        .iter()
        .filter(|event| event["event"] == "call_retried")
        .collect();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0]["dates"].as_array().map(Vec::len), Some(4));
}

/// The 6th never succeeds: its call is split until it is alone, and no date after it is tried.
#[test]
fn a_call_that_fails_is_split_and_holds_what_follows() {
    let sixth = "[ ${1#2024-01-} -le 06 ] && [ ${2#2024-01-} -ge 06 ] && { echo no data >&2; exit 1; }";
    let planned = chain("batch = 4", &format!("{sixth}\nexit 0"));
    planned.run(&[]).expect(1);
    assert_eq!(called(&planned), [1, 5, 5, 5, 6]);
    let of = |state| planned.dates("chain", state);
    assert_eq!((of("ok"), of("failed"), of("pending")), (5, 1, 14));
}

#[test]
fn a_plan_that_contradicts_itself_is_refused() {
    let plan = sums("2024-03-01", "2024-03-02", "");
    let of_many = "SELECT day, n FROM `raw.events` WHERE day IN UNNEST(@dates)";
    let of_one = "SELECT @date AS day, SUM(n) AS n FROM `raw.events` WHERE day = @date";
    for (plan, problem) in [
        (
            plan.replace(SQL, of_many),
            "depends_on_past runs one date after the other, but the query is for many; use @date, or @start and @end",
        ),
        (
            plan.replace("depends_on_past = true", ""),
            "seed needs depends_on_past = true; add it, or leave seed out",
        ),
        (
            plan.replace(&format!("seed = \"{of_one}"), &format!("seed = \"{of_many}")),
            "seed is the query of one date; use @date, or @start and @end",
        ),
    ] {
        let said = Planned::new(&plan).backcourt(&["plan", "check"]).expect(2);
        let said = format!("{}{}", said.out, said.err);
        assert!(said.contains(problem), "{said}");
    }
}

#[test]
fn plan_show_shows_the_seed_for_the_first_date() {
    let planned = Planned::new(&sums("2024-03-01", "2024-03-03", ""));
    let shown = |date: &str| planned.backcourt(&["plan", "show", "--date", date]).expect(0).out;
    assert!(shown("2024-03-01").starts_with("-- sums: seed for 2024-03-01\n"));
    assert!(shown("2024-03-02").starts_with("-- sums: 2024-03-02\n"));
}

/// What an operator does between two runs.
#[derive(Debug, Clone)]
enum Deed {
    /// Corrects a raw row and reruns its date.
    Correct(u32, i64),
    /// Reruns a date.
    Rerun(u32),
    /// Runs only a part of the plan.
    Run(u32, u32),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (1_u32..13, 0_i64..100).prop_map(|(day, n)| Deed::Correct(day, n)),
        (1_u32..13).prop_map(Deed::Rerun),
        (1_u32..13, 0_u32..6).prop_map(|(from, more)| Deed::Run(from, (from + more).min(12))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 40, ..ProptestConfig::default() })]

    /// Whatever was run, rerun and corrected in any order: after a last run, the table is that of a plain loop.
    #[test]
    fn any_history_ends_with_the_table_of_a_plain_loop(deeds in prop::collection::vec(deed(), 1..6)) {
        let date = |number: u32| format!("2024-03-{number:02}");
        let planned = Planned::new(&sums(&date(1), &date(12), ""));
        let mut events = Events::of(&planned, &date(1), &date(12));
        for deed in deeds {
            match deed {
                Deed::Correct(number, n) => {
                    events.set(&planned, day(&date(number)), n);
                    planned.backcourt(&["rerun", "--dates", &date(number), "--output", "plain"]);
                }
                Deed::Rerun(number) => {
                    planned.backcourt(&["rerun", "--dates", &date(number), "--output", "plain"]);
                }
                Deed::Run(from, to) => {
                    planned.run(&["--from", &date(from), "--to", &date(to)]);
                }
            }
        }
        planned.run(&[]).expect(0);
        prop_assert_eq!(planned.numbers("sums"), events.looped());
        let again = planned.run(&[]).expect(0).out;
        prop_assert!(again.contains("nothing to do"), "{}", again);
    }
}

/// A program that prints a row for each of its dates but the 6th.
const PRINTED: &str = r#"
columns = [{ name = "day", type = "DATE" }, { name = "n", type = "INT64" }]
table = "d.sums"
date_column = "day"
batch = 4
"#;

const PRINT: &str = "echo day,n; d=$1; while :; do { [ $d = 2024-01-06 ] && [ ! -e mended ]; } || echo $d,1; \
                     [ $d = $2 ] && break; d=$(date -d \"$d +1 day\" +%F); done";

/// The dates of a call after one that isn't ok were computed without it.
#[test]
fn a_date_that_is_not_ok_makes_the_rest_of_its_call_stale() {
    let planned = chain(PRINTED, PRINT);
    planned.run(&[]).expect(1);
    assert_eq!(called(&planned), [1, 5], "no call passes the empty date");
    let of = |state| planned.dates("chain", state);
    assert_eq!((of("ok"), of("empty"), of("stale"), of("pending")), (5, 1, 2, 12));
    fs::write(planned.folder.path().join("mended"), "").unwrap();
    planned
        .backcourt(&["rerun", "--failed", "--output", "plain"])
        .expect(0);
    planned.run(&[]).expect(0);
    assert_eq!((called(&planned), of("ok")), (vec![6, 7, 11, 15, 19], 20));
}
