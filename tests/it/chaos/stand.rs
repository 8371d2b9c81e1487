//! A small plan with a run of the real program, and what must be true of both afterwards, whatever failed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Row};
use tempfile::TempDir;

use super::points::{Point, Start};
use super::strace::{FailingCalls, Traced};
use crate::program::{Ended, backcourt, ended};

/// A program that prints rows, a query on them, and a blocking check between the two.
const PLAN: &str = r#"
name = "ships"
title = "Three dates of two stages"
from = "2024-03-01"
to = "2024-03-03"
workers = 2
[[stage]]
name = "calls"
kind = "command"
command = ["./calls", "{date}"]
table = "d.calls"
date_column = "day"
key = ["day", "n"]
columns = [{ name = "day", type = "DATE" }, { name = "n", type = "INT64" }]
expect_rows = 2
[[check]]
name = "no_zero"
stage = "calls"
title = "No zero"
severity = "blocking"
sql = "SELECT day FROM d.calls WHERE n = 0"
expect = [{ rows = 0 }]
[[stage]]
name = "sums"
kind = "sql"
needs = ["calls"]
reads = [{ table = "d.calls" }]
sql = "SELECT day, SUM(n) AS n FROM d.calls WHERE day = @date GROUP BY day"
table = "d.sums"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "n", type = "INT64" }]
expect_rows = 1
"#;

/// Fails as a whole if a part of it fails.
const SCRIPT: &str = "#!/bin/sh\nset -e\nprintf 'day,n\\n%s,1\\n%s,2\\n' $1 $1\n";

const DATES: [&str; 3] = ["2024-03-01", "2024-03-02", "2024-03-03"];

/// The stages, and the tables of the same names.
const STAGES: [&str; 2] = ["calls", "sums"];

/// Exit codes that the documentation knows, without those of a killed process.
const CODES: [i32; 7] = [0, 1, 2, 3, 4, 130, 143];

/// Calls that fail if the process may have no more threads or descriptors.
const NO_RESOURCES: [&str; 5] = ["clone3", "socketpair", "eventfd2", "epoll_create1", "pipe2"];

/// Tries to resume a paused run before it is told to end.
const TRIES: usize = 3;

/// A folder with the plan, its program and its state.
pub struct Stand(TempDir);

impl Stand {
    pub fn new(start: Start) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        fs::write(folder.path().join("plan.toml"), PLAN).unwrap();
        let script = folder.path().join("calls");
        fs::write(&script, SCRIPT).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        let stand = Self(folder);
        if start == Start::Stored {
            stand.backcourt(&["run", "--output", "plain"]).expect(0);
        }
        stand
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    fn state(&self) -> PathBuf {
        self.path().join("state")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = backcourt();
        command.args(args).arg("--state-dir").arg(self.state());
        command.arg("--plan").arg(self.path().join("plan.toml"));
        command
    }

    fn backcourt(&self, args: &[&str]) -> Ended {
        ended(&mut self.command(args))
    }

    /// The command of a run from this start.
    fn run(&self, start: Start) -> Command {
        let more: &[&str] = match start {
            Start::Fresh => &[],
            Start::Stored => &["--no-resume"],
            Start::Paused => &["--paused"],
        };
        self.command(&[&["run", "--output", "plain"], more].concat())
    }

    /// Runs it and records its calls.
    pub fn record(&self, start: Start, calls: &[&str]) -> Ended {
        let run = Traced::recording(&self.run(start), calls, self.path());
        self.steer(start, run).expect("an undisturbed run ends").expect(0)
    }

    /// Runs it while system calls fail.
    pub fn disturb(&self, start: Start, faults: &FailingCalls) -> Option<Ended> {
        let mut faults = faults.clone();
        for file in &mut faults.files {
            *file = self.path().join(&file);
        }
        let run = Traced::failing(&self.run(start), &faults, self.path());
        self.steer(start, run)
    }

