//! A plan that one state folder began is continued from another one, from what the warehouse has recorded of it: nothing is
//! computed again, and checks, waivers and definitions count as before.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "support/planned.rs"]
mod planned;
#[path = "support/program.rs"]
mod program;

use std::fs;

use planned::Planned;
use rusqlite::Connection;
use serde_json::{Value, json};

const PLAN: &str = r#"
name = "moved"
title = "A plan that another host continues"
from = "2024-01-01"
to = "2024-01-06"
[[stage]]
name = "one"
kind = "sql"
sql = "SELECT @date AS day, 1 AS n WHERE @date != DATE '2024-01-02'"
table = "d.one"
date_column = "day"
key = ["day"]
columns = [ { name = "day", type = "DATE" }, { name = "n", type = "INT64" } ]
[[stage]]
name = "two"
kind = "command"
command = ["sh", "-c", "printf 'day,n\n%s,%d\n' {date} 7"]
timeout_seconds = 10
table = "d.two"
date_column = "day"
key = ["day"]
columns = [ { name = "day", type = "DATE" }, { name = "n", type = "INT64" } ]
[[check]]
name = "few_rows"
title = "Few rows"
stage = "one"
severity = "blocking"
sql = "SELECT day FROM `d.one` WHERE n = 1"
expect = [{ rows = 0 }]
[[check]]
name = "all_ones"
title = "All are ones"
stage = "one"
severity = "advisory"
sql = "SELECT day FROM `d.one` WHERE n != 1"
expect = [{ rows = 0 }]
"#;

/// The same plan in a new state folder, with the warehouse of this one and nothing else.
fn moved(from: &Planned) -> Planned {
    let to = Planned::new(&fs::read_to_string(from.file()).unwrap());
    copy_warehouse(from, &to);
    to
}

fn copy_warehouse(from: &Planned, to: &Planned) {
    let (old, new) = (
        from.state.path().join("warehouse"),
        to.state.path().join("warehouse"),
    );
    fs::create_dir_all(&new).unwrap();
    for file in fs::read_dir(old).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), new.join(file.file_name())).unwrap();
    }
}

/// How the plan stands, without what the runs themselves took.
fn standing(planned: &Planned) -> Value {
    let status = planned.status();
    let stages = status["stages"].as_array().unwrap().iter();
    let kept = ["name", "dates", "rows", "attention", "definitions", "gaps"];
    let stages: Vec<Value> = stages
        .map(|stage| kept.iter().map(|key| stage[key].clone()).collect())
        .collect();
    json!({ "stages": stages, "checks": status["checks"] })
}

type Entry = (i64, String, String, Option<String>, String);

/// Every entry of the warehouse: its number, kind, subject, date and state.
fn entries(planned: &Planned) -> Vec<Entry> {
    let db = Connection::open(planned.state.path().join("warehouse/backcourt.sqlite")).unwrap();
    let mut query = db
        .prepare("SELECT number, kind, subject, date, state FROM ledger ORDER BY number")
        .unwrap();
    let entries = query
        .query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .unwrap();
    entries.collect::<Result<_, _>>().unwrap()
}

#[test]
fn another_state_folder_continues_and_computes_nothing_again() {
    let first = Planned::new(PLAN);
    first.run(&["--to", "2024-01-04"]).expect(1);
    first
        .backcourt(&["waive", "few_rows", "--reason", "two is enough"])
        .expect(0);
    first.run(&["--to", "2024-01-04"]).expect(1);
    let before = standing(&first);
    let recorded = entries(&first);

    let second = moved(&first);
    let run = second.run(&["--to", "2024-01-04"]).expect(1);
    assert!(run.out.contains("continuing the run of "), "{run:#?}");
    assert!(run.out.contains(": 8 of 12 dates done in 2 stages"), "{run:#?}");
    for said in ["one: 4 dates, 0 to do", "two: 4 dates, 0 to do"] {
        assert!(run.out.contains(said), "{said} in {run:#?}");
    }
    assert_eq!(standing(&second), before);
    let commits = |entries: &[Entry]| entries.iter().filter(|entry| entry.1 == "commit").count();
    assert_eq!(
        commits(&entries(&second)),
        commits(&recorded),
        "nothing was committed"
    );

    // The rest of the plan is done there.
    second.run(&[]).expect(1);
    assert_eq!(second.dates("two", "ok"), 6);

    // What the first one does not know is newer than what it does.
    copy_warehouse(&second, &first);
    let again = first.run(&[]).expect(1);
    assert!(again.out.contains("continuing the run of "), "{again:#?}");
    assert!(again.out.contains("two: 6 dates, 0 to do"), "{again:#?}");
    assert_eq!(standing(&first), standing(&second));
    let plain = first.run(&[]).expect(1);
    assert!(!plain.out.contains("continuing"), "{plain:#?}");
}

#[test]
fn an_edited_plan_is_outdated_on_the_second_host_as_on_the_first() {
    let first = Planned::new(PLAN);
    first.run(&[]).expect(1);
    let second = moved(&first);
    second.write(&PLAN.replace("@date AS day, 1 AS n", "@date AS day, 2 AS n"));
    let run = second.run(&[]).expect(1);
    let said = format!("{}{}", run.out, run.err);
    assert!(
        said.contains("6 dates of one were made by another definition"),
        "{said}"
    );
    assert_eq!(second.dates("one", "outdated"), 5);
    second.run(&["--no-resume"]).expect(1);
    assert_eq!(second.dates("one", "ok"), 5);
}

/// A process that dies before it could write down what it committed has recorded it all the same.
#[test]
fn what_was_committed_and_not_written_down_is_known_at_the_next_start() {
    let first = Planned::new(PLAN);
    first.run(&[]).expect(1);
    let ledger = Connection::open(first.state.path().join("ledger.sqlite")).unwrap();
    ledger
        .execute_batch(
            "DELETE FROM unit WHERE date = '2024-01-03'; UPDATE target SET known = 0;
             INSERT INTO intent (target, stage, dates, run, at) SELECT target, 'one', '2024-01-03', id, started_at FROM run;",
        )
        .unwrap();
    drop(ledger);
    let run = first.run(&[]).expect(1);
    assert!(run.out.contains("one: 6 dates, 0 to do"), "{run:#?}");
    assert!(!run.out.contains("continuing"), "it is its own run: {run:#?}");
    assert_eq!(first.dates("one", "ok"), 5);
}
