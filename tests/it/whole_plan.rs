//! Statements about a plan cover all its dates, whichever the last run was about, and a state folder can be moved.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command as Process;

use crate::planned::Planned;
use crate::program::{backcourt, ended};
use crate::toy::{Fault, Toy, day};
use backcourt::engine::{Command, Reply, Selection};
use backcourt::ledger::RunState;
use rusqlite::Connection;
use serde_json::Value;

/// A plan with two failing dates.
const FAILED_HIDDEN: &str = r#"
name = "failed_hidden"
title = "Failed dates, and a run of another date after it"
from = "2024-01-01"
to = "2024-01-05"
[[stage]]
name = "s"
kind = "command"
command = ["sh", "-c", "case $1 in *-02|*-04) exit 1;; esac", "sh", "{date}"]
"#;

/// A table that is computed from another one, and a check that compares both.
const DAILY: &str = r#"
name = "daily"
title = "Daily sums"
from = "2022-01-01"
to = "2024-12-31"
[[stage]]
name = "daily"
kind = "sql"
reads = [{ table = "src.tx" }]
sql = "SELECT day, amount * 2 AS total FROM `src.tx` WHERE day IN UNNEST(@dates)"
table = "prod.daily"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "total", type = "INT64" }]
expect_rows = 1
[[check]]
name = "as_source"
stage = "daily"
title = "Every day agrees with the source"
severity = "blocking"
sql = """
SELECT s.day AS day FROM `src.tx` AS s LEFT JOIN `prod.daily` AS p ON p.day = s.day
WHERE p.day IS NULL OR p.total != s.amount * 2
"""
expect = [{ rows = 0 }]
"#;

/// A gate that only a waiver opens, a downstream stage, and an item that an operator ticks.
const GATE: &str = r#"
name = "gate"
title = "A gate"
from = "2024-03-01"
to = "2024-03-31"
[[stage]]
name = "calls"
kind = "command"
command = ["sh", "-c", "printf 'day,n\n{date},1\n'"]
table = "shop.calls"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "n", type = "INT64" }]
[[check]]
name = "never"
stage = "calls"
title = "Never met"
severity = "blocking"
sql = "SELECT day FROM `shop.calls` WHERE n = 1"
expect = [{ rows = 0 }]
[[stage]]
name = "sums"
kind = "sql"
needs = ["calls"]
reads = [{ table = "shop.calls" }]
sql = "SELECT day, n FROM `shop.calls` WHERE day IN UNNEST(@dates)"
table = "shop.sums"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "n", type = "INT64" }]
expect_rows = 1
[[runbook]]
item = "1"
title = "By hand"
manual = true
"#;

/// A plan whose source table has a row for each of its days.
fn with_source(plan: &str) -> Planned {
    let planned = Planned::new(plan);
    let warehouse = planned.state.path().join("warehouse");
    fs::create_dir_all(&warehouse).unwrap();
    let source = Connection::open(warehouse.join("src.sqlite")).unwrap();
    source
        .execute_batch(
            "CREATE TABLE tx (day TEXT, amount INTEGER);
             WITH RECURSIVE days (day) AS (SELECT '2022-01-01' UNION ALL
               SELECT date(day, '+1 day') FROM days WHERE day < '2024-12-31')
             INSERT INTO tx SELECT day, 7 FROM days;",
        )
        .unwrap();
    planned
}

fn holds(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part} is missing from\n{text}");
    }
}

#[test]
fn failed_hidden() {
    let case = Planned::new(FAILED_HIDDEN);
    case.backcourt(&["run", "--output", "plain"]).expect(1);
    let narrower = case
        .backcourt(&["run", "--dates", "2024-01-05", "--output", "plain"])
        .expect(1);
    holds(
        &narrower.out,
        &[
            "2 dates outside this run need attention",
            "'backcourt rerun --failed'",
        ],
    );
    let failed = ["2024-01-02", "2024-01-04"];
    holds(&case.backcourt(&["status"]).expect(0).out, &failed);
    let stage = &case.status()["stages"][0];
    assert_eq!(stage["dates"]["failed"], 2);
    assert_eq!(
        (&stage["dates"]["total"], &stage["dates"]["ok"]),
        (&5.into(), &3.into())
    );
    assert_eq!(stage["attention"].as_array().unwrap().len(), 2);
    let page = case.backcourt(&["report"]).expect(0).out;
    holds(&page, &["rerun --failed", "2024-01-02,2024-01-04"]);
    holds(
        &case.backcourt(&["report", "--format", "json"]).expect(0).out,
        &failed,
    );
    let doctor = case.backcourt(&["doctor"]).expect(1).out;
    holds(&doctor, &["2 dates need attention: s 2024-01-02, 2024-01-04"]);
    // The cause is fixed, and a run of another date in between hasn't hidden the dates to rerun.
    let healed = FAILED_HIDDEN.replace("exit 1", "exit 0");
    fs::write(case.file(), healed).unwrap();
    case.backcourt(&["rerun", "--failed", "--output", "plain"])
        .expect(0);
    let dates = &case.status()["stages"][0]["dates"];
    assert_eq!((&dates["ok"], &dates["failed"]), (&2.into(), &0.into()));
    assert_eq!(dates["outdated"], 3, "what the command did before it was edited");
    case.backcourt(&["doctor"]).expect(0);
}

