//! Questions in the console before the first unit, with the real program: nothing is written before the answer, and the
//! answer decides.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first surprise"
)]

use std::fs;

use crate::planned::Planned;
use crate::pty::Pty;
use rusqlite::Connection;

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

/// A console with the plan.
fn console(planned: &Planned) -> Pty {
    let (folder, file) = (planned.state.path(), planned.file());
    let (folder, file) = (folder.to_str().unwrap(), file.to_str().unwrap());
    Pty::backcourt(&["run", "--plan", file, "--state-dir", folder], &[], (80, 24))
}

/// Picks the choice at this position and quits after the run has ended.
fn answer(mut console: Pty, place: usize, over: &str) {
    console.send(&"\x1b[C".repeat(place));
    console.send("\r");
    console.wait_for(over);
    console.send("q");
    console.wait_exit();
}

#[test]
fn outdated_dates_are_kept_or_rerun_by_the_answer() {
    let planned = Planned::new(PLAN);
    planned.run(&[]).expect(0);
    planned.write(&PLAN.replace("1 AS n", "2 AS n"));
    let asked = console(&planned);
    asked.wait_for("Rerun the outdated dates?");
    asked.wait_for("3 dates of one were computed by another definition");
    answer(asked, 1, "finished");
    assert_eq!(planned.numbers("one"), [1, 1, 1], "kept");

    let asked = console(&planned);
    asked.wait_for("Rerun the outdated dates?");
    assert_eq!(
        planned.numbers("one"),
        [1, 1, 1],
        "nothing is written before the answer"
    );
    answer(asked, 2, "finished");
    assert_eq!(planned.numbers("one"), [2, 2, 2], "rerun");
}

#[test]
fn rows_without_an_owner_are_replaced_only_after_the_answer() {
    let planned = Planned::new(PLAN);
    let warehouse = planned.state.path().join("warehouse");
    fs::create_dir_all(&warehouse).unwrap();
    let dataset = Connection::open(warehouse.join("d.sqlite")).unwrap();
    dataset
        .execute_batch(
            "CREATE TABLE one (day TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (day)); \
             INSERT INTO one VALUES ('2024-01-01', 7), ('2023-01-01', 8)",
        )
        .unwrap();
    drop(dataset);
    let asked = console(&planned);
    asked.wait_for("Replace rows of a table that no plan owns?");
    assert_eq!(
        planned.numbers("one"),
        [8, 7],
        "nothing is written before the answer"
    );
    answer(asked, 1, "finished");
    assert_eq!(
        planned.numbers("one"),
        [8, 1, 1, 1],
        "a date outside the plan keeps its row"
    );
}
