//! External damage to a state folder: flipped bits in the ledger, a read-only disk. The program either reports it or
//! loses nothing.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may stop at the first surprise, and says what it drew and left out"
)]

use std::fs;
use std::process::Command;

use crate::program::{Ended, State, ended};
use fastrand::Rng;

const RUN: [&str; 7] = [
    "run",
    "--stop-after",
    "team_offense",
    "--output",
    "plain",
    "--dates",
    "2023-12-15,2023-12-16",
];

/// Rejected in one line that names the ledger, without other output; or stopped by a read error during the run.
fn is_told(ended: &Ended, ledger: &str) -> bool {
    let line = ended.err.trim_end();
    let is_refused =
        ended.code == Some(2) && line.lines().count() == 1 && line.contains(ledger) && ended.out.is_empty();
    let stopped = format!("stopped: ledger {ledger}");
    is_refused || (ended.code == Some(3) && ended.out.contains(&stopped))
}

#[test]
fn a_flipped_bit_in_the_ledger_is_reported_or_harmless() {
    let given = std::env::var("BACKCOURT_DAMAGE_SEED").ok();
    let seed = given
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| fastrand::u64(..));
    println!("seed: BACKCOURT_DAMAGE_SEED={seed}");
    let mut dice = Rng::with_seed(seed);
    let state = State::loaded().without_source_checks();
    state.backcourt(&RUN).expect(0);
    let rows = state.rows();
    let path = state.path().join("ledger.sqlite");
    let (ledger, whole) = (path.display().to_string(), fs::read(&path).unwrap());
    let (mut told, mut harmless) = (0, 0);
    for _ in 0..10 {
        let mut damaged = whole.clone();
        let (at, bit) = (dice.usize(..whole.len()), dice.u8(..8));
        damaged[at] ^= 1 << bit;
        fs::write(&path, &damaged).unwrap();
        for log in ["ledger.sqlite-wal", "ledger.sqlite-shm"] {
            fs::remove_file(state.path().join(log)).ok();
        }
        let run = state.backcourt(&RUN);
        if is_told(&run, &ledger) {
            told += 1;
            continue;
        }
        assert_eq!(run.code, Some(0), "byte {at}, bit {bit}: {run:#?}");
        assert_eq!(state.rows(), rows, "byte {at}, bit {bit}");
        assert!(!run.err.contains("panicked"), "byte {at}, bit {bit}: {run:#?}");
        harmless += 1;
    }
    println!("{told} told, {harmless} without harm");
}

#[test]
fn a_ledger_damaged_during_a_run_is_reported_with_a_remedy() {
    let state = State::loaded().without_source_checks();
    state.backcourt(&RUN).expect(0);
    let db = rusqlite::Connection::open(state.path().join("ledger.sqlite")).unwrap();
    db.execute("UPDATE unit SET state = 'sideways'", []).unwrap();
    drop(db);
    let told = state.backcourt(&RUN);
    let said = format!("{}{}", told.out, told.err);
    assert!(matches!(told.code, Some(2 | 3)), "{said}");
    assert!(said.contains("is damaged ("), "{said}");
    assert!(said.contains("move it away"), "{said}");
    assert!(!said.contains("start again"), "{said}");
}

/// Mounted in a separate mount namespace, which ends with the shell that created it.
#[test]
fn a_state_folder_on_a_read_only_disk_can_be_read() {
    let state = State::loaded();
    state.backcourt(&RUN).expect(0);
    let told = state.backcourt(&["status"]).expect(0);
    let before = crate::program::files(&state.path());
    let (program, folder) = (env!("CARGO_BIN_EXE_backcourt"), state.path());
    let out = folder.with_file_name("out");
    fs::create_dir(&out).unwrap();
    let script = format!(
        "mount --bind {folder} {folder} && mount -o remount,bind,ro {folder} || exit 77
         for asked in run check load status report; do
             {program} $asked --state-dir {folder} > {out}/$asked.out 2> {out}/$asked.err
             echo $? > {out}/$asked.code
         done",
        folder = folder.display(),
        out = out.display(),
    );
    let own_mounts = ["--mount", "--map-root-user", "sh", "-c", &script];
    let done = ended(Command::new("unshare").args(own_mounts));
    if done.code == Some(77) || done.err.starts_with("unshare") {
        println!(
            "skipped: this machine allows no mount namespaces ({})",
            done.err.trim()
        );
        return;
    }
    done.expect(0);
    let read = |asked: &str, what: &str| fs::read_to_string(out.join(format!("{asked}.{what}"))).unwrap();
    for asked in ["run", "check", "load"] {
        let (code, said, error) = (read(asked, "code"), read(asked, "out"), read(asked, "err"));
        assert_eq!(code.trim(), "2", "{asked}: {said}{error}");
        assert_eq!(error.lines().count(), 1, "{asked}: {error}");
        assert!(error.contains(&folder.display().to_string()), "{asked}: {error}");
        assert_eq!(said, "", "{asked}");
    }
    assert_eq!(read("status", "out"), told.out);
    assert!(
        read("report", "out").contains("team_offense"),
        "{}",
        read("report", "err")
    );
    for asked in ["status", "report"] {
        assert_eq!(
            (read(asked, "code").trim(), read(asked, "err").as_str()),
            ("0", "")
        );
    }
    assert_eq!(crate::program::files(&state.path()), before);
}
