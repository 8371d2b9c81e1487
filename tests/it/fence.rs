//! Two state folders on one warehouse: one run at a time; a dead holder is replaced, a frozen one can't write any more.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may stop at the first surprise, and prints what it skipped"
)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use crate::program::{Ended, State, TABLE, backcourt, ended, wait_until};
use rusqlite::{Connection, OpenFlags};
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat, open};
use rustix::process::{Pid, Signal, kill_process};

/// The warehouse of one state folder, for use from another.
fn warehouse(state: &State) -> String {
    format!("sqlite:{}", state.path().join("warehouse").display())
}

fn arguments<'a>(warehouse: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec![
        "run",
        "--stop-after",
        "team_offense",
        "--output",
        "plain",
        "--warehouse",
        warehouse,
    ];
    arguments.extend(more);
    arguments
}

/// A run in the background; killed when dropped.
struct Run(Child);

impl Run {
    fn start(state: &State, warehouse: &str, more: &[&str]) -> Self {
        let mut command = state.command(&arguments(warehouse, more));
        Self(command.stdout(Stdio::null()).spawn().unwrap())
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.0.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn run(state: &State, warehouse: &str) -> Ended {
    ended(&mut state.command(&arguments(warehouse, &[])))
}

fn is_held(state: &State) -> bool {
    state.backcourt(&["ctl", "status"]).out.contains("916 pending")
}

/// When each row was last written.
fn stamps(warehouse: &Connection) -> Vec<String> {
    let sql = format!("SELECT processed_at FROM {TABLE} ORDER BY game_id, team_abbr");
    let mut statement = warehouse.prepare(&sql).unwrap();
    let stamps = statement.query_map([], |row| row.get(0)).unwrap();
    stamps.collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_second_start_is_refused_and_a_killed_holder_is_replaced_at_once() {
    let (first, second) = (State::loaded(), State::none());
    let warehouse = warehouse(&first);
    let mut held = Run::start(&first, &warehouse, &["--paused"]);
    wait_until("the first run holds", || is_held(&first));

    let refused = run(&second, &warehouse).expect(4).err;
    let process = format!("process {} on ", held.0.id());
    let attach = format!("'backcourt attach --state-dir {}'", first.path().display());
    assert!(
        refused.contains(&process) && refused.contains(&attach),
        "{refused}"
    );
    // Another plan fills other tables.
    backcourt()
        .args([
            "run",
            "--plan",
            "shop",
            "--output",
            "silent",
            "--warehouse",
            &warehouse,
            "--state-dir",
        ])
        .arg(State::none().path())
        .status()
        .unwrap();

    held.0.kill().unwrap();
    held.0.wait().unwrap();
    let done = run(&second, &warehouse).expect(0);
    assert!(
        !done.err.contains("waiting up to"),
        "started without waiting: {}",
        done.err
    );
    assert_eq!(second.dates("ok"), 916);
}

/// The sources of a plan's raw tables are replaced file by file, so no other process may be running.
#[test]
fn a_load_during_a_run_from_another_folder_is_refused() {
    let (first, second) = (State::loaded(), State::none());
    let warehouse = warehouse(&first);
    let held = Run::start(&first, &warehouse, &["--paused"]);
    wait_until("the run holds", || is_held(&first));
    let before = feeds(&first);
    let whole = ["load", "--faults", "none", "--warehouse", &warehouse];
    let dates = ["load", "--dates", "2024-01-05", "--warehouse", &warehouse];
    for load in [&whole[..], &dates[..]] {
        let refused = second.backcourt(load).expect(4);
        let process = format!("process {} on ", held.0.id());
        assert!(refused.err.contains(&process), "{refused:#?}");
        assert_eq!(refused.out, "");
    }
    assert_eq!(feeds(&first), before);
}

/// The first load reads from a pipe without a writer, so it is still running when the second one starts, on any
/// machine.
#[test]
fn a_second_load_into_one_warehouse_is_refused_while_the_first_runs() {
    let (first, second) = (State::none(), State::none());
    let warehouse = warehouse(&first);
    let pipe = second.path().with_file_name("teams.csv");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let teams = [
        "load",
        "--warehouse",
        &warehouse,
        "--team-box",
        pipe.to_str().unwrap(),
    ];
    let mut loading = Run(first.command(&teams).stdout(Stdio::null()).spawn().unwrap());
    let mut rows = None;
    wait_until("the first load reads", || {
        rows = open(&pipe, OFlags::WRONLY | OFlags::NONBLOCK, Mode::empty()).ok();
        rows.is_some()
    });
    let lease = first.path().join("warehouse/backcourt.sqlite");
    assert!(holder(&lease).is_some(), "it takes the lease before it reads");

    let refused = second
        .backcourt(&["load", "--faults", "none", "--warehouse", &warehouse])
        .expect(4)
        .err;
    assert!(refused.contains("waiting up to 10 s for "), "{refused}");
    let process = format!("process {} on ", loading.0.id());
    assert_eq!(
        refused.matches(&process).count(),
        2,
        "named while waiting and in the error: {refused}"
    );
    assert!(
        !first.path().join("warehouse/nba_raw.sqlite").exists(),
        "nothing was written"
    );

    let mut rows = fs::File::from(rows.unwrap());
    rows.write_all(
        b"game_id,game_date,team,is_home\n0022500001,2026-01-01,GSW,false\n0022500001,2026-01-01,MIA,true\n",
    )
    .unwrap();
    drop(rows);
    assert_eq!(loading.0.wait().unwrap().code(), Some(0));
    assert_eq!(holder(&lease), None, "the lease was released");
}

/// The length and modification time of the feeds' file.
fn feeds(state: &State) -> (u64, SystemTime) {
    let about = fs::metadata(state.path().join("warehouse/nba_raw.sqlite")).unwrap();
    (about.len(), about.modified().unwrap())
}

/// The lease holder of the built-in plan.
fn holder(leases: &Path) -> Option<String> {
    let leases = Connection::open_with_flags(leases, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    let sql = "SELECT holder FROM lease WHERE plan = 'nba'";
    leases.query_row(sql, [], |row| row.get(0)).ok().flatten()
}

/// The same command in its own PID namespace, which a lease treats as another machine. `None` if the system doesn't
/// allow it.
fn elsewhere(command: &Command) -> Option<Command> {
    let space = || {
        let mut space = Command::new("unshare");
        space.args(["--user", "--map-root-user", "--pid", "--fork", "--kill-child"]);
        space
    };
    let is_permitted = space()
        .arg("true")
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|ended| ended.success());
    let mut moved = space();
    moved
        .stdin(Stdio::null())
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => moved.env(name, value),
            None => moved.env_remove(name),
        };
    }
    is_permitted.then_some(moved)
}

#[test]
fn a_lease_of_another_host_is_taken_only_after_ten_silent_seconds() {
    let (first, second) = (State::loaded(), State::none());
    let warehouse = warehouse(&first);
    let here = first.command(&arguments(&warehouse, &["--paused"]));
    let Some(mut there) = elsewhere(&here) else {
        println!("skipped: this system allows no PID namespaces");
        return;
    };
    let mut held = Run(there.stdout(Stdio::null()).spawn().unwrap());
    wait_until("the first run holds", || is_held(&first));
    let refused = run(&second, &warehouse).expect(4).err;
    assert!(refused.contains("is in use by process"), "{refused}");

    held.0.kill().unwrap();
    held.0.wait().unwrap();
    let killed = Instant::now();
    let done = run(&second, &warehouse).expect(0);
    assert!(done.err.contains("waiting up to 10 s for "), "{}", done.err);
    assert!(
        killed.elapsed() >= Duration::from_secs(9),
        "took the lease too early"
    );
    assert_eq!(second.dates("ok"), 916);
}

#[test]
fn a_frozen_run_loses_its_lease_and_writes_nothing_when_resumed() {
    let (first, second) = (State::loaded(), State::none());
    let warehouse = warehouse(&first);
    let mut frozen = Run::start(&first, &warehouse, &["--workers", "1"]);
    let is_done = |fact: &serde_json::Value| fact["event"] == "unit_finished" && fact["state"] == "ok";
    wait_until("rows are there", || {
        first.facts().iter().filter(|fact| is_done(fact)).count() > 50
    });
    // Not inside a transaction: another process can't release file locks.
    let leases = Connection::open(first.path().join("warehouse/backcourt.sqlite")).unwrap();
    leases.busy_timeout(Duration::ZERO).unwrap();
    wait_until("the run is stopped between two commits", || {
        frozen.signal(Signal::STOP);
        let is_free = leases.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_ok();
        if !is_free {
            frozen.signal(Signal::CONT);
        }
        is_free
    });
    let before = first.dates("ok");
    assert!(before < 916, "it was stopped before it finished");

    let done = run(&second, &warehouse).expect(0);
    assert!(done.err.contains("waiting up to 10 s for "), "{}", done.err);
    assert_eq!(second.dates("ok"), 916);
    let written = stamps(&first.warehouse());
    assert_eq!(written.len(), 11_592);

    frozen.signal(Signal::CONT);
    assert_eq!(frozen.0.wait().unwrap().code(), Some(3));
    assert_eq!(stamps(&first.warehouse()), written, "it wrote nothing more");
    let ended = first.status();
    assert_eq!(ended["run"]["state"], "stopped");
    let why = ended["run"]["ending"].as_str().unwrap_or_default();
    assert!(why.contains("lost the lease of plan nba to "), "{ended:#}");
}
