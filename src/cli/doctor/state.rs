//! Findings about the state folder: existence, permissions, free disk space, ledger and lock.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::ledger::{Ledger, LedgerError, RunLock, RunState};
use crate::partition::{Partition, compact};
use crate::plan::Plan;
use crate::reason::bounded;
use crate::report::PlanStatus;
use crate::version::VERSION;

use super::super::StateDir;
use super::super::error::CliError;
use super::finding::{Area, Finding, Verdict};

/// Minimum free bytes for a full run: all tables and the ledger take about 0.7 GB.
const MIN_FREE_BYTES: u64 = 1_000_000_000;

/// All findings about the state folder. Nothing is created in it.
pub(super) fn findings(folder: &StateDir, plan: &Plan) -> Vec<Finding> {
    let mut found = vec![place(folder.path())];
    found.extend(disk(folder.path()));
    if folder.path().exists() {
        found.push(ledger(folder, plan));
        found.extend(version(folder, plan));
        found.extend(dates(folder, plan));
        found.push(lock(folder.path()));
    }
    found
}

/// The same if the ledger can't be read; nothing that depends on the plan is examined then.
pub(super) fn without_ledger(folder: &StateDir, error: &CliError) -> Vec<Finding> {
    let mut found = vec![place(folder.path())];
    found.extend(disk(folder.path()));
    let unreadable = Finding::new(Area::State, "ledger", Verdict::Fail, error.to_string());
    found.push(unreadable.next("repair it first; the plan, the tables and the raw data were not examined"));
    found.push(lock(folder.path()));
    found
}

fn place(folder: &Path) -> Finding {
    let of = |state, detail: String| Finding::new(Area::State, "folder", state, detail);
    let shown = folder.display();
    match fs::metadata(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            of(Verdict::Note, format!("{shown} doesn't exist yet")).next("'backcourt run' creates it")
        }
        Err(error) => of(Verdict::Fail, format!("cannot read {shown}: {error}"))
            .next("take ownership of it, or choose another with --state-dir"),
        Ok(found) if !found.is_dir() => {
            of(Verdict::Fail, format!("{shown} is not a folder")).next("choose another with --state-dir")
        }
        Ok(found) => {
            let mode = found.permissions().mode() & 0o777;
            let detail = format!("{shown}, mode {mode:04o}");
            let for_others = mode & 0o077;
            if for_others == 0 {
                of(Verdict::Ok, detail)
            } else {
                of(Verdict::Note, format!("{detail}: readable by other users"))
                    .next(format!("chmod 700 {shown}"))
            }
        }
    }
}

/// Free space on the disk of the folder, or of its nearest existing parent.
fn disk(folder: &Path) -> Option<Finding> {
    let there = folder.ancestors().find(|path| path.exists())?;
    let disk = rustix::fs::statvfs(there).ok()?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    Some(room(free))
}

#[allow(clippy::cast_precision_loss, reason = "a number of gigabytes for the screen")]
fn room(free: u64) -> Finding {
    let detail = format!("{:.1} GB free", free as f64 / 1e9);
    if free >= MIN_FREE_BYTES {
        return Finding::new(Area::State, "disk", Verdict::Ok, detail);
    }
    Finding::new(Area::State, "disk", Verdict::Note, detail).next(
        "a full run with an embedded warehouse needs 1 GB; free some space, or choose another --state-dir",
    )
}

fn ledger(folder: &StateDir, plan: &Plan) -> Finding {
    let of = |state, detail: String| Finding::new(Area::State, "ledger", state, detail);
    let last = open_ledger(folder).and_then(|ledger| match ledger {
        Some(ledger) => ledger.last_run(&plan.name).map(Some),
        None => Ok(None),
    });
    match last {
        Err(error) => of(Verdict::Fail, error.to_string()),
        Ok(None) => of(Verdict::Note, "none yet".to_owned()).next("'backcourt run' creates it"),
        Ok(Some(None)) => of(
            Verdict::Ok,
            format!("opens; plan {} has never run here", plan.name),
        ),
        Ok(Some(Some(run))) => {
            let is_alive = RunLock::holder(folder.path()).is_some_and(|holder| holder.pid == run.pid);
            let state = if is_alive || run.state.has_ended() {
                run.state
            } else {
                RunState::Interrupted
            };
            let started = run.started_at.format("%Y-%m-%d %H:%M UTC");
            of(
                Verdict::Ok,
                format!("opens; the run started {started} is {state}"),
            )
        }
    }
}

