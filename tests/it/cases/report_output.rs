//! `report --output --force` replaced a device, and the ledger itself.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use super::Planned;
use crate::program::ended;

const PLAN: &str = r#"
name = "written"
title = "A report and where it is written"
from = "2024-01-01"
to = "2024-01-01"
[[stage]]
name = "calls"
kind = "command"
command = ["true", "{date}"]
"#;

fn report(case: &Planned, output: &Path, code: i32) {
    let mut command = case.command(&["report", "--force"]);
    ended(command.arg("--output").arg(output)).expect(code);
}

#[test]
fn a_report_replaces_only_regular_files_of_others() {
    let case = Planned::new(PLAN);
    case.run(&[]).expect(0);
    let folder = case.folder.path();
    let to = |target: &Path, name: &str| {
        let link = folder.join(name);
        symlink(target, &link).unwrap();
        link
    };
    let state = case.state.path();
    let before = fs::read(state.join("events.jsonl")).unwrap();
    let pipe = folder.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for refused in [
        state.join("ledger.sqlite"),
        state.join("ledger.sqlite-wal"),
        state.join("events.jsonl"),
        state.join("run.lock"),
        state.join("logs/report.md"),
        state.join("warehouse/report.md"),
        to(&state.join("ledger.sqlite"), "link"),
        to(Path::new("/dev/null"), "null"),
        to(&folder.join("absent"), "dangling"),
        to(&state, "folder").join("events.jsonl"),
        folder.to_owned(),
        pipe.clone(),
    ] {
        report(&case, &refused, 2);
    }
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    assert_eq!(fs::read(state.join("events.jsonl")).unwrap(), before);
    case.backcourt(&["status"]).expect(0);
    let file = folder.join("report.md");
    fs::write(&file, "old").unwrap();
    report(&case, &to(&file, "to_report"), 0);
    assert!(fs::read_to_string(&file).unwrap().starts_with("# Handoff"));
    assert!(
        fs::symlink_metadata(folder.join("to_report"))
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn new_files_are_private_whatever_the_umask_and_the_folder() {
    let case = Planned::new(PLAN);
    let state = case.state.path();
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).unwrap();
    let written = case.folder.path().join("report.md");
    for args in [
        &["run", "--output", "silent"][..],
        &["report", "--output", written.to_str().unwrap()],
    ] {
        let real = case.command(args);
        let mut command = Command::new("sh");
        command
            .args(["-c", "umask 000; exec \"$@\"", "sh"])
            .arg(real.get_program());
        command.args(real.get_args()).env("BACKCOURT_CONFIG", "/dev/null");
        assert_eq!(command.status().unwrap().code(), Some(0));
    }
    let mut files: Vec<_> = crate::program::files(&state).into_keys().collect();
    files.push(written.display().to_string());
    assert!(files.len() > 4, "{files:?}");
    for file in files {
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}
