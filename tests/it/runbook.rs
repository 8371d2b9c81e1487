//! The runbook of the built-in plan with the real program: facts tick some items, an operator the others, and all
//! documents agree.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first surprise"
)]

use crate::program::State;
use crate::pty::Pty;
use serde_json::Value;

/// One week of the first stage.
const WEEK: [&str; 7] = [
    "run",
    "--stop-after",
    "team_offense",
    "--from",
    "2023-12-11",
    "--to",
    "2023-12-17",
];

fn run_week(state: &State) {
    state
        .backcourt(&[&WEEK[..], &["--output", "plain"]].concat())
        .expect(0);
}

fn item(state: &State, number: &str) -> Value {
    let status = state.status();
    let items = status["runbook"].as_array().unwrap();
    items.iter().find(|item| item["item"] == number).unwrap().clone()
}

/// An item's state and fact in one line.
fn said(state: &State, number: &str) -> String {
    let item = item(state, number);
    format!(
        "{}: {}",
        item["state"].as_str().unwrap(),
        item["fact"].as_str().unwrap()
    )
}

#[test]
fn a_partial_run_ticks_only_what_it_proves() {
    let state = State::loaded();
    run_week(&state);
    let said = |number| said(&state, number);
    assert_eq!(said("2"), "done: started");
    assert_eq!(said("3"), "in_progress: 1 of 3 dates");
    assert_eq!(said("4"), "in_progress: 7 of 1,538 dates");
    assert_eq!(said("11"), "open: not started");
    assert!(
        said("6").starts_with("done: ") && said("6").contains("WARN"),
        "asked, and its answer stands: {}",
        said("6")
    );
    assert!(said("7").starts_with("done: "), "{}", said("7"));
    assert_eq!(said("14a"), "open: not started");
    assert_eq!(item(&state, "24")["state"], "open");
    assert_eq!(item(&state, "1")["state"], "action_required", "its turn has come");
}

#[test]
fn an_outdated_check_reopens_its_item_until_rerun() {
    let state = State::loaded();
    run_week(&state);
    assert_eq!(item(&state, "10")["state"], "done");
    let ledger = rusqlite::Connection::open(state.path().join("ledger.sqlite")).unwrap();
    let outdated = ledger
        .execute(
            "UPDATE check_result SET state = 'OUTDATED' WHERE name = 'critical_5_spot_check'",
            [],
        )
        .unwrap();
    assert_eq!(outdated, 1);
    drop(ledger);
    assert_eq!(
        said(&state, "10"),
        "reopened: critical_5_spot_check: outdated, run it again"
    );
    let status = state.backcourt(&["status"]).expect(0).out;
    assert!(status.contains("  10 reopened        Query 5"), "{status}");
    let check = ["check", "critical_5_spot_check", "--output", "silent"];
    state.backcourt(&check).expect(0);
    assert_eq!(item(&state, "10")["state"], "done");
}

#[test]
fn a_manual_tick_is_permanent_and_can_be_withdrawn() {
    let state = State::loaded();
    let never = state.backcourt(&["tick", "1", "--note", "copied"]).expect(2);
    assert!(never.err.contains("has never run in"), "{}", never.err);
    run_week(&state);
    let before = state.status();
    for (arguments, sentence) in [
        (&["tick", "25", "--note", "x"][..], "runbook item '25' not found"),
        (&["tick", "6", "--note", "x"], "item 6 is ticked automatically"),
        (&["tick", "1", "--note", " "], "a tick needs a note"),
        (
            &["tick", "1", "--note", "x", "--withdraw"],
            "item 1 is not ticked",
        ),
    ] {
        let refused = state.backcourt(arguments).expect(2);
        assert!(refused.err.contains(sentence), "{}", refused.err);
    }
    assert_eq!(
        state.status()["runbook"],
        before["runbook"],
        "a refusal changes nothing"
    );

    let mut command = state.command(&["tick", "1", "--note", "copied to the | backup"]);
    let ticked = crate::program::ended(command.env_remove("SUDO_USER").env("USER", "ruth")).expect(0);
    assert_eq!(ticked.out, "item 1 is ticked by ruth: copied to the | backup\n");
    assert_eq!(said(&state, "1"), "done: copied to the | backup");
    let report = state.backcourt(&["report"]).expect(0).out;
    assert!(
        report.contains("| 1 | done | ")
            && report.contains(r"| copied to the \| backup |")
            && report.contains(", ruth |"),
        "{report}"
    );
    let twice = state.backcourt(&["tick", "1", "--note", "again"]).expect(2);
    assert!(
        twice.err.contains("item 1 is already ticked by ruth"),
        "{}",
        twice.err
    );

    let withdraw = ["tick", "1", "--withdraw", "--note", "the copy is broken"];
    state.backcourt(&withdraw).expect(0);
    assert_eq!(said(&state, "1"), "reopened: withdrawn: the copy is broken");
    assert_eq!(
        state.count("SELECT COUNT(*) FROM tick"),
        2,
        "nothing is ever deleted"
    );
    state.backcourt(&["tick", "1", "--note", "copied anew"]).expect(0);
    assert_eq!(said(&state, "1"), "done: copied anew");
}

