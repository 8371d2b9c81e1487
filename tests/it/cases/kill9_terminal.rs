//! The process that draws the console was killed, and the shell got a raw terminal on the alternate screen.

use rstest::rstest;
use rustix::process::Signal;
use vt100::MouseProtocolMode;

use super::{Held, Planned, SMALL, console};
use crate::pty::Pty;

/// Kills the process that draws, and asserts that the shell gets its terminal, `code` and a sentence with `parts`.
fn assert_given_back(mut pty: Pty, (signal, code): (Signal, u32), parts: &[&str]) {
    pty.signal_child(signal);
    assert_eq!(pty.wait_exit().exit_code(), code);
    let screen = pty.screen();
    assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
    assert_eq!(screen.mouse_protocol_mode(), MouseProtocolMode::None);
    assert!(pty.modes_restored(), "the terminal is still raw");
    // The sentence may be wrapped.
    let said = screen.contents().replace('\n', "");
    assert!(parts.iter().all(|part| said.contains(part)), "{said}");
}

#[rstest]
#[case::killed(Signal::KILL, 137, "SIGKILL")]
#[case::aborted(Signal::ABORT, 134, "SIGABRT")]
#[case::file_too_large(Signal::XFSZ, 153, "SIGXFSZ")]
fn a_killed_run_gives_the_terminal_back(
    #[case] signal: Signal,
    #[case] code: u32,
    #[case] name: &str,
    #[values(false, true)] has_mouse: bool,
) {
    let case = Planned::new(SMALL);
    let pty = console(&case, if has_mouse { &["--mouse"] } else { &[] });
    assert_eq!(
        pty.screen().mouse_protocol_mode() != MouseProtocolMode::None,
        has_mouse
    );
    let logs = case.state.path().join("logs");
    let parts = ["the process of the run", name, logs.to_str().unwrap()];
    assert_given_back(pty, (signal, code), &parts);
    case.run(&[]).expect(0);
}

/// A console that shows a run of another process, present or past.
#[derive(Debug, Clone, Copy)]
enum Shows {
    /// An active run.
    Run,
    /// The events of a run.
    Events,
    /// The progress recorded in the warehouse.
    Warehouse,
}

/// The console of `attach` or `replay`, with the mouse captured.
fn shown(case: &Planned, shows: Shows, environment: &[(&str, &str)]) -> Pty {
    let (state, plan) = (case.state.path(), case.file());
    let warehouse = format!("sqlite:{}", state.join("warehouse").display());
    let mut arguments = match shows {
        Shows::Run => vec!["attach"],
        Shows::Events => vec!["replay"],
        Shows::Warehouse => vec![
            "attach",
            "--warehouse",
            &warehouse,
            "--plan",
            plan.to_str().unwrap(),
        ],
    };
    arguments.extend(["--mouse", "--state-dir", state.to_str().unwrap()]);
    let pty = Pty::backcourt(&arguments, environment, (120, 40));
    pty.wait_until("the console is drawn", |screen| {
        screen.mouse_protocol_mode() != MouseProtocolMode::None && screen.contents().contains("one")
    });
    pty
}

#[rstest]
fn a_killed_console_of_another_run_gives_the_terminal_back(
    #[values(Shows::Run, Shows::Events, Shows::Warehouse)] shows: Shows,
    #[values((Signal::KILL, 137, "SIGKILL"), (Signal::ABORT, 134, "SIGABRT"), (Signal::XFSZ, 153, "SIGXFSZ"))]
    killed: (Signal, u32, &str),
) {
    let case = Planned::new(SMALL);
    let held = matches!(shows, Shows::Run).then(|| Held::start(&case));
    if held.is_none() {
        case.run(&[]).expect(0);
    }
    let pty = shown(&case, shows, &[]);
    let logs = case.state.path().join("logs");
    let next = match shows {
        Shows::Run => logs.to_str().unwrap(),
        Shows::Events | Shows::Warehouse => "start it again",
    };
    let (signal, code, name) = killed;
    assert_given_back(pty, (signal, code), &["the process of the console", name, next]);
    if held.is_some() {
        let said = case.backcourt(&["ctl", "status"]).expect(0).out;
        assert!(said.contains(": paused"), "the run is another process: {said}");
    }
}

/// Such a terminal gets lines from `run` and `replay`, but `attach` has nothing else than the console.
#[test]
fn a_killed_console_on_a_dumb_terminal_gives_it_back() {
    let case = Planned::new(SMALL);
    let _held = Held::start(&case);
    let pty = shown(&case, Shows::Run, &[("TERM", "dumb")]);
    assert_given_back(pty, (Signal::KILL, 137), &["SIGKILL"]);
}

/// As on the run's own console: the process that waits forwards the signal, and the other leaves.
#[test]
fn a_signal_to_the_waiting_process_ends_an_attached_console() {
    let case = Planned::new(SMALL);
    let _held = Held::start(&case);
    let mut pty = shown(&case, Shows::Run, &[]);
    pty.signal(Signal::TERM);
    assert_eq!(pty.wait_exit().exit_code(), 143);
    assert!(pty.modes_restored() && !pty.screen().alternate_screen());
}