    /// Resumes a paused run, or ends it if it can't be reached.
    fn steer(&self, start: Start, mut run: Traced) -> Option<Ended> {
        if start == Start::Paused {
            let mut tries = 0;
            while run.is_running() && tries < TRIES {
                if self.has_begun() {
                    tries += 1;
                    if self.backcourt(&["ctl", "resume"]).code == Some(0) {
                        break;
                    }
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            // If the last try was accepted, the run drains: it isn't lost either.
            if tries == TRIES {
                run.terminate();
            }
        }
        run.ended()
    }

    /// Whether a run has recorded that it began.
    fn has_begun(&self) -> bool {
        fs::metadata(self.state().join("events.jsonl")).is_ok_and(|events| events.len() > 0)
    }

    /// What is wrong after a disturbed run.
    pub fn judge(&self, point: &Point, run: Option<&Ended>) -> Vec<String> {
        let mut wrong = Vec::new();
        let Some(run) = run else {
            // A lock that can't be given back is waited for, also by this process. It has been killed.
            let may_hang = point.faults.call == "fcntl";
            wrong.extend((!may_hang).then(|| "it hangs".to_owned()));
            wrong.extend(self.wrong_rows(point.start == Start::Stored));
            return wrong;
        };
        let said = format!("{}{}", run.out, run.err);
        if !run.code.is_some_and(|code| CODES.contains(&code)) {
            wrong.push(format!("exit code {:?}", run.code));
        }
        if run.code != Some(0) && point.faults.error == "EINTR" {
            wrong.push("an interrupted call was not repeated".to_owned());
        }
        if said.contains("screen") {
            wrong.push("it has no screen".to_owned());
        }
        // Its output may be what can't be written, or it was asked to end before it had one.
        let is_mute = (point.faults.call == "write" && point.faults.is_lasting) || run.code == Some(143);
        let has_sentence = said.lines().any(|line| line.split_whitespace().count() > 3);
        if run.code != Some(0) && !has_sentence && !is_mute {
            wrong.push("no sentence".to_owned());
        }
        // The runtime and the log panic without a thread or a descriptor; the sentence then follows the report.
        let may_panic =
            NO_RESOURCES.contains(&point.faults.call) && said.contains("stopped by an internal error");
        for inside in ["panicked", "overflowed its stack", "Err(", "Os {"] {
            if said.contains(inside) && !may_panic {
                wrong.push(format!("says {inside:?}"));
            }
        }
        let is_complete = point.start == Start::Stored || run.code == Some(0);
        wrong.extend(self.wrong_rows(is_complete));
        wrong
    }

    /// Starts again without faults, as an operator would, and returns what is then wrong.
    pub fn judge_next(&self) -> Vec<String> {
        let mut next = self.backcourt(&["run", "--output", "plain"]);
        if next.code == Some(1) {
            self.backcourt(&["rerun", "--failed", "--output", "plain"]);
            next = self.backcourt(&["run", "--output", "plain"]);
        }
        let mut wrong = self.wrong_rows(true);
        if next.code != Some(0) {
            wrong.push(format!("the next start: {next:?}"));
        }
        let status = self.backcourt(&["status", "--json"]).out;
        let status: serde_json::Value = serde_json::from_str(&status).unwrap_or_default();
        for stage in 0..2 {
            if status["stages"][stage]["dates"]["ok"] != DATES.len() {
                wrong.push(format!(
                    "status after the next start: {}",
                    status["stages"][stage]
                ));
            }
        }
        let open = "SELECT COUNT(*) FROM intent";
        if self
            .ledger()
            .is_none_or(|ledger| rows(&ledger, open, |row| row.get(0)) != Ok(vec![0_i64]))
        {
            wrong.push("an open intent".to_owned());
        }
        wrong
    }

    /// Rows that are lost, duplicated, or missing for a date that is `ok`. A table may lack rows only if it was empty.
    fn wrong_rows(&self, is_complete: bool) -> Vec<String> {
        let mut wrong = Vec::new();
        let warehouse = read_only(&self.state().join("warehouse/d.sqlite"));
        for table in STAGES {
            let sql = format!("SELECT day || ' ' || n FROM {table} ORDER BY 1");
            // Without a table there are no rows.
            let stored: Vec<String> = warehouse.as_ref().map_or(Vec::new(), |db| {
                rows(db, &sql, |row| row.get(0)).unwrap_or_default()
            });
            for date in DATES {
                let of_date: Vec<&String> = stored.iter().filter(|row| row.starts_with(date)).collect();
                let expected = expected(table, date);
                let is_whole = of_date.iter().copied().eq(&expected);
                let must_be_whole = is_complete || !of_date.is_empty() || self.is_ok(table, date);
                if must_be_whole && !is_whole {
                    wrong.push(format!("{table} has {of_date:?} for {date}"));
                }
            }
        }
        wrong
    }

    /// Whether the ledger claims that a date is done.
    fn is_ok(&self, stage: &str, date: &str) -> bool {
        let sql =
            format!("SELECT COUNT(*) FROM unit WHERE stage = '{stage}' AND date = '{date}' AND state = 'ok'");
        let count = self
            .ledger()
            .and_then(|ledger| rows(&ledger, &sql, |row| row.get(0)).ok());
        count == Some(vec![1_i64])
    }

    fn ledger(&self) -> Option<Connection> {
        read_only(&self.state().join("ledger.sqlite"))
    }
}

/// The rows of a date in a table after a complete run, as `DATE N`.
fn expected(table: &str, date: &str) -> Vec<String> {
    let numbers: &[u32] = if table == "calls" { &[1, 2] } else { &[3] };
    numbers.iter().map(|n| format!("{date} {n}")).collect()
}

/// Opens a database without changing it: a writer would move what it finds in the write-ahead log.
fn read_only(path: &Path) -> Option<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()
}

fn rows<T>(
    db: &Connection,
    sql: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    db.prepare(sql)?.query_map([], read)?.collect()
}
