//! Notifications for an operator: the bytes that reach the terminal, and the environment of a notify command.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may stop at the first surprise, and prints what it skipped"
)]

use std::fs;
use std::path::PathBuf;

use crate::program::{State, ended};
use crate::pty::{Pty, wait_until};
use rstest::rstest;

const SIZE: (u16, u16) = (100, 30);

/// A day that fails, a day whose rows close the gate, and the end of the run. The command's last line becomes part of a
/// message: it tries to end a terminal escape sequence early and to be run by a shell.
const PIER: &str = r#"
name = "pier"
title = "A pier"
from = "2024-03-01"
to = "2024-03-02"
workers = 1
[[stage]]
name = "calls"
kind = "command"
command = ["sh", "-c", '''
case $1 in
2024-03-01) printf 'lost; $(touch owned) `touch owned` "; touch owned #\007\033]0;owned\007' >&2; exit 1 ;;
*) echo day,tons; echo "$1,0" ;;
esac''', "calls", "{date}"]
timeout_seconds = 60
table = "pier.calls"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "tons", type = "INT64" }]
[[check]]
name = "none_empty"
stage = "calls"
title = "No ship comes empty"
severity = "blocking"
sql = "SELECT day FROM pier.calls WHERE tons = 0"
expect = [{ rows = 0 }]
"#;

struct Pier {
    state: State,
    folder: tempfile::TempDir,
}

impl Pier {
    fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        fs::write(folder.path().join("pier.toml"), PIER).unwrap();
        let state = State::none();
        Self { state, folder }
    }

    fn arguments(&self, notify: &str, more: &[&str]) -> Vec<String> {
        let plan = self.folder.path().join("pier.toml");
        let (plan, state) = (
            plan.display().to_string(),
            self.state.path().display().to_string(),
        );
        let mut arguments = vec!["run", "--plan", &plan, "--state-dir", &state, "--notify", notify];
        arguments.extend(more);
        arguments.into_iter().map(str::to_owned).collect()
    }

    fn on_a_terminal(&self, notify: &str, more: &[&str]) -> Pty {
        let arguments = self.arguments(notify, more);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Pty::backcourt(&arguments, &[], SIZE)
    }

    fn has_ended(&self) -> bool {
        let facts = self.state.facts();
        facts.iter().any(|fact| fact["event"] == "run_finished")
    }

    /// The start of each of the three messages, in order.
    const BEGINNINGS: [&'static str; 3] = [
        "calls 2024-03-01 failed: ",
        "none_empty closes the gate of calls: FAIL, ",
        "finished: ",
    ];
}

/// The texts of all escape sequences that start like this and end with a bell.
fn sequences(bytes: &[u8], beginning: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let after = text.split(beginning).skip(1);
    after
        .map(|rest| rest.split('\x07').next().unwrap_or_default().to_owned())
        .collect()
}

fn bells(bytes: &[u8]) -> usize {
    String::from_utf8_lossy(bytes).matches('\x07').count()
}

#[rstest]
#[case::bell("bell", None, 3)]
#[case::osc9("osc9", Some("\x1b]9;"), 3)]
#[case::osc777("osc777", Some("\x1b]777;notify;backcourt;"), 3)]
#[case::never("never", None, 0)]
fn the_terminal_is_notified_once_per_event(
    #[case] notify: &str,
    #[case] beginning: Option<&str>,
    #[case] times: usize,
) {
    let pier = Pier::new();
    let mut pty = pier.on_a_terminal(notify, &[]);
    pty.wait_until("the end is on the screen", |screen| {
        screen
            .contents()
            .lines()
            .next()
            .is_some_and(|line| line.contains("finished"))
    });
    wait_until("the terminal was told", || bells(&pty.bytes()) >= times);
    pty.send("q");
    assert_eq!(pty.wait_exit().exit_code(), 1);
    let bytes = pty.bytes();
    assert_eq!(bells(&bytes), times);
    let told = beginning
        .map(|beginning| sequences(&bytes, beginning))
        .unwrap_or_default();
    if beginning.is_some() {
        assert_eq!(told.len(), 3, "{told:?}");
    }
    for (text, expected) in told.iter().zip(Pier::BEGINNINGS) {
        assert!(text.starts_with(expected), "{told:?}");
        assert!(!text.contains('\x1b'), "it stays within its sequence: {text:?}");
    }
}

