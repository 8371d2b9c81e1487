//! Events that standard output or `events.jsonl` had no room for were lost without a word, or ended the run.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rstest::rstest;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::Value;

use super::Planned;
use crate::program::wait_until;

/// Two hundred kilobytes of events, then a program that waits for a file.
fn plan(folder: &Path) -> String {
    format!(
        r#"
name = "lost"
title = "Events that have no room"
from = "2020-01-01"
to = "2022-12-31"
[[stage]]
name = "many"
kind = "sql"
sql = "SELECT @date AS day, 1 AS n"
table = "d.many"
date_column = "day"
key = ["day"]
columns = [{{ name = "day", type = "DATE" }}, {{ name = "n", type = "INT64" }}]
[[stage]]
name = "wait"
kind = "command"
needs = ["many"]
active = "SELECT DATE '2022-12-31'"
command = ["sh", "-c", "until [ -e {} ]; do sleep 0.05; done", "{{date}}"]
"#,
        folder.join("go").display()
    )
}

/// Longer than any other file of a run gets.
const BEFORE: u64 = 16 << 20;

/// A run whose files can be limited; killed when dropped.
struct Limited {
    case: Planned,
    child: Child,
}

impl Limited {
    /// Starts a paused run that a limit on the size of its files doesn't kill.
    fn start(case: Planned, output: &str, to: Stdio) -> Self {
        let run = case.command(&["run", "--paused", "--output", output]);
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]);
        command
            .arg(run.get_program())
            .args(run.get_args())
            .stdin(Stdio::null());
        for (name, value) in run.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let child = command.stdout(to).stderr(Stdio::piped()).spawn().unwrap();
        let run = Self { case, child };
        run.wait_for(": paused");
        run
    }

    /// No file may become longer.
    fn limit(&self, most: Option<u64>) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        let limit = Rlimit {
            current: most,
            maximum: None,
        };
        prlimit(pid, Resource::Fsize, limit).unwrap();
    }

    fn wait_for(&self, said: &str) {
        wait_until(said, || {
            let status = self.case.state.backcourt(&["ctl", "status"]);
            status.out.contains(said)
        });
    }

    /// Waits until only the program of the last stage is left.
    fn wait_for_program(&self) {
        self.wait_for("many: 1096 ok, 1,096 rows");
        self.wait_for("1 running");
    }

    /// Lets all units end; returns the exit code and standard error.
    fn end(&mut self) -> (Option<i32>, String) {
        fs::write(self.case.folder.path().join("go"), "").unwrap();
        let mut said = String::new();
        let stderr = self.child.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }

    fn ending(&self) -> String {
        self.case.status()["run"]["ending"].as_str().unwrap().to_owned()
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn new_case() -> Planned {
    let case = Planned::new("");
    case.write(&plan(case.folder.path()));
    case
}

/// The lines of a file from a position on; each must be JSON.
fn lines_from(path: &Path, from: u64) -> Vec<Value> {
    let mut file = File::open(path).unwrap();
    file.seek(SeekFrom::Start(from)).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

/// Every event has its place: numbers count up from 1, and each gap is marked with its length.
fn missing_in(lines: &[Value]) -> u64 {
    let (mut last, mut missing) = (0, 0);
    for line in lines {
        let seq = line["seq"].as_u64().unwrap();
        match line["event"].as_str().unwrap() {
            "snapshot" => assert_eq!(seq, last),
            "events_missing" => {
                assert_eq!(seq - last, line["events"].as_u64().unwrap());
                assert!(line["from"].as_str() <= line["to"].as_str());
                missing += seq - last;
            }
            _ => assert_eq!(seq, last + 1, "{line}"),
        }
        last = seq;
    }
    missing
}

fn events_of(ending: &str, output: &str) -> u64 {
    let clause = ending.split("; ").find_map(|clause| clause.strip_prefix(output));
    let number = clause.unwrap().strip_prefix(": ").unwrap().split(' ').next();
    number.unwrap().replace(',', "").parse().unwrap()
}

#[rstest]
#[case("jsonl")]
#[case("plain")]
fn output_without_room_is_reported_everywhere(#[case] output: &str) {
    let case = new_case();
    fs::write(case.folder.path().join("go"), "").unwrap();
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = case.command(&["run", "--output", output]);
    let ended = command.stdout(full).stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(3), "{said}");
    let begin = "backcourt: cannot write to standard output (No space left on device (os error 28))";
    assert!(said.contains(begin), "{said}");
    let missing = "standard output: can't be written (No space left on device (os error 28)), ";
    assert!(said.contains(&format!("incomplete: {missing}")), "{said}");
    let status = case.status()["run"]["ending"].as_str().unwrap().to_owned();
    assert!(status.contains(missing), "{status}");
    assert!(case.backcourt(&["report"]).expect(0).out.contains(missing));
    assert_eq!(case.dates("many", "ok"), 1096, "the run is not affected");
    let replayed = case
        .state
        .command(&["replay"])
        .stdout(File::create("/dev/full").unwrap())
        .output();
    let replayed = replayed.unwrap();
    assert_eq!(replayed.status.code(), Some(3));
    assert!(String::from_utf8(replayed.stderr).unwrap().contains(missing));
}

#[test]
fn output_resumes_with_a_line_for_the_gap() {
    let case = new_case();
    let path: PathBuf = case.folder.path().join("out.jsonl");
    let file = OpenOptions::new().create(true).append(true).open(&path).unwrap();
    file.set_len(BEFORE).unwrap();
    let mut run = Limited::start(case, "jsonl", file.into());
    run.limit(Some(fs::metadata(&path).unwrap().len() + 100));
    run.case.state.backcourt(&["ctl", "resume"]).expect(0);
    run.wait_for_program();
    run.wait_for("incomplete: standard output: can't be written (File too large (os error 27))");
    run.limit(None);
    run.wait_for("events missing (File too large");
    let (code, said) = run.end();
    assert_eq!(code, Some(3), "{said}");
    let missing = missing_in(&lines_from(&path, BEFORE));
    assert!(missing > 0, "{said}");
    let ending = run.ending();
    assert_eq!(events_of(&ending, "standard output"), missing, "{ending}");
    assert_eq!(missing_in(&lines_from(&run.case.state.events_file(), 0)), 0);
}

#[test]
fn a_run_without_room_for_its_events_continues_and_marks_the_gap() {
    let case = new_case();
    fs::create_dir(case.state.path()).unwrap();
    let pad = "x".repeat(usize::try_from(BEFORE).unwrap());
    let earlier = format!(
        "{{\"schema\":\"backcourt.event/1\",\"seq\":1,\"at\":\"2026-01-04T10:00:00Z\",\"run\":\"earlier\",\
         \"event\":\"paused\",\"pad\":\"{pad}\"}}\n"
    );
    let path = case.state.events_file();
    fs::File::create(&path)
        .unwrap()
        .write_all(earlier.as_bytes())
        .unwrap();
    let mut run = Limited::start(case, "silent", Stdio::null());
    run.limit(Some(fs::metadata(&path).unwrap().len() + 100));
    run.case.state.backcourt(&["ctl", "resume"]).expect(0);
    run.wait_for("incomplete: events.jsonl: can't be written (File too large (os error 27))");
    run.wait_for_program();
    run.limit(None);
    let (code, said) = run.end();
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("backcourt: incomplete: events.jsonl: "), "{said}");
    let missing = missing_in(&lines_from(&path, earlier.len() as u64));
    assert!(missing > 1_000, "{missing}");
    let ending = run.ending();
    assert_eq!(events_of(&ending, "events.jsonl"), missing, "{ending}");
    let report = run.case.backcourt(&["report"]).expect(0).out;
    assert!(report.contains("events.jsonl: "), "{report}");
    let replayed = run.case.state.backcourt(&["replay"]).expect(0);
    assert!(
        replayed.err.contains("events missing here, from 20"),
        "{}",
        replayed.err
    );
    assert!(replayed.out.contains("finished: "), "{}", replayed.out);
    let listed = run.case.state.backcourt(&["replay", "--list"]).expect(0).out;
    assert!(listed.contains(" missing in the file"), "{listed}");
}
