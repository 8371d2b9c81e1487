//! A run whose ledger or event log was deleted ended with exit code 0 and left no record of its work.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;

use rstest::rstest;

use super::Planned;
use crate::program::wait_until;

const PLAN: &str = r#"
name = "deleted"
title = "Files that vanish"
from = "2024-01-01"
to = "2024-01-02"
[[stage]]
name = "calls"
kind = "command"
command = ["sh", "-c", "echo said $0", "{date}"]
"#;

/// Its program waits for a file.
fn waiting_plan(folder: &Path) -> String {
    let (begun, go) = (folder.join("begun"), folder.join("go"));
    let script = format!(
        "touch {}; until [ -e {} ]; do sleep 0.05; done",
        begun.display(),
        go.display()
    );
    PLAN.replace("echo said $0", &script)
}

#[test]
fn a_run_without_its_event_log_finishes_what_is_in_flight() {
    let case = Planned::new("");
    let folder = case.folder.path();
    case.write(&waiting_plan(folder));
    let mut command = case.command(&["run", "--workers", "1", "--output", "plain"]);
    let mut run = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the program runs", || folder.join("begun").exists());
    fs::remove_file(case.state.events_file()).unwrap();
    let missing = "incomplete: events.jsonl: removed by another program";
    wait_until("ctl says so", || {
        case.state.backcourt(&["ctl", "status"]).out.contains(missing)
    });
    let status = case.status();
    assert_eq!(status["run"]["ending"], missing, "{status}");
    fs::write(folder.join("go"), "").unwrap();
    wait_until("the run ends", || run.try_wait().unwrap().is_some());
    let output = run.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains(missing), "{said}");
    let ending = case.status()["run"]["ending"].as_str().unwrap().to_owned();
    assert!(ending.starts_with("another program removed "), "{ending}");
    assert_eq!(
        (case.dates("calls", "ok"), case.dates("calls", "pending")),
        (1, 1)
    );
}

#[rstest]
#[case::ledger("ledger.sqlite", "removed")]
#[case::ledger("ledger.sqlite", "replaced")]
#[case::ledger("ledger.sqlite", "truncated")]
#[case::events("events.jsonl", "removed")]
#[case::events("events.jsonl", "truncated")]
#[case::lock("run.lock", "removed")]
#[case::lock("run.lock", "replaced")]
fn a_run_without_its_files_ends_with_exit_3(#[case] name: &str, #[case] what: &str) {
    let case = Planned::new(PLAN);
    let mut command = case.command(&["run", "--paused", "--output", "plain"]);
    let mut run = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the run is paused", || {
        let status = case.state.backcourt(&["ctl", "status"]);
        status.out.contains(": paused")
    });
    let file = case.state.path().join(name);
    match what {
        "removed" => fs::remove_file(&file).unwrap(),
        "truncated" => drop(File::create(&file).unwrap()),
        _ => {
            let other = case.folder.path().join("other");
            fs::copy(&file, &other).unwrap();
            fs::rename(&other, &file).unwrap();
        }
    }
    wait_until("the run ends", || run.try_wait().unwrap().is_some());
    let output = run.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    let file = fs::canonicalize(case.state.path()).unwrap().join(name);
    assert!(
        said.contains(&format!("another program {what} {}", file.display())),
        "{said}"
    );
}