#[test]
fn a_stage_outside_the_run_is_not_hidden() {
    let two = format!(
        "{FAILED_HIDDEN}[[stage]]\nname = \"other\"\nkind = \"command\"\ncommand = [\"true\", \"{{date}}\"]\n"
    );
    let case = Planned::new(&two);
    case.backcourt(&["run", "--stage", "s", "--output", "plain"])
        .expect(1);
    let other = case
        .backcourt(&["run", "--stage", "other", "--output", "plain"])
        .expect(1);
    holds(&other.out, &["2 dates outside this run need attention"]);
}

#[test]
fn failed_dates_outside_the_plan_are_counted_separately() {
    let case = Planned::new(FAILED_HIDDEN);
    case.backcourt(&["run", "--dates", "2024-02-02", "--output", "plain"])
        .expect(1);
    case.backcourt(&["run", "--dates", "2024-01-05", "--output", "plain"])
        .expect(1);
    let stage = &case.status()["stages"][0];
    assert_eq!(
        (&stage["dates"]["total"], &stage["dates"]["failed"]),
        (&5.into(), &0.into())
    );
    assert_eq!(
        (&stage["outside"]["total"], &stage["outside"]["failed"]),
        (&1.into(), &1.into())
    );
    holds(
        &case.backcourt(&["status"]).expect(0).out,
        &["outside the plan 1 date (1 failed)", "2024-02-02 failed"],
    );
}

#[test]
fn a_live_run_reports_failures_outside_it_and_how_to_rerun_them() {
    let toy = Toy::new(20)
        .with_fault(day(3), Fault::Data)
        .with_fault(day(5), Fault::Data);
    toy.start(|_| {}).end();
    let mut live = toy.start(|options| {
        options.dates = vec![day(8)];
        options.stay = true;
    });
    let snapshot = live.wait_for(|snapshot| snapshot.run.state == RunState::Finished);
    assert_eq!(snapshot.run.elsewhere.attention, 2);
    let coverage = snapshot.checks[0].coverage.unwrap();
    assert!(
        coverage.done + 2 <= coverage.total && !coverage.is_whole(),
        "{coverage}"
    );
    let rerun = Command::Rerun {
        selection: Selection::Failed,
        stage: None,
        source: None,
        accept_short: false,
    };
    match live.order(rerun) {
        Reply::Refused(why) => holds(
            &why,
            &["2 more dates outside this run", "'backcourt rerun --failed'"],
        ),
        other => panic!("{other:?}"),
    }
    live.order(Command::Drain);
    let (ending, _) = live.end();
    assert_eq!(ending.exit_code, 1, "{}", ending.message);
}

#[test]
fn adopt_existing() {
    let case = with_source(DAILY);
    case.backcourt(&["run", "--output", "plain"]).expect(0);
    // Some rows of the table are wrong or missing, and neither the ledger nor the recorded progress shows it.
    let table = Connection::open(case.state.path().join("warehouse/prod.sqlite")).unwrap();
    table
        .execute_batch(
            "UPDATE daily SET total = total + 1000 WHERE day BETWEEN '2023-05-01' AND '2023-05-30';
             DELETE FROM daily WHERE day BETWEEN '2024-02-01' AND '2024-02-10';",
        )
        .unwrap();
    drop(table);
    for file in ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"] {
        let _ = fs::remove_file(case.state.path().join(file));
    }
    let recorded = Connection::open(case.state.path().join("warehouse/backcourt.sqlite")).unwrap();
    recorded.execute("DELETE FROM ledger", []).unwrap();
    drop(recorded);
    let one = case
        .backcourt(&["run", "--dates", "2022-01-01", "--output", "plain"])
        .expect(1);
    holds(
        &one.out,
        &[
            "FAIL as_source: 40 offending rows on 40 dates",
            "1 of 1,096 dates done",
        ],
    );
    let check = &case.status()["checks"][0];
    assert_eq!(check["state"], "FAIL");
    let failing_dates = check["failing_dates"].as_array().unwrap();
    assert_eq!(
        (failing_dates.len(), &failing_dates[0]),
        (40, &"2023-05-01".into())
    );
    assert_eq!(
        (&check["coverage"]["done"], &check["coverage"]["total"]),
        (&1.into(), &1096.into())
    );
    let rerun = case
        .backcourt(&["rerun", "--failing", "as_source", "--output", "plain"])
        .expect(0);
    holds(
        &rerun.out,
        &["PASS on 41 of 1,096 dates as_source: 0 offending rows"],
    );
}

