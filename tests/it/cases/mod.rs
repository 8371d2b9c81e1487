//! Regression tests: small plans that once lost rows or hid failures, run with the real program and named after the
//! bug.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod active_ignored;
mod check_before_stage_opens;
mod ctl_ranges;
mod dryrun_after_kill;
mod dryrun_hides_stale;
mod empty_deletes;
mod empty_rerun;
mod endless_line;
mod escape_from_data;
mod few_files;
mod frozen_ctl;
mod kill9_terminal;
mod lease_race;
mod ledger_deleted;
mod locked_ledger;
mod long_output;
mod long_reasons;
mod lost_log;
mod lost_output;
mod report_output;
mod sql_stack_overflow;
mod unread_terminal;

use std::fs;
use std::process::{Child, Stdio};

use crate::planned::Planned;
use crate::pty::Pty;
use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};

/// Two dates of one query.
const SMALL: &str = r#"
name = "small"
title = "Two dates of one query"
from = "2024-01-01"
to = "2024-01-02"
[[stage]]
name = "one"
kind = "sql"
sql = "SELECT @date AS day, 1 AS n"
table = "d.one"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "n", type = "INT64" }]
"#;

/// The console of a paused run of a plan, in a terminal.
fn console(case: &Planned, more: &[&str]) -> Pty {
    let (plan, state) = (case.file(), case.state.path());
    let mut arguments = vec!["run", "--paused", "--plan", plan.to_str().unwrap()];
    arguments.extend(["--state-dir", state.to_str().unwrap()]);
    arguments.extend(more);
    let pty = Pty::backcourt(&arguments, &[], (120, 40));
    pty.wait_for("paused");
    pty
}

/// A paused run without a screen; killed when dropped.
struct Held(Child);

impl Held {
    fn start(case: &Planned) -> Self {
        let mut command = case.command(&["run", "--paused", "--output", "silent"]);
        let held = Self(
            command
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap(),
        );
        crate::program::wait_until("the run is paused", || {
            case.backcourt(&["ctl", "status"]).out.contains(": paused")
        });
        held
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.0.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// What the cases inspect besides the program's output.
trait Looked {
    /// Runs statements on a dataset of the embedded warehouse, which is created if missing, like another program would.
    fn sql(&self, dataset: &str, statements: &str);

    /// The rows of a query as text.
    fn rows(&self, query: &str) -> Vec<String>;

    /// The units of a stage in the ledger, as `DATE STATE ROWS`.
    fn units(&self, stage: &str) -> Vec<String>;

    fn reason(&self, stage: &str, date: &str) -> String;
}

impl Looked for Planned {
    fn sql(&self, dataset: &str, statements: &str) {
        let folder = self.state.path().join("warehouse");
        fs::create_dir_all(&folder).unwrap();
        let db = Connection::open(folder.join(format!("{dataset}.sqlite"))).unwrap();
        db.execute_batch(statements).unwrap();
    }

    fn rows(&self, query: &str) -> Vec<String> {
        let db = self.state.warehouse();
        let mut statement = db.prepare(query).unwrap();
        let width = statement.column_count();
        let text = |row: &rusqlite::Row<'_>| {
            let cells = (0..width).map(|at| row.get::<_, rusqlite::types::Value>(at).map(shown));
            cells.collect::<Result<Vec<_>, _>>().map(|cells| cells.join(" "))
        };
        let found = statement.query_map([], text).unwrap();
        found.collect::<Result<_, _>>().unwrap()
    }

    fn units(&self, stage: &str) -> Vec<String> {
        let ledger = self.state.ledger();
        let mut statement = ledger
            .prepare("SELECT date || ' ' || state || ' ' || rows FROM unit WHERE stage = ?1 ORDER BY date")
            .unwrap();
        let found = statement.query_map([stage], |row| row.get(0)).unwrap();
        found.collect::<Result<_, _>>().unwrap()
    }

    fn reason(&self, stage: &str, date: &str) -> String {
        let sql = "SELECT reason FROM unit WHERE stage = ?1 AND date = ?2";
        self.state
            .ledger()
            .query_row(sql, [stage, date], |row| row.get(0))
            .unwrap()
    }
}

fn shown(value: rusqlite::types::Value) -> String {
    use rusqlite::types::Value;
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text,
        Value::Blob(_) => "a blob".to_owned(),
    }
}
