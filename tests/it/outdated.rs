//! Rows belong to the definition of their stage: those of an earlier definition are outdated, counted, and rerun, kept
//! or accepted as the operator chooses. Equivalent edits change nothing.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use crate::planned::Planned;
use crate::program::ended;
use rstest::rstest;
use rusqlite::Connection;

const PLAN: &str = r#"
name = "edited"
title = "A stage that is edited between two runs"
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
[[stage]]
name = "two"
kind = "sql"
needs = ["one"]
reads = [{ table = "d.one" }]
sql = "SELECT day, n + 100 AS n FROM `d.one` WHERE day IN UNNEST(@dates)"
table = "d.two"
date_column = "day"
key = ["day"]
columns = [ { name = "day", type = "DATE" }, { name = "n", type = "INT64" } ]
"#;

const SHIPS: &str = r#"
name = "shop"
title = "A program that is edited between two runs"
from = "2024-03-01"
to = "2024-03-03"
[[stage]]
name = "one"
kind = "command"
command = ["sh", "-c", "printf 'day,n\n%s,%d\n' {date} 7"]
timeout_seconds = 10
table = "d.one"
date_column = "day"
key = ["day"]
columns = [ { name = "day", type = "DATE" }, { name = "n", type = "INT64" } ]
"#;

/// A plan after one run.
fn run_once(plan: &str) -> Planned {
    let planned = Planned::new(plan);
    planned.run(&[]).expect(0);
    planned
}

/// The same plan with another number in its query.
fn edited() -> Planned {
    let edited = run_once(PLAN);
    edited.write(&with("1 AS n", "2 AS n"));
    edited
}

fn status(planned: &Planned) -> String {
    planned.backcourt(&["status"]).expect(0).out
}

fn with(part: &str, other: &str) -> String {
    let edited = PLAN.replacen(part, other, 1);
    assert_ne!(edited, PLAN);
    edited
}

#[test]
fn dates_of_another_definition_are_outdated_before_the_run() {
    let edited = edited();
    assert_eq!(
        (edited.dates("one", "outdated"), edited.dates("one", "ok")),
        (3, 0)
    );
    assert_eq!(edited.dates("two", "ok"), 3, "its own definition is as it was");
    assert!(
        status(&edited).contains("3 dates by definition 1"),
        "{}",
        status(&edited)
    );
    let preview = edited.run(&["--dry-run"]).expect(0).out;
    assert!(preview.contains("one: 3 dates, 0 to do"), "{preview}");
    assert!(preview.contains("3 outdated"), "{preview}");
}

#[test]
fn without_a_screen_outdated_dates_are_kept_and_reported() {
    let edited = edited();
    for args in [&[][..], &["--on-change", "keep"], &[]] {
        let run = edited.run(args).expect(0);
        let said = format!("{}{}", run.out, run.err);
        assert!(
            said.contains("3 dates of one were computed by another definition"),
            "{said}"
        );
        assert!(
            said.contains("one: 0 dates ok, 3 outdated, 0 failed or short, 3 rows"),
            "{said}"
        );
        assert_eq!(edited.numbers("one"), [1, 1, 1]);
        assert_eq!(edited.dates("one", "outdated"), 3);
    }
    edited.write(PLAN);
    assert_eq!(
        edited.dates("one", "ok"),
        3,
        "the definition of before is the plan's again"
    );
}

#[test]
fn on_change_rerun_reruns_outdated_dates_and_their_dependants() {
    let edited = edited();
    let preview = edited.run(&["--dry-run", "--on-change", "rerun"]).expect(0).out;
    assert!(preview.contains("one: 3 dates, 3 to do"), "{preview}");
    edited.run(&["--on-change", "rerun"]).expect(0);
    assert_eq!(
        (edited.numbers("one"), edited.numbers("two")),
        (vec![2; 3], vec![102; 3])
    );
    assert_eq!((edited.dates("one", "ok"), edited.dates("two", "ok")), (3, 3));
    assert_eq!(edited.stage("one")["definitions"][0]["number"], 2);
}

#[test]
fn on_change_can_be_set_in_the_environment() {
    let edited = edited();
    let mut command = edited.state.command(&["run", "--output", "plain"]);
    ended(
        command
            .arg("--plan")
            .arg(edited.file())
            .env("BACKCOURT_ON_CHANGE", "rerun"),
    )
    .expect(0);
    assert_eq!(edited.numbers("one"), [2, 2, 2]);
}

#[test]
fn on_change_ask_without_a_screen_is_refused_with_the_flags() {
    let edited = edited();
    let refused = edited.run(&["--on-change", "ask"]).expect(2);
    assert!(
        refused.err.contains("--on-change rerun") && refused.err.contains("--on-change keep"),
        "{}",
        refused.err
    );
    assert_eq!(edited.numbers("one"), [1, 1, 1]);
}

#[rstest]
#[case::comments_and_case(
    "SELECT @date AS day, 1 AS n",
    "-- one row a day\\nselect @date as day, /* a number */ 1 as n;"
)]
#[case::a_column_doc(
    "{ name = \"n\", type = \"INT64\" }",
    "{ name = \"n\", type = \"INT64\", doc = \"A number\" }"
)]
#[case::a_title("title = \"A stage", "title = \"The stage")]
#[case::a_longer_range("to = \"2024-01-03\"", "to = \"2024-01-03\"\nworkers = 2")]
fn a_reformatted_definition_outdates_nothing(#[case] part: &str, #[case] other: &str) {
    let edited = run_once(PLAN);
    edited.write(&with(part, other));
    assert_eq!((edited.dates("one", "ok"), edited.dates("two", "ok")), (3, 3));
    let run = edited.run(&[]).expect(0);
    assert!(!run.out.contains("another definition"), "{}", run.out);
}

