//! A console on a terminal that nothing reads any more, like that of a stalled SSH connection: neither signals nor
//! commands ended its run, and its folder stayed locked.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::{Planned, SMALL, console};
use crate::pty::{Pty, wait_until};

/// Stops reading and makes the console write more than the terminal holds: a full frame for each new size.
fn stall(pty: &Pty) {
    pty.stop_reading();
    for columns in (100..140).chain(100..140) {
        pty.resize((columns, 40));
        thread::sleep(Duration::from_millis(20));
    }
}

fn assert_stalled(pty: &Pty) {
    assert!(pty.screen().alternate_screen(), "it was read");
}

#[test]
fn a_run_works_and_ends_by_a_signal_while_its_terminal_is_not_read() {
    let case = Planned::new(SMALL);
    let mut pty = console(&case, &[]);
    stall(&pty);
    case.backcourt(&["ctl", "resume"]).expect(0);
    wait_until("the run has done its work", || case.dates("one", "ok") == 2);
    pty.signal(Signal::TERM);
    assert_eq!(pty.wait_end().exit_code(), 0);
    assert_stalled(&pty);
    case.run(&[]).expect(0);
}

#[test]
fn a_paused_run_is_aborted_while_its_terminal_is_not_read() {
    let case = Planned::new(SMALL);
    let mut pty = console(&case, &[]);
    stall(&pty);
    case.backcourt(&["ctl", "abort"]).expect(0);
    assert_eq!(pty.wait_end().exit_code(), 3);
    assert_stalled(&pty);
    case.run(&[]).expect(0);
}

#[test]
fn a_terminal_that_is_read_again_shows_the_newest_state() {
    let case = Planned::new(SMALL);
    let mut pty = console(&case, &[]);
    stall(&pty);
    case.backcourt(&["ctl", "resume"]).expect(0);
    wait_until("the run has done its work", || case.dates("one", "ok") == 2);
    pty.read_again();
    // Not "finished", which the log says a moment before the run has ended; quitting then asks.
    pty.wait_for("Run ended");
    pty.send("q");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    assert!(!pty.screen().alternate_screen() && pty.modes_restored());
}

#[test]
fn plain_lines_to_an_unread_terminal_do_not_delay_signals() {
    let case = Planned::new(SMALL);
    let (plan, state) = (case.file(), case.state.path());
    // More lines than the terminal holds: the run writes one for every command.
    let arguments = [
        "run",
        "--paused",
        "--output",
        "jsonl",
        "--plan",
        plan.to_str().unwrap(),
        "--state-dir",
        state.to_str().unwrap(),
    ];
    let mut pty = Pty::backcourt(&arguments, &[], (120, 40));
    wait_until("the run is paused", || {
        case.backcourt(&["ctl", "status"]).out.contains(": paused")
    });
    pty.stop_reading();
    let mut client = UnixStream::connect(state.join("control.sock")).unwrap();
    let mut replies = client.try_clone().unwrap();
    let replies = thread::spawn(move || {
        let mut text = String::new();
        replies.read_to_string(&mut text).map(|_| text)
    });
    client
        .write_all("workers 2\nworkers 3\n".repeat(1_000).as_bytes())
        .unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let replies = replies.join().unwrap().unwrap();
    assert_eq!(replies.matches("ok: ").count(), 2_000);
    pty.signal(Signal::TERM);
    assert_eq!(pty.wait_end().exit_code(), 143);
    case.run(&[]).expect(0);
}
