//! Lines of the log were lost on a full disk without a word.

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use super::Planned;
use crate::program::wait_until;

const PLAN: &str = r#"
name = "lost"
title = "Output that can't be written"
from = "2024-01-01"
to = "2024-01-02"
[[stage]]
name = "calls"
kind = "command"
command = ["sh", "-c", "echo said $0", "{date}"]
"#;

/// A run that is paused; killed when dropped.
struct Paused<'a> {
    case: &'a Planned,
    child: Child,
}

impl Paused<'_> {
    fn is(&self, said: &str) -> bool {
        self.case.state.backcourt(&["ctl", "status"]).out.contains(said)
    }

    fn wait_for(&self, said: &str) {
        wait_until(said, || self.is(said));
    }

    fn resume(&self) {
        self.case.state.backcourt(&["ctl", "resume"]).expect(0);
    }

    /// The exit code and standard error.
    fn ended(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn paused<'a>(case: &'a Planned, output: &str, to: Stdio) -> Paused<'a> {
    let mut command = case.command(&["run", "--paused", "--output", output]);
    let child = command.stdout(to).stderr(Stdio::piped()).spawn().unwrap();
    Paused { case, child }
}

fn log_of(case: &Planned) -> PathBuf {
    let mut logs = fs::read_dir(case.state.path().join("logs")).unwrap();
    logs.next().unwrap().unwrap().path()
}

#[test]
fn missing_log_lines_are_reported_everywhere_and_marked() {
    let case = Planned::new(PLAN);
    let run = paused(&case, "silent", Stdio::null());
    run.wait_for(": paused");
    let log = log_of(&case);
    fs::remove_file(&log).unwrap();
    fs::create_dir(&log).unwrap();
    case.state.backcourt(&["ctl", "workers", "2"]).expect(0);
    run.wait_for("incomplete: log: ");
    fs::remove_dir(&log).unwrap();
    run.resume();
    let (code, said) = run.ended();
    assert_eq!(code, Some(0));
    assert!(said.contains("backcourt: incomplete: log: "), "{said}");
    let text = fs::read_to_string(&log).unwrap();
    let first = text.lines().next().unwrap();
    assert!(first.ends_with(" missing here"), "{first}");
    assert!(text.contains("said 2024-01-01"), "it is written again: {text}");
    let ending = case.status()["run"]["ending"].as_str().unwrap().to_owned();
    assert!(
        ending.contains("; log: ") && ending.contains(" missing ("),
        "{ending}"
    );
    let events = fs::read_to_string(case.state.events_file()).unwrap();
    assert!(events.contains("\"event\":\"output_incomplete\""));
}
