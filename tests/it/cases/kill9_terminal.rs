//! The process that draws the console was killed, and the shell got a raw terminal on the alternate screen.

use rstest::rstest;
use rustix::process::Signal;
use vt100::MouseProtocolMode;

use super::{Planned, SMALL, console};

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
    let mut pty = console(&case, if has_mouse { &["--mouse"] } else { &[] });
    assert_eq!(
        pty.screen().mouse_protocol_mode() != MouseProtocolMode::None,
        has_mouse
    );
    pty.signal_child(signal);
    assert_eq!(pty.wait_exit().exit_code(), code);
    let screen = pty.screen();
    assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
    assert_eq!(screen.mouse_protocol_mode(), MouseProtocolMode::None);
    assert!(pty.modes_restored(), "the terminal is still raw");
    // The sentence may be wrapped.
    let said = screen.contents().replace('\n', "");
    let logs = case.state.path().join("logs");
    assert!(
        said.contains(name) && said.contains(logs.to_str().unwrap()),
        "{said}"
    );
    case.run(&[]).expect(0);
}
