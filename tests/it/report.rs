//! The handoff document is complete, and is the same after a restart.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use crate::toy::{Fault, Toy, day};
use backcourt::engine::{Command, Reply, Selection};
use backcourt::ledger::{CheckState, RunState};
use backcourt::report::{CommandFlags, Handoff, PlanStatus, markdown};

/// The document as another process would write it.
fn page(toy: &Toy) -> String {
    let ledger = toy.ledger();
    let run = ledger.last_run("toy").unwrap().unwrap();
    let status = PlanStatus::gather(&ledger, toy.plan(), run, false).unwrap();
    let go = CommandFlags {
        flags: vec![("--state-dir", "/srv/a toy".to_owned())],
    };
    let handoff = Handoff::gather(&ledger, toy.plan(), status, &go).unwrap();
    markdown(&handoff).as_str().to_owned()
}

#[test]
fn the_report_lists_failures_waivers_and_open_work() {
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
        "| toy | `toy.toy` | 74: 16 ok, 1 partial, 2 skipped, 1 failed, 54 pending |",
        "- toy: 2 skipped, a day off",
        "| WAIVED | all_there |",
        "by tester on",
        "lost at the source",
        "all_there fails on 2 dates: 2021-10-22,2021-10-24",
        "- all_there was FAIL 2 rows on 2 dates, then WAIVED 2 rows on 2 dates",
        "- toy: 1 date partial, 1 of 2 rows, 1 attempt: the toy left one out\n  2021-10-22\n",
        "- toy: 1 date failed, 0 of 2 rows, ",
        "- toy: results from 2021-10-19 to 2021-11-07\n",
        "`backcourt rerun --failed --state-dir '/srv/a toy'` reruns 2 dates.",
    ] {
        assert!(written.contains(part), "{part} is missing from\n{written}");
    }
    assert_eq!(page(&toy), written, "another look, the same document");
}

#[test]
fn the_report_of_a_killed_or_finished_run_shows_the_next_command() {
    // As many days as the plan has.
    let toy = Toy::new(74).with_stages(&["toy", "beside", "after"]);
    toy.run_with(|options| options.dates.truncate(10));
    let written = page(&toy);
    assert!(
        written.contains("runs what is still open: 192 dates in 3 stages."),
        "{written}"
    );
    toy.run();
    assert!(page(&toy).contains("- Nothing left to do."));
    toy.run_with(|options| options.dates.truncate(10));
    assert!(
        page(&toy).contains("- Nothing left to do."),
        "a narrower run leaves nothing to do"
    );
    let mut ledger = toy.ledger();
    let run = ledger.last_run("toy").unwrap().unwrap();
    ledger.set_run_state(&run.id, RunState::Running, None).unwrap();
    ledger
        .intend(toy.target(), "toy", &run.id, &[vec![day(2)]], run.started_at)
        .unwrap();
    let written = page(&toy);
    assert!(written.contains("(interrupted)"), "{written}");
    assert!(
        written.contains(
            "`backcourt run --from 2021-10-19 --to 2021-10-28 --source main --state-dir '/srv/a toy'` resumes the last run."
        ),
        "{written}"
    );
    assert!(
        written.contains(
            "`backcourt run --source main --state-dir '/srv/a toy'` runs what is still open: 1 date in 1 stage."
        ),
        "{written}"
    );
    toy.run_with(|options| options.dates.truncate(10));
    assert!(page(&toy).contains("- Nothing left to do."));
}

#[test]
fn failures_are_grouped_by_cause_and_waivers_stay_listed() {
    let mut toy = Toy::new(60);
    for number in 0..20 {
        let fault = if number % 2 == 0 {
            Fault::Data
        } else {
            Fault::Short(1)
        };
        toy = toy.with_fault(day(number * 2 + number / 3), fault);
    }
    let mut live = toy.start(|options| options.stay = true);
    live.wait_for(|snapshot| snapshot.run.state == RunState::Finished);
    let waive = Command::Waive {
        check: "all_there".to_owned(),
        reason: "known".to_owned(),
    };
    assert!(matches!(live.order(waive), Reply::Accepted(_)));
    toy.heal(day(0));
    let rerun = Command::Rerun {
        selection: Selection::Dates([day(0)].into_iter().collect()),
        stage: None,
        source: None,
        accept_short: false,
    };
    assert!(matches!(live.order(rerun), Reply::Accepted(_)));
    live.wait_for(|snapshot| {
        snapshot.run.state == RunState::Finished && snapshot.checks[0].state == CheckState::Fail
    });
    live.order(Command::Drain);
    live.end();
    let written = page(&toy);
    let lines = |part: &str| written.lines().filter(|line| line.contains(part)).count();
    assert_eq!(
        (lines(" dates failed, "), lines(" dates partial, ")),
        (1, 1),
        "{written}"
    );
    assert!(written.contains("(no longer valid): known"), "{written}");
    assert!(written.contains("; 1 of them run more than once"), "{written}");
    assert!(
        written.contains("## Runs\n\n| run | state | started | ended | dates | source | workers |"),
        "{written}"
    );
}
