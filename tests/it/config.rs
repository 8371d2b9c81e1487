//! The config file with the real binary: which settings it controls, what overrides it, and what is rejected.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::fs;
use std::path::{Path, PathBuf};

use crate::program::{Ended, State, backcourt, ended};
use crate::pty::Pty;
use rstest::rstest;

const SIZE: (u16, u16) = (120, 40);
const F5: &str = "\u{1b}[15~";

/// Writes a config file beside the state folder.
fn written(state: &State, text: &str) -> PathBuf {
    let path = state.path().with_file_name("config.toml");
    fs::write(&path, text).unwrap();
    path
}

/// The program with this config file.
fn with_file(file: &Path, arguments: &[&str]) -> Ended {
    ended(backcourt().args(arguments).arg("--config").arg(file))
}

/// The line of `config show` for a setting.
fn line<'a>(shown: &'a str, setting: &str) -> &'a str {
    let mut lines = shown.lines().filter(|line| line.starts_with(setting));
    lines.next().unwrap_or_default()
}

fn paused(state: &State, more: &[&str], environment: &[(&str, &str)]) -> Pty {
    let flags = state.flags();
    let mut arguments = vec!["run", "--paused", "--stop-after", "team_offense"];
    arguments.extend(flags.iter().map(String::as_str));
    arguments.extend(more);
    Pty::backcourt(&arguments, environment, SIZE)
}

#[test]
fn a_custom_key_pauses_and_is_shown_on_screen() {
    let state = State::loaded().without_checks();
    let file = written(&state, "[keys]\npause = \"F5\"\n");
    let environment = [("BACKCOURT_CONFIG", file.to_str().unwrap())];
    let mut pty = paused(&state, &["--to", "2021-10-25"], &environment);
    pty.wait_for("F5 resume");
    pty.wait_for("Paused: F5 resumes");
    pty.send("p?");
    pty.wait_until("the help is open and the run still held", |screen| {
        let text = screen.contents();
        text.contains("Control socket: ") && text.contains("paused")
    });
    pty.send("/pause\r");
    pty.wait_until("the help names the key", |screen| {
        let said = "pause or resume the run";
        let contents = screen.contents();
        contents
            .lines()
            .any(|line| line.contains("F5") && line.contains(said))
    });
    pty.send("q");
    pty.send(F5);
    pty.wait_until("the run has ended", |screen| {
        screen
            .contents()
            .lines()
            .next()
            .unwrap_or_default()
            .contains("finished")
    });
    pty.send("q");
    assert!(pty.wait_exit().success());
}

fn has_mouse(screen: &vt100::Screen) -> bool {
    screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None
}

#[test]
fn a_key_toggles_mouse_capture() {
    let state = State::loaded().without_checks();
    let mut pty = paused(&state, &[], &[]);
    pty.wait_for("Paused: p resumes");
    assert!(!has_mouse(&pty.screen()), "the terminal has it at first");
    pty.send("m");
    pty.wait_until("the mouse is taken and the bar says so", |screen| {
        has_mouse(screen) && screen.contents().contains("m mouse off")
    });
    pty.send("?");
    pty.wait_for("previous day");
    let wheel_down = "\u{1b}[<65;10;10M";
    pty.send(wheel_down);
    pty.wait_until("the wheel has scrolled the help", |screen| {
        let text = screen.contents();
        text.contains("search") && text.contains(" Keys ") && !text.contains("Control socket")
    });
    pty.send("q");
    let on_the_log = "\u{1b}[<0;10;34M\u{1b}[<0;10;34m";
    pty.send(on_the_log);
    pty.wait_for("f level");
    pty.send("m");
    pty.wait_until("mouse off", |screen| !has_mouse(screen));
    pty.send("m");
    pty.wait_until("the mouse is taken again", has_mouse);
    pty.send("qe");
    pty.wait_exit();
    assert!(!has_mouse(&pty.screen()), "left as it was found");
}