#[test]
fn status_counts_dates_by_definition() {
    let edited = edited();
    edited
        .backcourt(&[
            "rerun",
            "--dates",
            "2024-01-02",
            "--stage",
            "one",
            "--output",
            "plain",
        ])
        .expect(0);
    assert_eq!(edited.numbers("one"), [1, 2, 1]);
    let told = status(&edited);
    assert!(
        told.contains("2 dates by definition 1, 1 date by definition 2, the plan's"),
        "{told}"
    );
    let definitions = &edited.stage("one")["definitions"];
    assert_eq!(definitions[0]["dates"], 2);
    assert_eq!(
        (&definitions[0]["definition"], &definitions[1]["definition"]),
        (&"changed".into(), &"current".into())
    );
}

#[test]
fn rerun_outdated_reruns_only_outdated_dates() {
    let edited = edited();
    edited
        .backcourt(&[
            "rerun",
            "--dates",
            "2024-01-02",
            "--stage",
            "one",
            "--output",
            "plain",
        ])
        .expect(0);
    edited
        .backcourt(&["rerun", "--outdated", "--output", "plain"])
        .expect(0);
    assert_eq!(edited.numbers("one"), [2, 2, 2]);
    assert_eq!(edited.dates("one", "outdated"), 0);
    let queued = edited.state.facts();
    let queued: Vec<_> = queued
        .iter()
        .filter(|fact| fact["event"] == "rerun_queued" && fact["stage"] == "one")
        .collect();
    assert_eq!(
        queued.last().unwrap()["dates"],
        serde_json::json!(["2024-01-01", "2024-01-03"])
    );
    edited.run(&[]).expect(0);
    assert_eq!(
        edited.numbers("two"),
        [102, 102, 102],
        "what reads them was stale"
    );
}

#[test]
fn accepted_rows_count_only_for_the_current_definition() {
    let edited = edited();
    for (args, words) in [
        (["accept", "one", "--reason", " "], "needs a reason"),
        (["accept", "onne", "--reason", "x"], "did you mean 'one'?"),
        (["accept", "two", "--reason", "x"], "two has no outdated dates"),
    ] {
        let refused = edited.backcourt(&args).expect(2);
        assert!(refused.err.contains(words), "{}", refused.err);
    }
    let said = edited
        .backcourt(&[
            "accept",
            "one",
            "--reason",
            "only the rounding of a unit nobody reads",
        ])
        .expect(0)
        .out;
    assert!(said.contains("3 dates"), "{said}");
    assert_eq!(
        (edited.dates("one", "ok"), edited.dates("one", "outdated")),
        (3, 0)
    );
    assert!(
        status(&edited).contains("3 dates by definition 1, accepted"),
        "{}",
        status(&edited)
    );
    let run = edited.run(&["--on-change", "rerun"]).expect(0);
    assert!(!run.out.contains("another definition"), "{}", run.out);
    assert_eq!(edited.numbers("one"), [1, 1, 1]);
    let report = edited.backcourt(&["report"]).expect(0).out;
    assert!(
        report.contains("only the rounding of a unit nobody reads"),
        "{report}"
    );

    edited.write(&with("1 AS n", "3 AS n"));
    assert_eq!(edited.dates("one", "outdated"), 3, "it was for one definition");
    edited.backcourt(&["accept", "one", "--reason", "x"]).expect(0);
    edited.backcourt(&["accept", "one", "--reason", "x"]).expect(2);
}

#[test]
fn rows_of_older_versions_have_an_unknown_definition_and_stay() {
    let edited = edited();
    let ledger = Connection::open(edited.state.path().join("ledger.sqlite")).unwrap();
    ledger
        .execute_batch("UPDATE unit SET fingerprint = NULL; DELETE FROM definition")
        .unwrap();
    assert_eq!(
        (edited.dates("one", "ok"), edited.dates("one", "outdated")),
        (3, 0)
    );
    assert!(
        status(&edited).contains("3 dates, definition unknown"),
        "{}",
        status(&edited)
    );
    edited.run(&["--on-change", "rerun"]).expect(0);
    assert_eq!(edited.numbers("one"), [1, 1, 1]);
    edited.backcourt(&["accept", "one", "--reason", "x"]).expect(2);
}

#[test]
fn an_edited_command_outdates_its_dates_and_a_new_timeout_does_not() {
    let edited = run_once(SHIPS);
    edited.write(&SHIPS.replace("timeout_seconds = 10", "timeout_seconds = 20"));
    assert_eq!(edited.dates("one", "ok"), 3);
    edited.write(&SHIPS.replace("{date} 7", "{date} 8"));
    assert_eq!(edited.dates("one", "outdated"), 3);
    edited.run(&["--on-change", "rerun"]).expect(0);
    assert_eq!(edited.numbers("one"), [8, 8, 8]);
}

#[test]
fn a_partial_date_stays_partial_and_is_rerun_with_the_rest() {
    let edited = run_once(&with("key = [\"day\"]", "expect_rows = 1\nkey = [\"day\"]"));
    edited.write(&with("key = [\"day\"]", "expect_rows = 2\nkey = [\"day\"]"));
    assert_eq!(edited.dates("one", "outdated"), 3);
    edited.run(&[]).expect(0);
    assert_eq!(
        edited.dates("one", "outdated"),
        3,
        "another number is another definition: they are kept"
    );
    edited.run(&["--on-change", "rerun"]).expect(1);
    assert_eq!(edited.dates("one", "partial"), 3);
    edited.write(PLAN);
    assert_eq!(edited.dates("one", "partial"), 3, "what is short is seen first");
    edited.run(&["--on-change", "rerun"]).expect(0);
    assert_eq!(edited.dates("one", "ok"), 3);
}
