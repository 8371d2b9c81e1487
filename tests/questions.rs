//! Questions before the first unit in the console, through the real program: nothing is written before the answer, and the
//! answer decides.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first surprise"
)]

#[path = "support/program.rs"]
mod program;
mod support;

use std::fs;

use program::{State, ended};
use rusqlite::Connection;
use support::pty::Pty;

const PLAN: &str = r#"
name = "asked"
title = "A plan that has to ask"
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

/// A console of the plan in this state folder.
fn console(state: &State, plan: &str) -> Pty {
    fs::create_dir_all(state.path()).unwrap();
    let file = state.path().join("asked.toml");
    fs::write(&file, plan).unwrap();
    let (folder, file) = (state.path(), file);
    let args = [
        "run",
        "--plan",
        file.to_str().unwrap(),
        "--state-dir",
        folder.to_str().unwrap(),
    ];
    Pty::backcourt(&args, &[], (80, 24))
}

fn numbers(state: &State) -> Vec<i64> {
    let warehouse = Connection::open(state.path().join("warehouse/d.sqlite")).unwrap();
    let mut query = warehouse.prepare("SELECT n FROM one ORDER BY day, n").unwrap();
    let numbers = query.query_map([], |row| row.get(0)).unwrap();
    numbers.collect::<Result<_, _>>().unwrap()
}

/// A state folder in which the plan was run once.
fn run_once() -> State {
    let state = State::none();
    fs::create_dir_all(state.path()).unwrap();
    let file = state.path().join("asked.toml");
    fs::write(&file, PLAN).unwrap();
    ended(
        state
            .command(&["run", "--output", "plain"])
            .arg("--plan")
            .arg(file),
    )
    .expect(0);
    state
}

/// Answers with the choice at this place and leaves once the run has ended.
fn answer(mut console: Pty, place: usize, over: &str) {
    console.send(&"\x1b[C".repeat(place));
    console.send("\r");
    console.wait_for(over);
    console.send("q");
    console.wait_exit();
}

#[test]
fn outdated_dates_are_kept_or_rerun_as_the_operator_answers() {
    let state = run_once();
    let edited = PLAN.replace("1 AS n", "2 AS n");
    let asked = console(&state, &edited);
    asked.wait_for("Rerun the outdated dates?");
    asked.wait_for("3 dates of one were made by another definition");
    answer(asked, 1, "finished");
    assert_eq!(numbers(&state), [1, 1, 1], "kept");

    let asked = console(&state, &edited);
    asked.wait_for("Rerun the outdated dates?");
    assert_eq!(numbers(&state), [1, 1, 1], "nothing is written before the answer");
    answer(asked, 2, "finished");
    assert_eq!(numbers(&state), [2, 2, 2], "rerun");
}

#[test]
fn rows_of_nobody_are_replaced_only_after_the_answer() {
    let state = State::none();
    fs::create_dir_all(state.path().join("warehouse")).unwrap();
    let warehouse = Connection::open(state.path().join("warehouse/d.sqlite")).unwrap();
    warehouse
        .execute_batch(
            "CREATE TABLE one (day TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (day)); \
             INSERT INTO one VALUES ('2024-01-01', 7), ('2023-01-01', 8)",
        )
        .unwrap();
    drop(warehouse);
    let asked = console(&state, PLAN);
    asked.wait_for("Replace rows of a table that no plan owns yet?");
    assert_eq!(numbers(&state), [8, 7], "nothing is written before the answer");
    answer(asked, 1, "finished");
    assert_eq!(
        numbers(&state),
        [8, 1, 1, 1],
        "a date outside the plan keeps its row"
    );
}