#[rstest]
fn notifications_need_a_screen(#[values("bell", "osc9", "osc777")] notify: &str) {
    let pier = Pier::new();
    let said = ended(crate::program::backcourt().args(pier.arguments(notify, &[]))).expect(1);
    for text in [&said.out, &said.err] {
        assert!(!text.contains(['\x07', '\x1b']), "{text:?}");
    }
    assert!(said.out.contains("calls 2024-03-01 FAILED"), "{}", said.out);

    // Plain output on a terminal is for screen readers: no screen, and no bell either.
    let pier = Pier::new();
    let mut pty = pier.on_a_terminal(notify, &["--output", "plain"]);
    assert_eq!(pty.wait_exit().exit_code(), 1);
    assert_eq!(bells(&pty.bytes()), 0);
    assert!(!String::from_utf8_lossy(&pty.bytes()).contains("\x1b]"));
}

#[test]
fn after_detaching_only_the_command_is_notified() {
    for (notify, told) in [("bell", 0), (&*command_into("notices"), 3)] {
        let pier = Pier::new();
        let arguments = pier.arguments(notify, &["--paused"]);
        // The base for relative paths of the command.
        let within = format!("cd '{}' && exec \"$0\" \"$@\"", pier.folder.path().display());
        let mut all = vec!["-c", &*within, env!("CARGO_BIN_EXE_backcourt")];
        all.extend(arguments.iter().map(String::as_str));
        let mut pty = Pty::start("/bin/sh", &all, &[], SIZE);
        pty.wait_until("the run stays paused", |screen| {
            screen
                .contents()
                .lines()
                .next()
                .is_some_and(|line| line.contains("paused"))
        });
        pty.send("d");
        assert_eq!(pty.wait_exit().exit_code(), 0);
        pier.state.backcourt(&["ctl", "resume"]).expect(0);
        wait_until("the run has ended", || pier.has_ended());
        assert_eq!(bells(&pty.bytes()), 0, "{notify}");
        wait_until("the command has told", || notices(&pier).len() == told);
    }
}

/// A command that appends its environment to a file, one line per notification.
fn command_into(file: &str) -> String {
    format!("command:printf '%s|%s\\n' \"$BACKCOURT_EVENT\" \"$BACKCOURT_MESSAGE\" >> {file}")
}

fn notices(pier: &Pier) -> Vec<String> {
    let text = fs::read_to_string(pier.folder.path().join("notices")).unwrap_or_default();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[rstest]
fn the_command_receives_event_data_and_never_executes_it(#[values("plain", "silent")] output: &str) {
    let pier = Pier::new();
    let arguments = pier.arguments(&command_into("notices"), &["--output", output]);
    let mut run = crate::program::backcourt();
    ended(run.args(arguments).current_dir(&pier.folder)).expect(1);
    wait_until("all is told", || notices(&pier).len() == 3);
    let [failed, shut, finished] = Pier::BEGINNINGS;
    // Ordered by event.
    for (notice, expected) in notices(&pier).iter().zip([
        format!("first_failure|{failed}"),
        format!("gate_closed|{shut}"),
        format!("run_finished|{finished}"),
    ]) {
        assert!(notice.starts_with(&expected), "{notice}");
    }
    let reason = &notices(&pier)[0];
    assert!(
        reason.contains("$(touch owned) `touch owned` \"; touch owned #"),
        "{reason}"
    );
    let made: Vec<PathBuf> = fs::read_dir(&pier.folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert!(made.iter().all(|file| !file.ends_with("owned")), "{made:?}");
}

#[test]
fn tmux_notifications_are_wrapped_for_the_outer_terminal() {
    if std::process::Command::new("tmux").arg("-V").output().is_err() {
        println!("skipped: tmux is not installed");
        return;
    }
    let pier = Pier::new();
    let here = pier.folder.path();
    fs::write(
        here.join("tmux.conf"),
        "set -g allow-passthrough on\nset -g default-terminal screen-256color\n",
    )
    .unwrap();
    let socket = here.join("tmux").display().to_string();
    let configuration = here.join("tmux.conf").display().to_string();
    let arguments = pier.arguments("osc9-tmux", &[]);
    let mut all = vec![
        "-S",
        &*socket,
        "-f",
        &*configuration,
        "new-session",
        env!("CARGO_BIN_EXE_backcourt"),
    ];
    all.extend(arguments.iter().map(String::as_str));
    let mut pty = Pty::start("tmux", &all, &[("TMUX", "")], SIZE);
    let told = || sequences(&pty.bytes(), "\x1b]9;");
    wait_until("the outer terminal was told", || told().len() == 3);
    for (text, expected) in told().iter().zip(Pier::BEGINNINGS) {
        assert!(text.starts_with(expected), "{text:?}");
    }
    pty.send("q");
    assert_eq!(pty.wait_exit().exit_code(), 0);
}
