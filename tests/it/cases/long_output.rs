//! A line of 20 MB on standard error became the reason of every date: ledger, events, status and report grew to 60 MB.

use std::fs;
use std::process::Stdio;

use super::{Looked, Planned};

fn plan(script: &str, more: &str) -> String {
    format!(
        r#"
name = "long"
title = "A program that prints too much"
from = "2024-03-01"
to = "2024-03-03"
workers = 3
[[stage]]
name = "noise"
kind = "command"
command = ["sh", "-c", '''{script}''', "sh", "{{date}}"]
timeout_seconds = 60
{more}
"#
    )
}

/// The size of a file, in bytes.
fn size(case: &Planned, name: &str) -> u64 {
    fs::metadata(case.state.path().join(name)).unwrap().len()
}

fn size_of_logs(case: &Planned) -> u64 {
    let logs = fs::read_dir(case.state.path().join("logs")).unwrap();
    logs.map(|log| log.unwrap().metadata().unwrap().len()).sum()
}

#[test]
fn a_long_reason_is_bounded_everywhere_and_its_line_in_the_log() {
    let case = Planned::new(&plan(
        "head -c 20000000 /dev/zero | tr '\\0' x >&2; echo >&2; exit 1",
        "",
    ));
    let run = case.run(&[]).expect(1);
    assert!(run.out.len() < 20_000, "{}", run.out.len());
    assert_eq!(case.reason("noise", "2024-03-01").chars().count(), 500);
    for args in [
        &["status"][..],
        &["status", "--json"],
        &["report"],
        &["report", "--format", "json"],
    ] {
        let told = case.backcourt(args).expect(0).out.len();
        assert!(told < 20_000, "{args:?}: {told}");
    }
    assert!(size(&case, "events.jsonl") < 200_000);
    assert!(size(&case, "ledger.sqlite") < 1_000_000);
    assert!(size_of_logs(&case) < 2_000_000, "{}", size_of_logs(&case));
    let logs = fs::read_dir(case.state.path().join("logs")).unwrap();
    let log = fs::read_to_string(logs.map(Result::unwrap).next().unwrap().path()).unwrap();
    assert!(
        log.contains("19.0 MiB of its output are not in the log"),
        "says what it leaves out"
    );
}

#[test]
fn a_program_that_prints_without_end_fills_neither_memory_nor_the_log() {
    let case = Planned::new(&plan(
        "yes \"$(head -c 4000 /dev/zero | tr '\\0' y)\" | head -c 60000000; exit 0",
        "",
    ));
    case.run(&["--dates", "2024-03-01"]).expect(0);
    assert!(size_of_logs(&case) < 20_000_000, "{}", size_of_logs(&case));
}

/// Runs a plan to its end; returns the exit code and the peak of its memory, in kB.
fn peak(case: &Planned, args: &[&str]) -> (Option<i32>, u64) {
    let mut command = case.command(&[&["run", "--output", "plain"], args].concat());
    command.env("TMPDIR", case.folder.path().join("tmp"));
    let mut run = command.stdout(Stdio::null()).spawn().unwrap();
    let mut peak = 0;
    while run.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", run.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let found = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        peak = peak.max(found.unwrap_or(0_u64));
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    (run.wait().unwrap().code(), peak)
}

const COLUMNS: &str = "table = \"d.noise\"\ndate_column = \"day\"\nkey = [\"day\", \"n\"]\n\
                       columns = [{ name = \"day\", type = \"DATE\" }, { name = \"n\", type = \"INT64\" }";

#[test]
fn rows_without_end_fail_their_dates_within_bounded_memory() {
    let case = Planned::new(&plan(
        "echo day,n; seq -f \"$1,%.0f\" 1 1500000",
        &format!("{COLUMNS}]"),
    ));
    fs::create_dir(case.folder.path().join("tmp")).unwrap();
    let (code, peak) = peak(&case, &[]);
    assert_eq!(code, Some(1));
    assert!(
        case.reason("noise", "2024-03-01")
            .starts_with("it printed more than 16 MiB of rows")
    );
    assert!(peak < 400_000, "{peak} kB");
}

#[test]
fn wide_rows_of_many_workers_are_stored_within_bounded_memory() {
    let wide = format!("{COLUMNS}, {{ name = \"t\", type = \"STRING\" }}]");
    let script = "t=$(head -c 1000 /dev/zero | tr \"\\\\0\" x); echo day,n,t; seq -f \"$1,%.0f,$t\" 1 8000";
    let text = plan(script, &wide).replace("to = \"2024-03-03\"", "to = \"2024-04-09\"");
    let case = Planned::new(&text);
    let spool = case.folder.path().join("tmp");
    fs::create_dir(&spool).unwrap();
    let (code, peak) = peak(&case, &["--workers", "512"]);
    assert_eq!(code, Some(0));
    assert_eq!(case.rows("SELECT COUNT(*) FROM d.noise"), ["320000"]);
    assert_eq!(fs::read_dir(&spool).unwrap().count(), 0);
    assert!(peak < 400_000, "{peak} kB");
}

#[test]
fn invalid_rows_are_quarantined_within_bounded_memory() {
    let case = Planned::new(&plan(
        "echo day,n; seq -f \"$1,x%.0f\" 1 500000",
        &format!("{COLUMNS}]"),
    ));
    fs::create_dir(case.folder.path().join("tmp")).unwrap();
    let (code, peak) = peak(&case, &[]);
    assert_eq!(code, Some(1));
    let reason = case.reason("noise", "2024-03-01");
    assert!(
        reason.starts_with("500000 rows quarantined") || reason.starts_with("500,000 rows quarantined"),
        "{reason}"
    );
    assert!(peak < 400_000, "{peak} kB");
}

#[test]
fn rows_that_cannot_be_kept_in_a_file_fail_their_date() {
    let case = Planned::new(&plan(
        "echo day,n; seq -f \"$1,%.0f\" 1 10000",
        &format!("{COLUMNS}]"),
    ));
    assert_eq!(peak(&case, &["--dates", "2024-03-01"]).0, Some(1));
    let reason = case.reason("noise", "2024-03-01");
    let folder = case.folder.path().join("tmp");
    let begin = format!(
        "cannot keep the rows it printed in a file in {}",
        folder.display()
    );
    assert!(reason.starts_with(&begin), "{reason}");
}
