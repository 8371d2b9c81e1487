//! The control socket of a real run: who may connect, which commands it understands, and that no client can harm the
//! run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]
#![allow(clippy::print_stderr, reason = "a test that cannot be had here says so")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::program::{Ended, State, ended, wait_until};
use backcourt::console::keymap;
use backcourt::control::words;
use rustix::process::geteuid;
use serde_json::{Value, json};

/// A paused run without a screen; killed when dropped.
struct Run {
    state: State,
    child: Child,
}

impl Run {
    fn held() -> Self {
        Self::held_in(State::loaded().without_source_checks())
    }

    fn held_in(state: State) -> Self {
        let args = [
            "run",
            "--stop-after",
            "team_offense",
            "--paused",
            "--output",
            "silent",
        ];
        let child = state.command(&args).stdout(Stdio::null()).spawn().unwrap();
        let run = Self { state, child };
        wait_until(
            "the run holds, knows its dates and what is wrong with its sources",
            || {
                let status = run.ctl(&["status"]).out;
                status.contains(": paused") && status.contains(" skipped") && run.knows_its_sources()
            },
        );
        run
    }

    fn knows_its_sources(&self) -> bool {
        let status = self.state.status();
        let sources = status["sources"].as_array().unwrap();
        sources.iter().all(|source| source["state"] != "PENDING")
    }

    fn ctl(&self, words: &[&str]) -> Ended {
        self.state.backcourt(&[&["ctl"], words].concat())
    }

    fn socket(&self) -> PathBuf {
        self.state.path().join("control.sock")
    }

    fn connect(&self) -> UnixStream {
        UnixStream::connect(self.socket()).unwrap()
    }

    /// Everything a client receives that sends this text and then stops writing.
    fn says(&self, text: &[u8]) -> String {
        let mut client = self.connect();
        // A rejected client may see its connection closed before it has sent anything; what it received counts.
        client.write_all(text).ok();
        client.shutdown(Shutdown::Write).ok();
        let mut told = Vec::new();
        client.read_to_end(&mut told).ok();
        String::from_utf8(told).unwrap()
    }

