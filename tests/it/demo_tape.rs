//! `demo.tape` is valid: every line is in the tape language, and when it is played in a terminal, each wait succeeds.
//! Recording it needs `vhs`; this test doesn't.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::path::Path;

use crate::pty::Pty;
use regex::Regex;
use rstest::rstest;

const TAPE: &str = include_str!("../../demo.tape");

/// The action of a line.
#[derive(Debug)]
enum Step {
    /// A recording setting; must come before everything else.
    Setup,
    /// Visual effects only.
    Scenery,
    /// Keys, as the bytes a terminal sends.
    Keys(String),
    /// Waits until the screen matches.
    Wait(Regex),
}

/// Parses a line of the subset in use; `None` for a comment.
fn parse(line: &str) -> Result<Option<Step>, String> {
    let matches = |pattern: &str, text: &str| Regex::new(&format!("^(?:{pattern})$")).unwrap().is_match(text);
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let time = r"\d+(\.\d+)?(ms|s)?";
    let step = match word {
        "" | "#" => return Ok(None),
        "Output" if matches(r"\S+\.(gif|mp4|webm)", rest) => Step::Setup,
        "Require" if matches(r"\S+", rest) => Step::Setup,
        "Set" if matches(r#"(Shell|FontFamily|Theme) "[^"]+""#, rest) => Step::Setup,
        "Set" if matches(r"(FontSize|Width|Height|Padding|Framerate) \d+", rest) => Step::Setup,
        "Set" if matches(&format!("(TypingSpeed|WaitTimeout) {time}"), rest) => Step::Setup,
        "Hide" | "Show" if rest.is_empty() => Step::Scenery,
        "Sleep" if matches(time, rest) => Step::Scenery,
        "Screenshot" if matches(r"\S+\.png", rest) => Step::Scenery,
        "Type" if matches(r#""[^"]+""#, rest) => Step::Keys(rest.trim_matches('"').to_owned()),
        "Wait+Screen" if matches("/[^/]+/", rest) => {
            Step::Wait(Regex::new(rest.trim_matches('/')).map_err(|error| error.to_string())?)
        }
        key => {
            let times = if rest.is_empty() { Ok(1) } else { rest.parse() };
            let bytes = bytes(key).ok_or_else(|| format!("'{line}' is not of the language"))?;
            Step::Keys(bytes.repeat(times.map_err(|_| format!("'{rest}' is no number of times"))?))
        }
    };
    Ok(Some(step))
}

fn bytes(key: &str) -> Option<&'static str> {
    Some(match key {
        "Enter" => "\r",
        "Escape" => "\u{1b}",
        "Tab" => "\t",
        "Space" => " ",
        "Backspace" => "\u{7f}",
        "Up" => "\u{1b}[A",
        "Down" => "\u{1b}[B",
        "Right" => "\u{1b}[C",
        "Left" => "\u{1b}[D",
        "Ctrl+C" => "\u{3}",
        _ => return None,
    })
}

fn tape() -> Vec<Step> {
    let lines = TAPE.lines().enumerate();
    let step = |(at, line)| parse(line).unwrap_or_else(|error| panic!("line {}: {error}", at + 1));
    lines.filter_map(step).collect()
}

#[rstest]
#[case("Set Widht 1280")]
#[case("Set WaitTimeout soon")]
#[case("Type no quotes")]
#[case("Wait+Screen no slashes")]
#[case("Wait+Screen /(/")]
#[case("Output demo.txt")]
#[case("Sleep long")]
#[case("Entre")]
#[case("Down few")]
fn unknown_commands_are_refused(#[case] line: &str) {
    assert!(parse(line).is_err());
}

#[test]
fn settings_precede_the_first_command() {
    let steps = tape();
    let setup = steps
        .iter()
        .take_while(|step| matches!(step, Step::Setup))
        .count();
    assert!(setup > 0);
    assert!(!steps[setup..].iter().any(|step| matches!(step, Step::Setup)));
}

#[test]
fn every_wait_of_the_tape_succeeds_in_a_terminal() {
    let program = Path::new(env!("CARGO_BIN_EXE_backcourt"));
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let temporary = tempfile::tempdir().unwrap();
    let environment = [
        ("PATH", path.as_str()),
        ("TMPDIR", temporary.path().to_str().unwrap()),
    ];
    let mut shell = Pty::start("bash", &["--noprofile", "--norc"], &environment, (120, 40));
    for step in tape() {
        match step {
            Step::Setup | Step::Scenery => {}
            Step::Keys(keys) => shell.send(&keys),
            Step::Wait(pattern) => shell.wait_until(&format!("the screen matches /{pattern}/"), |screen| {
                pattern.is_match(&screen.contents())
            }),
        }
    }
    shell.send("exit\r");
    assert!(shell.wait_exit().success());
}
