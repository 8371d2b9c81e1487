//! Ten thousand dates, a million log lines: nothing is lost, and memory doesn't grow with them.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use crate::program::State;

/// Starts a silent run of this plan.
fn run(state: &State, plan: &str) -> Child {
    let file = state.path().with_extension("toml");
    fs::write(&file, plan).unwrap();
    let arguments = ["run", "--output", "silent", "--plan", file.to_str().unwrap()];
    state.command(&arguments).stdout(Stdio::null()).spawn().unwrap()
}

/// Waits for its end and returns its peak memory, in MB.
fn peak(mut run: Child) -> u64 {
    let about = format!("/proc/{}/status", run.id());
    let mut most = 0;
    loop {
        let told = fs::read_to_string(&about).unwrap_or_default();
        let peak = told.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok());
        most = most.max(kilobytes.unwrap_or_default() / 1_024);
        if let Some(status) = run.try_wait().unwrap() {
            assert_eq!(status.code(), Some(0));
            return most;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Number of log lines that contain this text.
fn logged(folder: &Path, text: &str) -> usize {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files
        .map(|file| {
            let lines = BufReader::new(File::open(file).unwrap()).lines();
            lines.filter(|line| line.as_ref().unwrap().contains(text)).count()
        })
        .sum()
}

#[test]
fn a_million_output_lines_are_all_logged() {
    let state = State::none();
    let plan = r#"
name = "talk"
title = "A program that talks"
from = "2024-03-01"
to = "2024-03-01"
[[stage]]
name = "talk"
kind = "command"
command = ["awk", 'BEGIN { for (line = 0; line < 1000000; line++) print "a line of many" > "/dev/stderr" }']
environment = { DAY = "{date}" }
timeout_seconds = 300
"#;
    let peak = peak(run(&state, plan));
    assert_eq!(logged(&state.path().join("logs"), "a line of many"), 1_000_000);
    assert!(peak < 250, "{peak} MB at the most");
}

#[test]
fn ten_thousand_dates_run_once_each() {
    let state = State::none();
    let plan = r#"
name = "years"
title = "27 years"
from = "1998-01-01"
to = "2025-05-18"
workers = 4
[[stage]]
name = "ones"
kind = "sql"
sql = "SELECT @date AS day, 1 AS one"
table = "years.ones"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "one", type = "INT64" }]
expect_rows = 1
[[check]]
name = "each_day_once"
stage = "ones"
title = "Every day is there once"
severity = "blocking"
sql = "SELECT COUNT(*) AS days, COUNT(DISTINCT day) AS different FROM years.ones"
expect = [{ column = "days", equals = 10000 }, { column = "different", equals = 10000 }]
"#;
    let peak = peak(run(&state, plan));
    let facts = state.facts();
    let done = facts
        .iter()
        .filter(|fact| fact["event"] == "unit_finished")
        .count();
    assert_eq!(done, 10_000);
    assert_eq!(
        state.count("SELECT COUNT(*) FROM unit WHERE state = 'ok'"),
        10_000
    );
    assert_eq!(state.count("SELECT COUNT(*) FROM intent"), 0);
    assert_eq!(
        state.count("SELECT COUNT(*) FROM check_result WHERE state = 'PASS'"),
        1
    );
    assert!(peak < 250, "{peak} MB at the most");
}
