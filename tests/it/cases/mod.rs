//! Regression tests: small plans that once lost rows or hid failures, run with the real program and named after the
//! bug.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod active_ignored;
mod check_before_stage_opens;
mod dryrun_after_kill;
mod dryrun_hides_stale;
mod empty_deletes;
mod empty_rerun;
mod sql_stack_overflow;

use std::fs;

use crate::planned::Planned;
use rusqlite::Connection;

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