#[test]
fn an_item_ticked_on_screen_has_a_note_in_the_report() {
    let state = State::loaded();
    let folder = state.path();
    let arguments = [&WEEK[..], &["--paused", "--state-dir", folder.to_str().unwrap()]].concat();
    let mut pty = Pty::backcourt(&arguments, &[("USER", "ruth")], (80, 24));
    pty.wait_for("paused");
    pty.send("6");
    pty.wait_for("! action required Back up the tables to be replaced");
    pty.send("\r");
    pty.wait_for("note for the tick:");
    pty.send("copied to the backup");
    pty.send("\r");
    pty.wait_for("item 1 is ticked by ruth");
    pty.wait_for("✓ done            Back up the tables to be replaced");
    pty.send("q");
    pty.send("p");
    pty.wait_until("the run has ended", |screen| {
        let text = screen.contents();
        text.lines().next().unwrap_or_default().contains("finished")
    });
    pty.send("6");
    pty.wait_for("7 ✓ done            Query 2: game_id format");
    pty.send("q");
    pty.send("q");
    pty.wait_exit();
    let report = state.backcourt(&["report"]).expect(0).out;
    assert!(
        report.contains("set up the environment | copied to the backup |"),
        "{report}"
    );
    let ticked = |fact: &Value| fact["event"] == "item_ticked" && fact["item"] == "1" && fact["by"] == "ruth";
    assert!(state.facts().iter().any(ticked));
}

#[test]
fn a_report_ticks_its_item_until_a_newer_result() {
    let state = State::loaded();
    run_week(&state);
    assert_eq!(said(&state, "23"), "open: not written yet");
    let file = state.path().join("handoff.md");
    let path = file.to_str().unwrap();
    let written = state.backcourt(&["report", "--output", path]).expect(0);
    let real = std::fs::canonicalize(&file).unwrap();
    assert_eq!(written.out, format!("written to {}\n", real.display()));
    assert_eq!(said(&state, "23"), format!("done: {}", real.display()));
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("| 23 | done | Write the report |"), "{text}");
    let printed = state.backcourt(&["report"]).expect(0).out;
    assert_eq!(printed, text, "what is printed later is what was written");

    let again = state.backcourt(&["report", "--output", path]).expect(2);
    assert!(
        again.err.contains("already exists") && again.err.contains("--force"),
        "{}",
        again.err
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    let nowhere = state.path().join("no/such/folder.md");
    let nowhere = ["report", "--output", nowhere.to_str().unwrap()];
    let nowhere = state.backcourt(&nowhere).expect(2);
    assert!(nowhere.err.contains("cannot write"), "{}", nowhere.err);

    state
        .backcourt(&["check", "critical_5_spot_check", "--output", "silent"])
        .expect(0);
    assert!(
        said(&state, "23").ends_with("is older than the newest result"),
        "{}",
        said(&state, "23")
    );
    state
        .backcourt(&["report", "--output", path, "--force"])
        .expect(0);
    assert!(said(&state, "23").starts_with("done: "));
    let left: Vec<_> = std::fs::read_dir(state.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("handoff"))
        .collect();
    assert_eq!(left, ["handoff.md"]);
}
