//! Rows, names, reasons, operators and answers sent escape sequences to the terminal and forged lines of the output.

use std::fs;
use std::process::Command;

use rstest::rstest;

use super::Planned;
use crate::program::{backcourt, ended};
use crate::pty::Pty;

/// What may reach a terminal only escaped, and a line that it tries to forge.
const HOSTILE: &str =
    "x\u{1b}]0;PWNED\u{7}\u{1b}]52;c;eA==\u{1b}\\\u{1b}[2J\u{9b}2Jy\u{7f}\t\u{202e}z\r\nFORGED";

/// The same as the format of `printf`.
const PRINTED: &str = r"x\033]0;PWNED\007\033]52;c;eA==\033\\\033[2J\302\2332Jy\177\t\342\200\256z\r";

/// A plan in which whatever can be named, told or stored is hostile.
fn plan() -> String {
    let hostile = toml::Value::from(HOSTILE).to_string();
    let hostile = hostile.replace("'''", "\"\"\"");
    format!(
        r#"
name = "hostile"
title = {hostile}
from = "2024-03-01"
to = "2024-03-02"
[[stage]]
name = "calls"
kind = "command"
command = ["sh", "-c", '''printf 'day,ship,tons\n{{date}},"{PRINTED}\nFORGED",5\n{{date}},b,"{PRINTED}\nFORGED"\n{{date}},b,6\n{{date}},b,6\n' ''']
table = "harbour.calls"
date_column = "day"
key = ["day", "ship"]
columns = [{{ name = "day", type = "DATE" }}, {{ name = "ship", type = "STRING", part = "group" }}, {{ name = "tons", type = "INT64", part = "telling" }}]
[[stage]]
name = "fails"
kind = "command"
command = ["sh", "-c", '''printf '{PRINTED}\nFORGED {{date}}\n' >&2; exit 3''']
[[stage]]
name = "skips"
kind = "command"
command = ["sh", "-c", '''printf '{PRINTED}\r{{date}}\n'; exit 4''']
skip_exit_code = 4
[[check]]
name = "ships"
stage = "calls"
title = {hostile}
severity = "blocking"
sql = "SELECT day, ship FROM `harbour.calls`"
expect = [{{ every = "ship", starts_with = "q" }}]
[[check]]
name = "most"
stage = "calls"
title = {hostile}
severity = "advisory"
sql = "SELECT MAX(ship) AS tons FROM `harbour.calls`"
expect = [{{ column = "tons", at_least = 9 }}]
[[source_table]]
name = "loaded"
title = {hostile}
sql = "SELECT ship FROM `harbour.calls`"
[[source_check]]
name = "named"
feed = "harbour"
title = {hostile}
sql = "SELECT ship FROM `harbour.calls`"
expect = [{{ every = "ship", starts_with = "q" }}]
[[runbook]]
item = "1"
title = {hostile}
manual = true
"#
    )
}