    /// The peak memory of the process so far, in bytes.
    fn peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    fn exit_code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn a_run_is_controlled_from_a_second_shell() {
    let mut run = Run::held();
    let started = &run.state.facts()[0];
    assert_eq!(started["control"], run.socket().to_str().unwrap());
    let status = run.ctl(&["status"]).expect(0).out;
    for part in [
        "paused",
        "team_offense: ",
        "916 pending",
        "checks: ",
        "paused by the operator",
    ] {
        assert!(status.contains(part), "{part} in {status}");
    }
    assert_eq!(run.ctl(&["workers", "3"]).expect(0).out, "ok: 3 workers\n");
    let refused = run.ctl(&["workers", "513"]).expect(1).out;
    assert!(
        refused.starts_with("refused: 513 workers are out of range"),
        "{refused}"
    );
    let refused = run.ctl(&["pause"]).expect(1).out;
    assert!(refused.contains("already paused"), "{refused}");
    let slip = run.ctl(&["resum"]).expect(2).err;
    assert!(slip.contains("did you mean 'resume'?"), "{slip}");
    run.ctl(&["rerun", "2025-11-14", "in", "nowhere"]).expect(1);
    run.ctl(&["resume"]).expect(0);
    let rows = wait_for_rows(&run);
    assert_eq!(
        rows.lines().count(),
        1 + 4,
        "a head and two rows for each of two games: {rows}"
    );
    run.ctl(&["drain"]);
    run.exit_code();
    assert!(!run.socket().exists(), "taken away at the end");
    let refused = run.ctl(&["pause"]).expect(2).err;
    assert!(refused.contains("no run is active"), "{refused}");
    let from_the_ledger = run.ctl(&["status"]).expect(0).out;
    assert!(from_the_ledger.contains("team_offense -> "), "{from_the_ledger}");
}

/// The rows of a date, once they are stored.
fn wait_for_rows(run: &Run) -> String {
    let rows = || run.ctl(&["inspect", "team_offense", "2021-10-19"]).expect(0).out;
    wait_until("the date is stored", || rows().lines().count() > 1);
    rows()
}

#[test]
fn replies_use_the_format_of_the_request() {
    let run = Run::held();
    let told = run.says(b"workers 5\nnonsense\n\nworkers 4");
    let answers: Vec<&str> = told.lines().collect();
    assert_eq!(
        answers[0],
        "refused: command 'nonsense' not found; choose one of: help, status, pause, resume, answer, workers, rerun, \
         reload, look, check, breakdown, waive, tick, untick, advance, inspect, cancel, drain, abort"
    );
    assert_eq!(answers[1], "refused: empty command; 'help' lists the commands");
    assert_eq!(answers[2..], ["ok: 5 workers", "ok: 4 workers"]);
    assert_eq!(run.says(b"help\n"), words::help());

    let asked = json!({"schema": "backcourt.control/1", "id": 7, "request": {"command": {"workers": 3}}});
    let told: Value = serde_json::from_str(&run.says(asked.to_string().as_bytes())).unwrap();
    let expected = json!({"schema": "backcourt.control/1", "id": 7, "reply": {"accepted": "3 workers"}});
    assert_eq!(told, expected);
    let asked = json!({"schema": "backcourt.control/1", "id": 8, "request": "status"});
    let told: Value = serde_json::from_str(&run.says(asked.to_string().as_bytes())).unwrap();
    assert_eq!(told["status"]["run"]["state"], "paused");
    assert_eq!(told["status"]["stages"][0]["counts"]["pending"], 916);
    let told: Value = serde_json::from_str(&run.says(b"{\"id\":1}")).unwrap();
    assert!(
        told["reply"]["refused"]
            .as_str()
            .unwrap()
            .contains("invalid line"),
        "{told}"
    );
}

#[test]
fn a_status_request_writes_nothing() {
    let run = Run::held_in(State::loaded());
    let written = || {
        let folder = run.state.path();
        let text = |name: &str| fs::read(folder.join(name)).unwrap();
        // The last snapshot of a paused run may follow its last event.
        (
            run.state.facts(),
            text("ledger.sqlite"),
            text("ledger.sqlite-wal"),
        )
    };
    let before = written();
    run.says(b"help\nstatus\ninspect team_offense 2021-10-22\nnonsense\n");
    run.ctl(&["status"]).expect(0);
    run.ctl(&["help"]).expect(0);
    assert!(before == written());
}

#[test]
fn clients_cannot_crash_the_run_or_exhaust_memory() {
    let run = Run::held();
    let before = run.peak();

    let mut huge = run.connect();
    let piece = vec![b'x'; 1024 * 1024];
    let sent = (0..64).try_for_each(|_| huge.write_all(&piece));
    let mut told = String::new();
    huge.read_to_string(&mut told).unwrap();
    assert_eq!(told, "refused: a line can have at most 65536 bytes\n");
    if let Err(error) = sent {
        assert!(
            matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset),
            "{error}"
        );
    }

    // Sends more requests than its socket buffers and reads nothing, until it is disconnected.
    let mut deaf = run.connect();
    deaf.set_nonblocking(true).unwrap();
    wait_until("the deaf client is let go", || match deaf.write(b"help\n") {
        Err(error) => error.kind() != ErrorKind::WouldBlock,
        Ok(_) => false,
    });

    // One byte at a time, with other clients served in between: a slow line is still a line.
    let mut slow = run.connect();
    for byte in b"status" {
        slow.write_all(&[*byte]).unwrap();
        assert!(run.says(b"status\n").contains("paused"));
    }
    // Half-closed without a newline: the request counts, and the answer still arrives.
    slow.shutdown(Shutdown::Write).unwrap();
    let mut told = String::new();
    slow.read_to_string(&mut told).unwrap();
    assert!(told.contains("paused"), "{told}");
    // The other way round: it sends requests and can't receive anything.
    let mut mute = run.connect();
    mute.shutdown(Shutdown::Read).unwrap();
    mute.write_all(b"status\nstatus\n").ok();