#[rstest]
#[case::setting("them = 'dark'", "line 1: setting 'them' not found; did you mean 'theme'?")]
#[case::command("[keys]\nrerunn = 'r'", "command 'rerunn' not found; did you mean 'rerun'?")]
#[case::taken("[keys]\nrerun = 'p'", "p would mean both 'rerun' and 'pause' (Dates)")]
fn an_invalid_file_stops_the_program_at_startup(#[case] text: &str, #[case] problem: &str) {
    let state = State::none();
    let file = written(&state, text);
    let command = &mut state.command(&["run", "--output", "plain"]);
    let told = ended(command.arg("--config").arg(&file)).expect(2).err;
    assert!(told.contains(problem), "{told}");
    assert!(told.contains(file.to_str().unwrap()), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(!state.path().exists(), "nothing was made");
    // The commands that help to fix it still work.
    with_file(&file, &["config", "template"]).expect(0);
    with_file(&file, &["config", "path"]).expect(0);
}

#[test]
fn all_errors_in_a_file_are_reported_together() {
    let state = State::none();
    let file = written(&state, "workers = 'many'\n\n[keys]\nzoom = 'z'\nrerunn = 'r'\n");
    let told = with_file(&file, &["keys"]).expect(2).err;
    let lines: Vec<_> = told.lines().collect();
    let [first, second, third] = lines.as_slice() else {
        panic!("{told}");
    };
    assert_eq!(
        *first,
        format!("backcourt: config file {} has 2 mistakes:", file.display())
    );
    assert_eq!(
        *second,
        "  line 1: workers can't be 'many': give a whole number from 1 to 512"
    );
    assert_eq!(
        *third,
        "  line 5: keys: command 'rerunn' not found; did you mean 'rerun'?"
    );
}

#[test]
fn an_explicit_file_must_exist_and_the_default_one_need_not() {
    let state = State::none();
    let nowhere = state.path().join("config.toml");
    let told = with_file(&nowhere, &["keys"]).expect(2).err;
    assert!(told.contains("cannot be read"), "{told}");
    let mut usual = backcourt();
    let usual = usual
        .env_remove("BACKCOURT_CONFIG")
        .env("XDG_CONFIG_HOME", state.path());
    let told = ended(usual.args(["config", "path"])).expect(0);
    let place = state.path().join("backcourt/config.toml");
    assert_eq!(told.out, format!("{}\n", place.display()));
    assert!(told.err.contains("create it"), "{}", told.err);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(&place, "theme = 'mono'\n").unwrap();
    let mut usual = backcourt();
    let usual = usual
        .env_remove("BACKCOURT_CONFIG")
        .env("XDG_CONFIG_HOME", state.path());
    let shown = ended(usual.args(["config", "show"])).expect(0).out;
    assert!(line(&shown, "theme").contains("\"mono\""), "{shown}");
    assert!(line(&shown, "theme").ends_with("# file"), "{shown}");
}

#[test]
fn precedence_is_flag_environment_file_default() {
    let state = State::none();
    let file = written(
        &state,
        "theme = 'mono'\nnotify = 'never'\nworkers = 8\noutput = 'plain'\n",
    );
    let mut command = backcourt();
    command
        .args(["config", "show", "--theme", "dark", "--config"])
        .arg(&file)
        .env("BACKCOURT_THEME", "light")
        .env("BACKCOURT_NOTIFY", "osc9");
    let shown = ended(&mut command).expect(0).out;
    for (setting, value, said) in [
        ("theme", "\"dark\"", "# flag"),
        ("notify", "\"osc9\"", "# environment, BACKCOURT_NOTIFY"),
        ("workers", "8", "# file"),
        ("on_hangup", "\"continue\"", "# default"),
    ] {
        let line = line(&shown, setting);
        assert!(line.contains(value) && line.ends_with(said), "{shown}");
    }
    // The output of `config show` is a valid config file.
    let again = written(&state, &shown);
    let same = with_file(&again, &["config", "show"]).expect(0).out;
    assert!(line(&same, "theme").contains("\"dark\""), "{same}");
}

#[test]
fn keys_are_listed_with_their_effective_bindings() {
    let state = State::none();
    let file = written(&state, "[keys]\npause = [\"F5\", \"Ctrl-P\"]\n");
    let listed = with_file(&file, &["keys"]).expect(0).out;
    let pause = line(&listed, "pause ");
    assert!(pause.contains(" F5 Ctrl-P "), "{pause}");
    assert!(pause.ends_with("[custom; default p]"), "{pause}");
    assert_eq!(listed.matches("[custom").count(), 1);
}

#[test]
fn check_accepts_the_console_flags_of_run() {
    let state = State::none();
    let look = ["check", "--output", "plain", "--theme", "mono", "--mouse"];
    let more = ["--notify", "never", "--on-hangup", "drain"];
    let told = state.backcourt(&[&look[..], &more].concat()).expect(2).err;
    assert!(told.contains("never run in"), "it is understood: {told}");
    let told = state.backcourt(&["check", "--theme", "mnoo"]).expect(2).err;
    assert!(told.contains("invalid value 'mnoo' for '--theme"), "{told}");
}
