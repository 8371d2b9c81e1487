//! `backcourt replay` in a real terminal: a run is recorded, replayed, inspected and quit; invalid recordings are
//! rejected.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::fs;

use crate::program::{State, stages_alone};
use crate::pty::Pty;

/// A recorded week with games on every date.
fn recorded() -> State {
    let state = State::loaded();
    run_week(&state, &[]);
    state
}

/// The same without checks.
fn recorded_stages() -> (State, String) {
    let state = State::loaded();
    let plan = stages_alone(&state);
    run_week(&state, &["--plan", &plan]);
    (state, plan)
}

fn run_week(state: &State, more: &[&str]) {
    let stage = ["run", "--stop-after", "team_offense", "--output", "silent"];
    let week = ["--from", "2023-12-11", "--to", "2023-12-17"];
    state.backcourt(&[&stage[..], &week, more].concat()).expect(0);
}

fn replay(state: &State, more: &[&str], size: (u16, u16)) -> Pty {
    let folder = state.path();
    let arguments = [&["replay", "--state-dir", folder.to_str().unwrap()], more].concat();
    Pty::backcourt(&arguments, &[], size)
}

fn shows(pty: &Pty, what: &str, parts: &[&str]) {
    pty.wait_until(what, |screen| {
        let text = screen.contents();
        parts.iter().all(|part| text.contains(part))
    });
}

#[test]
fn a_recorded_run_is_replayed_to_its_end() {
    let state = recorded();
    let run = state.facts()[0]["run"].as_str().unwrap().to_owned();
    let before = fs::read(state.events_file()).unwrap();
    let mut pty = replay(&state, &["--speed", "10000"], (120, 40));
    shows(
        &pty,
        "the end of the recording",
        &[
            "REPLAY",
            &run,
            "x10000 finished",
            "finished",
            "7 ok",
            "ended: 7 units done",
        ],
    );
    shows(
        &pty,
        "Worker activity is not recorded",
        &["The log is not recorded", "Process metrics are not recorded"],
    );
    pty.send("r");
    shows(&pty, "no order", &["this is a recording"]);
    pty.send("\r");
    shows(&pty, "a date without its rows", &["a recording has no rows"]);
    pty.send("q");
    pty.send("6");
    shows(&pty, "the runbook", &["Runbook"]);
    pty.send("q");
    pty.send("<");
    shows(&pty, "the event before the end, held", &["x10000 paused"]);
    pty.send("-");
    shows(&pty, "a lower speed", &["x5000 paused"]);
    pty.send(">");
    shows(&pty, "the end again", &["x5000 finished"]);
    pty.send("q");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    assert!(pty.modes_restored());
    assert!(
        before == fs::read(state.events_file()).unwrap(),
        "nothing was written"
    );
}

#[test]
fn a_small_screen_still_shows_that_it_is_a_replay() {
    let (state, _) = recorded_stages();
    let mut pty = replay(&state, &["--speed", "10000"], (80, 24));
    shows(&pty, "the end of the recording", &["REPLAY", "finished", "7 ok"]);
    pty.send("q");
    assert_eq!(pty.wait_exit().exit_code(), 0);
}

#[test]
fn a_replay_prints_lines_without_a_terminal_and_refuses_bad_input() {
    let (state, _) = recorded_stages();
    let events = state.events_file();
    let show = |more: &[&str]| state.backcourt(&[&["replay"], more].concat());
    let lines = show(&[]).expect(0).out;
    assert!(lines.contains("team_offense: 7 dates, 7 to do"), "{lines}");
    assert!(lines.contains("finished: 7 units done"), "{lines}");

    let (empty, foreign) = (state.path().join("empty.jsonl"), state.path().join("games.csv"));
    fs::write(&empty, "").unwrap();
    fs::write(&foreign, "date,team\n2023-12-11,LAL\n").unwrap();
    for (more, says) in [
        (vec!["/nowhere/events.jsonl"], "cannot read"),
        (vec![empty.to_str().unwrap()], "has no recorded run"),
        (vec![foreign.to_str().unwrap()], "line 1 is not a backcourt event"),
        (
            vec![events.to_str().unwrap(), "--run", "x"],
            "run 'x' not found in ",
        ),
        (
            vec![events.to_str().unwrap(), "--speed", "0"],
            "give a number from 0.1 to 10000",
        ),
    ] {
        let refused = show(&more).expect(2).err;
        assert!(refused.contains(says), "{refused}");
    }
}

#[test]
fn runs_without_work_are_skipped_and_all_runs_are_listed() {
    let (state, plan) = recorded_stages();
    run_week(&state, &["--plan", &plan]);
    let listed = state.backcourt(&["replay", "--list"]).expect(0).out;
    let runs: Vec<_> = listed.lines().collect();
    let [worked, idle] = runs.as_slice() else {
        panic!("{listed}");
    };
    assert!(worked.contains("  finished: 7 units done"), "{listed}");
    assert!(idle.contains("  finished: nothing to do"), "{listed}");
    let shown = state.backcourt(&["replay"]).expect(0);
    assert!(shown.out.contains("finished: 7 units done"), "{}", shown.out);
    let (run, _) = worked.split_once(' ').unwrap();
    let said = format!("{run} is the newest that did any work; another is recorded, list all with --list");
    assert!(shown.err.contains(&said), "{}", shown.err);
    let (other, _) = idle.split_once(' ').unwrap();
    let named = state.backcourt(&["replay", "--run", other]).expect(0).out;
    assert!(named.contains("finished: nothing to do"), "{named}");
}