    // Many clients that never finish a line, one after the other or all at once. Those over the limit get an error.
    let idle: Vec<UnixStream> = (0..32)
        .map(|_| {
            let mut client = run.connect();
            client.write_all(b"stat").unwrap();
            client
        })
        .collect();
    assert_eq!(
        run.says(b"status\n"),
        "refused: too many clients; close one and try again\n"
    );
    drop(idle);
    wait_until("there is room again", || run.says(b"status\n").contains("paused"));

    for _ in 0..200 {
        // A client over the limit is rejected before it has sent anything.
        run.connect().write_all(b"\xff\xfe\x00\n{\"\n").ok();
    }
    wait_until("there is room again", || run.says(b"status\n").contains("paused"));
    let grown = run.peak().saturating_sub(before);
    assert!(
        grown <= 10 * 1024 * 1024,
        "the run's memory grew by {grown} bytes"
    );
    assert_eq!(run.ctl(&["resume"]).expect(0).out, "ok: resumed\n");
}

#[test]
fn a_stale_socket_is_detected_and_replaced() {
    let mut run = Run::held();
    run.child.kill().unwrap();
    run.child.wait().unwrap();
    assert!(run.socket().exists());
    let refused = run.ctl(&["pause"]).expect(2).err;
    assert!(refused.contains("no run is active"), "{refused}");
    let state = std::mem::replace(&mut run.state, State::none());
    let next = Run::held_in(state);
    assert_eq!(next.ctl(&["workers", "2"]).expect(0).out, "ok: 2 workers\n");
}

#[test]
fn other_users_are_refused() {
    if !geteuid().is_root() {
        eprintln!("SKIPPED: only root can act as another user");
        return;
    }
    let run = Run::held();
    let mode = fs::metadata(run.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // Even if the socket is made accessible, the peer's user is checked.
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_backcourt"), folder.path().join("backcourt")).unwrap();
    fs::set_permissions(run.socket(), fs::Permissions::from_mode(0o777)).unwrap();
    std::os::unix::fs::symlink(run.socket(), folder.path().join("control.sock")).unwrap();
    for way in run
        .state
        .path()
        .ancestors()
        .take_while(|way| way.starts_with(env!("CARGO_TARGET_TMPDIR")))
    {
        fs::set_permissions(way, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let told = ended(
        Command::new(folder.path().join("backcourt"))
            .args(["ctl", "drain", "--state-dir"])
            .arg(folder.path())
            .uid(65_534),
    );
    if told.err.contains("Permission denied") {
        eprintln!("SKIPPED: no way for another user to where the tests run");
        return;
    }
    let told = told.expect(2).err;
    assert!(
        told.contains("this run belongs to user 0, and you are user 65534"),
        "{told}"
    );
    run.ctl(&["status"]).expect(0);
}

#[test]
fn the_console_and_the_socket_accept_the_same_commands() {
    let console: BTreeSet<&str> = keymap::TABLE
        .iter()
        .flat_map(|binding| binding.action.orders())
        .copied()
        .collect();
    let socket: BTreeSet<&str> = words::TABLE.iter().map(|word| word.name).collect();
    assert_eq!(console, socket);
}

#[test]
fn plain_output_shows_the_socket_path() {
    let state = State::loaded().without_checks();
    let mut child = state
        .command(&[
            "run",
            "--stop-after",
            "team_offense",
            "--paused",
            "--output",
            "plain",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut run = Run {
        state,
        child: Command::new("true").spawn().unwrap(),
    };
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    std::mem::swap(&mut run.child, &mut child);
    child.wait().unwrap();
    let named = format!(
        "control socket {}: 'backcourt ctl help' lists its commands",
        run.socket().display()
    );
    assert!(
        lines
            .map(Result::unwrap)
            .take(5)
            .any(|line| line.ends_with(&named))
    );
}
