//! The handoff document: everything that counts is in it, and it reads the same after a restart.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod support;

use backcourt::engine::{Command, Reply};
use backcourt::ledger::RunState;
use backcourt::report::{Handoff, Standing, markdown};
use support::toy::{Fault, Toy, day};

/// The document as a process of its own would write it.
fn page(toy: &Toy) -> String {
    let ledger = toy.ledger();
    let run = ledger.last_run("toy").unwrap().unwrap();
    let standing = Standing::gather(&ledger, toy.plan(), run, false).unwrap();
    markdown(&Handoff::new("A toy".to_owned(), standing, Vec::new()))
}

#[test]
fn what_failed_what_was_waived_and_what_is_left_are_all_said() {
    let toy = Toy::new(20)
        .with_fault(day(3), Fault::Short(1))
        .with_fault(day(5), Fault::Data);
    let mut live = toy.start(|options| options.stay = true);
    live.wait_for(|snapshot| snapshot.run.state == RunState::Finished);
    let reason = "lost at the source".to_owned();
    let waive = Command::Waive {
        check: "all_there".to_owned(),
        reason,
    };
    assert!(matches!(live.order(waive), Reply::Accepted(_)));
    live.order(Command::Drain);
    live.end();
    let written = page(&toy);
    for part in [
        "# Handoff: A toy",
        "(finished)",
        "| toy | `toy.toy` | 20: 16 ok, 1 partial, 2 skipped, 1 failed |",
        "- toy: 2 skipped, a day off",
        "| WAIVED | all_there |",
        "by tester on",
        "lost at the source",
        "all_there offends on 2021-10-22,2021-10-24",
        "- toy 2021-10-22 partial: 1 of 2 rows, 1 attempts: the toy left one out",
        "- toy 2021-10-24 failed:",
        "`backcourt rerun --failed` does 2 dates again.",
    ] {
        assert!(written.contains(part), "{part} is missing from\n{written}");
    }
    assert_eq!(page(&toy), written, "another look, the same document");
}

#[test]
fn a_run_that_died_and_a_run_that_is_done_say_how_to_go_on() {
    let toy = Toy::new(20).with_stages(&["toy", "beside", "after"]);
    toy.run_with(|options| options.dates.truncate(10));
    assert!(page(&toy).contains("- Nothing is left to do."));
    let mut ledger = toy.ledger();
    let run = ledger.last_run("toy").unwrap().unwrap();
    ledger.set_run_state(&run.id, RunState::Running, None).unwrap();
    ledger
        .intend(toy.target(), "toy", &run.id, &[vec![day(2)]], run.started_at)
        .unwrap();
    let written = page(&toy);
    assert!(written.contains("(interrupted)"), "{written}");
    assert!(
        written.contains("`backcourt run` does the 1 dates that are still open."),
        "{written}"
    );
    toy.run_with(|options| options.dates.truncate(10));
    assert!(page(&toy).contains("- Nothing is left to do."));
}
