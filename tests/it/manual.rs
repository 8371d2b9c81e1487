//! Shell completions and man pages cover every subcommand and flag of the program.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};

use crate::program::{backcourt, ended};
use rstest::rstest;

fn said(arguments: &[&str]) -> String {
    ended(backcourt().args(arguments)).expect(0).out
}

/// The subcommands in `--help`.
fn subcommands() -> Vec<String> {
    let help = said(&["--help"]);
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let (commands, _) = commands.split_once("\n\n").unwrap();
    let indented = commands.lines().filter_map(|line| line.strip_prefix("  "));
    let names: Vec<String> = indented
        .filter(|line| !line.starts_with(' '))
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .filter(|name| name != "help")
        .collect();
    for name in ["run", "load", "attach", "status", "completions", "man"] {
        assert!(names.iter().any(|known| known == name), "{names:?}");
    }
    names
}

/// The long flags in a subcommand's help.
fn flags(subcommand: &str) -> BTreeSet<String> {
    let help = said(&[subcommand, "--help"]);
    let lines = help.lines().map(str::trim_start);
    let flags = lines.filter(|line| line.starts_with('-')).filter_map(|line| {
        let (_, flag) = line.split_once("--")?;
        let name = flag.split(|c: char| !c.is_ascii_lowercase() && c != '-').next()?;
        Some(name.to_owned())
    });
    flags.collect()
}

#[rstest]
fn shell_completions_cover_every_subcommand_and_flag(#[values("bash", "zsh", "fish")] shell: &str) {
    let script = said(&["completions", shell]);
    for name in subcommands() {
        assert!(script.contains(&name), "{shell} does not know {name}");
        for flag in flags(&name) {
            assert!(script.contains(&flag), "{shell} does not know --{flag} of {name}");
        }
    }
    // The shell itself can parse it, if it is installed.
    let mut reading = Command::new(shell);
    let reading = reading.arg("-n").stdin(Stdio::piped()).stderr(Stdio::piped());
    if let Ok(mut reading) = reading.spawn() {
        let mut input = reading.stdin.take().unwrap();
        std::io::Write::write_all(&mut input, script.as_bytes()).unwrap();
        drop(input);
        let read = reading.wait_with_output().unwrap();
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    }
}

#[rstest]
#[case("backcourt sta", "status")]
#[case("backcourt run --out", "--output")]
#[case("backcourt run --output js", "jsonl")]
#[case("backcourt completions fi", "fish")]
fn bash_completion_works(#[case] typed: &str, #[case] completed: &str) {
    let ask = r#"
source <("$0" completions bash)
read -ra COMP_WORDS <<< "$1"
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_backcourt backcourt "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;
    let mut bash = Command::new("bash");
    bash.args(["-c", ask, env!("CARGO_BIN_EXE_backcourt"), typed]);
    assert_eq!(ended(&mut bash).expect(0).out, format!("{completed}\n"));
}

#[test]
fn every_subcommand_has_a_manual_page_with_its_flags() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().to_str().unwrap();
    said(&["man", "--to", to]);
    let main = fs::read_to_string(folder.path().join("backcourt.1")).unwrap();
    assert_eq!(said(&["man"]), main);
    assert!(main.contains("Exit codes"), "{main}");
    let names = subcommands();
    for name in &names {
        assert!(main.contains(&format!("backcourt\\-{name}(1)")), "{name}: {main}");
        let page = fs::read_to_string(folder.path().join(format!("backcourt-{name}.1"))).unwrap();
        assert_eq!(&said(&["man", name]), &page);
        for flag in flags(name) {
            let set = format!("\\-\\-{}", flag.replace('-', "\\-"));
            assert!(page.contains(&set), "the page of {name} lacks --{flag}");
        }
    }
    // There are no other pages; a subcommand with subcommands has one for each of them, too.
    for page in fs::read_dir(folder.path()).unwrap() {
        let page = page.unwrap().file_name().into_string().unwrap();
        let is_of = |name: &String| {
            let rest = page.strip_prefix(&format!("backcourt-{name}"));
            rest.is_some_and(|rest| rest.starts_with(['.', '-']))
        };
        assert!(page == "backcourt.1" || names.iter().any(is_of), "{page}");
    }
}

#[test]
fn an_unknown_page_is_refused_with_the_available_ones() {
    let refused = ended(backcourt().args(["man", "stauts"])).expect(2);
    assert!(refused.err.contains("status"), "{}", refused.err);
    assert_eq!(refused.err.lines().count(), 1);
    let missing = ended(backcourt().args(["man", "--to", "/nowhere/at/all"])).expect(2);
    assert!(missing.err.contains("/nowhere/at/all"), "{}", missing.err);
    let what = ended(backcourt().args(["completions", "tcsh"])).expect(2);
    assert!(what.err.contains("bash"), "{}", what.err);
}