/// The version that wrote the newest run to ledger and events, if it is not this one. A ledger of a later schema is refused
/// before.
fn version(folder: &StateDir, plan: &Plan) -> Option<Finding> {
    let ledger = open_ledger(folder).ok()??;
    let run = ledger.last_run(&plan.name).ok()??;
    by_version(run.version.as_deref())
}

fn by_version(version: Option<&str>) -> Option<Finding> {
    let version = match version {
        Some(VERSION) => return None,
        Some(other) => format!("backcourt {}", bounded(other)),
        None => "a version that didn't record its number".to_owned(),
    };
    let detail = format!("{version} wrote the last run to the ledger and events.jsonl; this is {VERSION}");
    Some(
        Finding::new(Area::State, "version", Verdict::Note, detail).next(
            "see CHANGELOG.md for what changed; an earlier version than the ledger's refuses to open it",
        ),
    )
}

/// Dates that failed or are incomplete and aren't covered by a waived check. An unreadable ledger has its own finding.
fn dates(folder: &StateDir, plan: &Plan) -> Option<Finding> {
    let ledger = open_ledger(folder).ok()??;
    let run = ledger.last_run(&plan.name).ok()??;
    let status = PlanStatus::gather(&ledger, plan, run, false).ok()?;
    let stages = status.failing_unwaived();
    let number: usize = stages.iter().map(|(_, dates)| dates.len()).sum();
    if number == 0 {
        return None;
    }
    let of =
        |(stage, dates): &(&str, Vec<Partition>)| format!("{stage} {}", compact(dates).replace(',', ", "));
    let texts: Vec<String> = stages.iter().map(of).collect();
    let need = if number == 1 {
        "1 date needs"
    } else {
        &format!("{number} dates need")
    };
    let detail = format!("{need} attention: {}", texts.join("; "));
    let finding = Finding::new(Area::State, "dates", Verdict::Warn, detail);
    Some(finding.next("see why with 'backcourt status'; rerun them with 'backcourt rerun --failed'"))
}

/// Opens the ledger if there is one; leaves no trace if no run is active.
pub(super) fn open_ledger(folder: &StateDir) -> Result<Option<Ledger>, LedgerError> {
    match RunLock::holder(folder.path()) {
        Some(_) => Ledger::open_to_read(&folder.ledger()),
        None => Ledger::open_idle(&folder.ledger()),
    }
}

fn lock(folder: &Path) -> Finding {
    match RunLock::holder(folder) {
        None => Finding::new(
            Area::State,
            "lock",
            Verdict::Ok,
            "no process is using this folder",
        ),
        Some(holder) => {
            let since = holder.since.format("%Y-%m-%d %H:%M:%S UTC");
            let detail = format!("process {} has been using this folder since {since}", holder.pid);
            Finding::new(Area::State, "lock", Verdict::Note, detail)
                .next("see its progress with 'backcourt status'; another run is refused until it ends")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_reported() {
        assert_eq!(room(MIN_FREE_BYTES).state, Verdict::Ok);
        let tight = room(MIN_FREE_BYTES - 100_000_000);
        assert_eq!(
            (tight.state, tight.detail.as_str()),
            (Verdict::Note, "0.9 GB free")
        );
        assert!(tight.next.is_some());
    }

    #[test]
    fn a_run_of_another_version_is_reported() {
        assert_eq!(by_version(Some(VERSION)), None);
        let other = by_version(Some("0.0.9 (1a2b3c4d5 2026-01-31)")).unwrap();
        assert_eq!(other.state, Verdict::Note);
        assert_eq!(
            other.detail,
            format!(
                "backcourt 0.0.9 (1a2b3c4d5 2026-01-31) wrote the last run to the ledger and events.jsonl; this is {VERSION}"
            )
        );
        assert!(
            by_version(None)
                .unwrap()
                .detail
                .starts_with("a version that didn't record")
        );
    }

    #[test]
    fn a_folder_readable_by_others_is_reported_with_the_chmod_command() {
        let folder = tempfile::tempdir().unwrap();
        let open = |mode| {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
            place(folder.path())
        };
        assert_eq!(open(0o700).state, Verdict::Ok);
        let loose = open(0o755);
        assert_eq!(loose.state, Verdict::Note);
        assert_eq!(loose.next, Some(format!("chmod 700 {}", folder.path().display())));
        assert_eq!(place(&folder.path().join("none")).state, Verdict::Note);
    }
}
