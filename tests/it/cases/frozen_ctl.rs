//! A run whose process was stopped: `ctl` and `attach` waited for ever, without a word.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::thread;
use std::time::{Duration, Instant};

use rstest::rstest;
use rustix::process::Signal;

use super::{Held, Planned, SMALL};
use crate::pty::Pty;

/// The limit is 5 s; the rest is for a busy machine.
const LIMIT: Duration = Duration::from_secs(15);

#[test]
fn a_frozen_run_is_named_after_five_seconds() {
    let case = Planned::new(SMALL);
    let held = Held::start(&case);
    held.signal(Signal::STOP);
    let process = format!("(process {}) has not answered since 20", held.0.id());
    for words in [["ctl", "status"], ["ctl", "pause"]] {
        let asked = Instant::now();
        let refused = case.backcourt(&words).expect(4);
        assert!(refused.err.contains(&process), "{}", refused.err);
        assert!(
            refused.err.contains("its last event was at 20"),
            "{}",
            refused.err
        );
        assert!(asked.elapsed() < LIMIT, "{:?}", asked.elapsed());
    }
    let state = case.state.path();
    let mut pty = Pty::backcourt(
        &["attach", "--state-dir", state.to_str().unwrap()],
        &[],
        (200, 40),
    );
    assert_eq!(pty.wait_exit().exit_code(), 4);
    assert!(
        pty.screen().contents().contains(&process),
        "{}",
        pty.screen().contents()
    );
    // Other commands find the lock taken, at once.
    for words in [&["check"][..], &["waive", "x", "--reason", "y"]] {
        let asked = Instant::now();
        case.backcourt(words);
        assert!(asked.elapsed() < LIMIT, "{words:?}: {:?}", asked.elapsed());
    }
    held.signal(Signal::CONT);
    case.backcourt(&["ctl", "status"]).expect(0);
}

#[test]
fn an_attached_console_reports_a_frozen_run() {
    let case = Planned::new(SMALL);
    let held = Held::start(&case);
    let state = case.state.path();
    let mut pty = Pty::backcourt(
        &["attach", "--state-dir", state.to_str().unwrap()],
        &[],
        (160, 40),
    );
    pty.wait_for("paused");
    held.signal(Signal::STOP);
    pty.wait_for("has not answered since 20");
    held.signal(Signal::CONT);
    case.backcourt(&["ctl", "abort"]).expect(0);
    pty.wait_for("stopped");
    pty.send("q");
    pty.wait_exit();
}

/// A server in place of a run.
fn serve(case: &Planned, answer: &'static [u8]) {
    let socket = case.state.path().join("control.sock");
    std::fs::create_dir_all(case.state.path()).unwrap();
    let listener = UnixListener::bind(socket).unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut asked = String::new();
            BufReader::new(client.try_clone().unwrap())
                .read_line(&mut asked)
                .ok();
            client.write_all(answer).ok();
        }
    });
}

#[rstest]
#[case::other_schema(
    b"{\"schema\":\"backcourt.control/2\",\"picture\":{\"whole\":{\"new\":1}}}\n",
    "uses protocol 'backcourt.control/2', but this backcourt uses backcourt.control/1"
)]
#[case::refusal(b"refused: \x1b[2J go away\n", "the run refused: ")]
#[case::noise(b"\xff\x00\n", "lost the connection to the run")]
#[case::nothing(b"", "the run ended before it answered")]
fn a_server_that_is_not_understood_is_described(#[case] answer: &'static [u8], #[case] says: &str) {
    let case = Planned::new(SMALL);
    serve(&case, answer);
    let refused = case.backcourt(&["ctl", "status"]).expect(2);
    assert!(
        refused.err.contains(says) && !refused.err.contains('\x1b'),
        "{}",
        refused.err
    );
}
