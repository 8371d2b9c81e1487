//! With few open files allowed, a run panicked, failed its dates, or blamed permissions and memory.

use super::{Planned, SMALL};
use crate::program::{Ended, ended};

/// A run whose shell allows this many files, as a limit that it may raise or not.
fn run(case: &Planned, limit: &str) -> Ended {
    let run = case.command(&["run", "--output", "plain"]);
    let mut shell = std::process::Command::new("/bin/sh");
    shell
        .arg("-c")
        .arg(format!("ulimit {limit} && exec \"$0\" \"$@\""));
    shell.arg(run.get_program()).args(run.get_args());
    shell.env("BACKCOURT_CONFIG", "/dev/null");
    ended(&mut shell)
}

#[test]
fn too_few_files_are_refused_before_anything_is_opened() {
    for files in ["10", "24", "40"] {
        let case = Planned::new(SMALL);
        let refused = run(&case, &format!("-n {files}")).expect(2);
        let sentence = format!("this process may open only {files} files; allow 1024 with 'ulimit -n 1024'");
        assert!(refused.err.contains(&sentence), "{refused:?}");
        assert!(!case.state.path().exists());
    }
}

#[test]
fn a_limit_that_may_be_raised_is_raised() {
    let case = Planned::new(SMALL);
    run(&case, "-Sn 20").expect(0);
    assert_eq!(case.dates("one", "ok"), 2);
}