/// Fails if an output contains what a terminal would act on, or the forged line.
fn is_harmless(what: &str, bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap();
    // `ctl` separates the columns of stored rows by tabs.
    let found = text.chars().find(|&letter| {
        letter.is_control() && letter != '\n'
            || matches!(letter, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    });
    assert_eq!(found, None, "{what}: {text:?}");
    let forged = text.lines().find(|line| line.trim_start().starts_with("FORGED"));
    assert_eq!(forged, None, "{what}: {text}");
}

/// Runs a command under a hostile operator; returns its standard output.
fn harmless(command: &mut Command) -> String {
    command.env("USER", HOSTILE).env_remove("SUDO_USER");
    let what = format!("{command:?}");
    let output = command.output().unwrap();
    is_harmless(&what, &output.stdout);
    is_harmless(&what, &output.stderr);
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn no_command_prints_hostile_text_unescaped() {
    let case = Planned::new(&plan());
    let run = harmless(&mut case.command(&["run", "--output", "plain"]));
    assert!(run.contains(r"\u{1b}]0;PWNED\u{7}"), "{run}");
    for args in [
        &["status"][..],
        &["waive", "ships", "--reason", HOSTILE],
        &["tick", "1", "--note", HOSTILE],
        &["accept", "calls", "--reason", HOSTILE],
        &["accept", HOSTILE, "--reason", HOSTILE],
        &["check", "--output", "plain"],
        &["check", "--output", "jsonl"],
        &["check", HOSTILE],
        &["check", "--breakdown"],
        &["run", "--dry-run"],
        &["run", "--sample", "--dry-run"],
        &["run", "--output", "jsonl"],
        &["run", "--dates", HOSTILE],
        &["rerun", "--failed", "--output", "plain"],
        &["rerun", "--failing", HOSTILE],
        &["load"],
        &["import", HOSTILE, "--table", "raw.t"],
        &["import", "rows.csv", "--table", HOSTILE],
        &["status", "--environment", HOSTILE, "--var", HOSTILE],
        &["doctor"],
        &["doctor", "--json"],
        &["status", "--json"],
        &["report"],
        &["report", "--format", "json"],
        &["ctl", "status"],
        &["ctl", HOSTILE],
        &["ctl", "rerun", HOSTILE],
        &["attach"],
        &["rehearse", "--dates", "2024-03-01", "--from", "sqlite:absent"],
        &["status", HOSTILE],
        &[HOSTILE],
    ] {
        harmless(&mut case.command(args));
    }
    for args in [
        &["replay"][..],
        &["replay", "--list"],
        &["replay", "--run", HOSTILE],
    ] {
        harmless(&mut case.state.command(args));
    }
    for args in [
        &["config", "show"][..],
        &["config", "path"],
        &["config", "template"],
        &["keys"],
        &["man", HOSTILE],
    ] {
        harmless(backcourt().args(args).env("BACKCOURT_CONFIG", HOSTILE));
        harmless(backcourt().args(args).env("BACKCOURT_STATE_DIR", HOSTILE));
    }
    harmless(
        backcourt()
            .arg("run")
            .arg("--help")
            .env("BACKCOURT_STATE_DIR", HOSTILE),
    );
    let written = case.folder.path().join("report.md");
    harmless(case.command(&["report"]).arg("--output").arg(&written));
    is_harmless("the report", &fs::read(written).unwrap());
    is_harmless("the events", &fs::read(case.state.events_file()).unwrap());
    for log in fs::read_dir(case.state.path().join("logs")).unwrap() {
        is_harmless("the log", &fs::read(log.unwrap().path()).unwrap());
    }
}

#[test]
fn json_is_faithful() {
    let case = Planned::new(&plan());
    case.run(&[]).expect(1);
    assert_eq!(case.status()["runbook"][0]["title"], HOSTILE);
    let reason = case.stage("fails")["attention"][0]["reason"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        reason.contains("x\u{1b}]0;PWNED\u{7}") && reason.contains("\u{9b}2Jy\u{7f}\t\u{202e}z"),
        "{reason:?}"
    );
}

#[rstest]
#[case::plan("name = \"own\"")]
#[case::stage("name = \"fails\"")]
#[case::check("name = \"most\"")]
#[case::table("table = \"harbour.calls\"")]
fn hostile_names_are_refused_or_escaped(#[case] named: &str) {
    let hostile = toml::Value::from(HOSTILE).to_string().replace("'''", "\"\"\"");
    let plan = plan().replacen("name = \"hostile\"", "name = \"own\"", 1);
    let key = named.split(' ').next().unwrap();
    let case = Planned::new(&plan.replace(named, &format!("{key} = {hostile}")));
    for args in [
        &["run", "--output", "plain"][..],
        &["status"],
        &["report"],
        &["doctor"],
        &["check", "--output", "plain"],
    ] {
        harmless(&mut case.command(args));
    }
    harmless(&mut case.state.command(&["replay"]));
}

#[test]
fn a_hostile_config_file_is_quoted_escaped() {
    let case = Planned::new(&plan());
    let config = case.folder.path().join("config.toml");
    for text in [
        "them\u{9b} = 1\n[keys]\n\"pa\\u001bse\\nFORGED\" = 5",
        "theme = \"\\u001b]0;x\\nFORGED\"",
    ] {
        fs::write(&config, text).unwrap();
        let refused = case
            .command(&["status"])
            .env("BACKCOURT_CONFIG", &config)
            .output()
            .unwrap();
        assert_eq!(refused.status.code(), Some(2));
        is_harmless("the refusal", &refused.stderr);
    }
}

#[test]
fn the_console_draws_hostile_text_escaped() {
    let case = Planned::new(&plan());
    let (state, file) = (case.state.path(), case.file());
    let args = [
        "run",
        "--plan",
        file.to_str().unwrap(),
        "--state-dir",
        state.to_str().unwrap(),
    ];
    let mut pty = Pty::backcourt(&args, &[("USER", HOSTILE)], (200, 50));
    pty.wait_for("Run ended");
    for keys in ["2", "3", "4", "5", "\u{1b}", "1", "\r", "\r"] {
        pty.send(keys);
    }
    pty.wait_for("PWNED");
    pty.send("qqq");
    let told = pty.bytes();
    for sequence in [
        &b"\x1b]0;PWNED"[..],
        b"\x1b]52;c;eA",
        b"\xc2\x9b",
        b"\xe2\x80\xae",
    ] {
        assert!(
            !told.windows(sequence.len()).any(|bytes| bytes == sequence),
            "{sequence:?}"
        );
    }
}

#[test]
fn commands_of_a_run_answer_harmlessly() {
    let case = Planned::new(&plan());
    let mut command = case.command(&["run", "--paused", "--output", "silent"]);
    let mut run = command.env("USER", HOSTILE).spawn().unwrap();
    crate::program::wait_until("the run is paused", || {
        let status = ended(&mut case.state.command(&["ctl", "status"]));
        status.out.contains(": paused")
    });
    for words in [
        &["status"][..],
        &["tick", "1", HOSTILE],
        &["waive", "ships", HOSTILE],
        &["search", HOSTILE],
        &[HOSTILE],
        &["resume"],
        &["abort"],
    ] {
        let args = [&["ctl"], words].concat();
        harmless(&mut case.state.command(&args));
        let args = [&["ctl", "--json"], words].concat();
        harmless(&mut case.state.command(&args));
    }
    run.wait().unwrap();
}
