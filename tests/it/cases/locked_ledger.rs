//! A backup program locked the ledger for some seconds, and the run stopped.

use std::process::Stdio;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

use super::{Planned, SMALL};

#[test]
fn a_ledger_locked_by_another_program_is_waited_for() {
    let case = Planned::new(SMALL);
    case.run(&["--dates", "2024-01-01"]).expect(0);
    let ledger = Connection::open(case.state.path().join("ledger.sqlite")).unwrap();
    ledger.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut run = case.command(&["run", "--output", "silent"]);
    let mut run = run.stdout(Stdio::null()).spawn().unwrap();
    // Longer than the five seconds after which it used to stop.
    thread::sleep(Duration::from_secs(7));
    assert!(run.try_wait().unwrap().is_none(), "it didn't wait");
    ledger.execute_batch("ROLLBACK").unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(0));
}