#[test]
fn a_check_reports_how_many_dates_it_covers() {
    let case = with_source(DAILY);
    let one = case
        .backcourt(&["run", "--dates", "2022-01-01", "--output", "plain"])
        .expect(0);
    let (part, rest) = (
        "PASS on 1 of 1,096 dates",
        "also fails on 1095 dates, 2022-01-02 to 2024-12-31, not run yet",
    );
    holds(&one.out, &[part, rest]);
    holds(&case.backcourt(&["status"]).expect(0).out, &[part, rest]);
    holds(&case.backcourt(&["report"]).expect(0).out, &[part, rest]);
    let facts = case.state.facts();
    let finished = facts
        .iter()
        .find(|fact| fact["event"] == "check_finished")
        .unwrap();
    assert_eq!(
        finished["coverage"],
        serde_json::json!({ "done": 1, "total": 1096 })
    );
    // Once all dates are done there is nothing to add.
    let all = case.backcourt(&["run", "--output", "plain"]).expect(0);
    holds(&all.out, &[" PASS as_source: 0 offending rows\n"]);
}

#[test]
fn moved_folder() {
    let case = Planned::new(GATE);
    let run = |folder: &Path, code: i32| {
        let plan = case.file();
        let mut command = backcourt();
        command
            .args(["run", "--output", "plain", "--state-dir"])
            .arg(folder);
        ended(command.arg("--plan").arg(plan)).expect(code)
    };
    let first = case.state.path();
    run(&first, 1);
    case.backcourt(&["waive", "never", "--reason", "known"]).expect(0);
    case.backcourt(&["tick", "1", "--note", "done"]).expect(0);
    run(&first, 0);
    let near = first.parent().unwrap();
    let (moved, copied, linked) = (near.join("moved"), near.join("copied"), near.join("linked"));
    fs::rename(&first, &moved).unwrap();
    let copy = Process::new("cp")
        .arg("-a")
        .arg(&moved)
        .arg(&copied)
        .status()
        .unwrap();
    assert!(copy.success());
    symlink(&moved, &linked).unwrap();
    for folder in [&moved, &copied, &linked] {
        holds(&run(folder, 0).out, &["nothing to do", "1 WAIVED"]);
        let mut status = backcourt();
        status.args(["status", "--json", "--state-dir"]).arg(folder);
        let status = ended(status.arg("--plan").arg(case.file())).expect(0);
        let status: Value = serde_json::from_str(&status.out).unwrap();
        assert_eq!(status["runbook"][0]["state"], "done");
        assert_eq!(status["stages"][1]["dates"]["ok"], 31);
        let place = fs::canonicalize(folder).unwrap().join("warehouse");
        assert_eq!(
            status["run"]["warehouse"],
            format!("sqlite:{}", place.display()),
            "shown as it lies"
        );
    }
}

#[test]
fn a_command_without_a_plan_uses_the_plan_of_the_folder() {
    let case = Planned::new(FAILED_HIDDEN);
    case.backcourt(&["run", "--output", "plain"]).expect(1);
    let status = case.state.backcourt(&["status"]).expect(0).out;
    holds(&status, &["of plan failed_hidden", "2024-01-02 failed"]);
    holds(
        &case.state.backcourt(&["report"]).expect(0).out,
        &["rerun --failed"],
    );
    let again = case.state.backcourt(&["run", "--output", "plain"]).expect(1);
    holds(&again.out, &["of plan failed_hidden", "nothing to do"]);
    case.state
        .backcourt(&["rerun", "--failed", "--output", "plain"])
        .expect(1);

    // With a second plan in the same folder, the plan must be given.
    let second = case.folder.path().join("second.toml");
    fs::write(&second, FAILED_HIDDEN.replace("\"failed_hidden\"", "\"second\"")).unwrap();
    ended(
        case.state
            .command(&["run", "--output", "plain"])
            .arg("--plan")
            .arg(&second),
    )
    .expect(1);
    for command in ["status", "run", "report"] {
        let refused = case.state.backcourt(&[command]).expect(2).err;
        holds(
            &refused,
            &["2 plans: second, failed_hidden", "--plan", "second.toml"],
        );
    }
}

#[test]
fn status_asks_for_a_plan_whose_file_is_missing() {
    let case = Planned::new(FAILED_HIDDEN);
    case.backcourt(&["run", "--output", "plain"]).expect(1);
    let elsewhere = case.folder.path().join("elsewhere.toml");
    fs::rename(case.file(), &elsewhere).unwrap();
    let refused = case.state.backcourt(&["status"]).expect(2).err;
    holds(
        &refused,
        &["belongs to plan 'failed_hidden'", "plan.toml' is gone", "--plan"],
    );
    ended(case.state.command(&["status"]).arg("--plan").arg(&elsewhere)).expect(0);
}
