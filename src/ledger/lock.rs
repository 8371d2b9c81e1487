//! One run per state folder, enforced by a file lock that the system releases when the process dies.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use rustix::fs::{FlockOperation, flock};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};

use crate::own_file;

/// The process that holds the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockHolder {
    /// Its process id.
    pub pid: u32,
    /// When it took the lock.
    pub since: DateTime<Utc>,
    /// The name of its plan, with the environment; `None` for a version that didn't write it.
    #[serde(default)]
    pub plan: Option<String>,
}

/// Why the lock couldn't be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error(
        "a run is already using {folder} ({}process {}, since {}); attach with 'backcourt attach --state-dir {folder}', \
         or use another --state-dir",
        of_plan(holder), holder.pid, holder.since.format("%Y-%m-%d %H:%M:%S UTC"), folder = folder.display()
    )]
    Held {
        /// The state folder.
        folder: PathBuf,
        /// That process.
        holder: LockHolder,
    },
    /// The lock file can't be created or written.
    #[error("cannot lock {}: {cause}; check that you own the folder and can write to it", path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// The system's error.
        cause: io::Error,
    },
}

fn of_plan(holder: &LockHolder) -> String {
    let plan = holder.plan.as_ref();
    plan.map_or_else(String::new, |plan| format!("plan {plan}, "))
}

/// Pause between attempts while readers hold the shared lock, each for a moment.
const RETRY_PAUSE: Duration = Duration::from_millis(1);

/// Longer than a process takes to write its name into the file it has locked.
const NAMING: Duration = Duration::from_secs(1);

/// Held while the run is alive; the system releases it when the process dies.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

impl RunLock {
    /// Takes the lock of a state folder for work on the plan with this name, without waiting.
    ///
    /// # Errors
    /// When another live process holds it, or the lock file cannot be written.
    pub fn take(folder: &Path, plan: &str, now: DateTime<Utc>) -> Result<Self, LockError> {
        let path = Self::path(folder);
        let io = |cause: io::Error| LockError::Io {
            path: path.clone(),
            cause,
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = own_file::open(&path, &mut options).map_err(io)?;
        while !is_granted(&file, FlockOperation::NonBlockingLockExclusive).map_err(io)? {
            // A reader holds a shared lock for a moment. If a shared lock is granted, no run holds it: retry.
            if !is_granted(&file, FlockOperation::NonBlockingLockShared).map_err(io)? {
                let holder = read_holder(&mut file).map_err(io)?;
                return Err(LockError::Held {
                    folder: folder.to_owned(),
                    holder,
                });
            }
            is_granted(&file, FlockOperation::Unlock).map_err(io)?;
            thread::sleep(RETRY_PAUSE);
        }
        let holder = LockHolder {
            pid: std::process::id(),
            since: now,
            plan: Some(plan.to_owned()),
        };
        let text = serde_json::to_string(&holder).map_err(|cause| io(cause.into()))?;
        file.set_len(0)
            .and_then(|()| file.write_all(text.as_bytes()))
            .map_err(io)?;
        Ok(Self { _file: file })
    }

    /// The lock file of a state folder.
    #[must_use]
    pub fn path(folder: &Path) -> PathBuf {
        folder.join("run.lock")
    }

    /// The process that holds the lock of a state folder, if any.
    #[must_use]
    pub fn holder(folder: &Path) -> Option<LockHolder> {
        let mut file = File::open(Self::path(folder)).ok()?;
        match is_granted(&file, FlockOperation::NonBlockingLockShared) {
            Ok(false) => read_holder(&mut file).ok(),
            _ => None,
        }
    }
}

/// Tries a lock without waiting; returns whether it was granted.
fn is_granted(file: &File, operation: FlockOperation) -> io::Result<bool> {
    match retry_on_intr(|| flock(file, operation)) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// The name in a locked file. A process that has just taken the lock may not have written it yet, and the file then is
/// empty or names a dead process.
fn read_holder(file: &mut File) -> io::Result<LockHolder> {
    let asked = Instant::now();
    loop {
        let mut text = String::new();
        file.rewind()?;
        file.read_to_string(&mut text)?;
        let named = serde_json::from_str(&text);
        if named.as_ref().is_ok_and(is_alive) || asked.elapsed() > NAMING {
            return named.map_err(io::Error::from);
        }
        thread::sleep(RETRY_PAUSE);
    }
}

/// Whether the process exists. One in another container can't be seen.
fn is_alive(holder: &LockHolder) -> bool {
    let pid = i32::try_from(holder.pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn reading_the_holder_does_not_block_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let now = DateTime::from_timestamp(1_767_500_000, 0).unwrap();
        drop(RunLock::take(folder.path(), "users [dev]", now).unwrap());
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        drop(RunLock::holder(folder.path()));
                    }
                });
            }
            let refused = (0..200).find_map(|_| RunLock::take(folder.path(), "users [dev]", now).err());
            done.store(true, Ordering::Relaxed);
            assert!(refused.is_none(), "{refused:?}");
        });
    }

    #[test]
    fn a_refused_run_waits_for_the_name_of_the_holder() {
        let folder = tempfile::tempdir().unwrap();
        let now = DateTime::from_timestamp(1_767_500_000, 0).unwrap();
        let lock = RunLock::take(folder.path(), "users [dev]", now).unwrap();
        let path = folder.path().join("run.lock");
        let name = std::fs::read(&path).unwrap();
        std::fs::write(&path, "").unwrap();
        thread::scope(|scope| {
            let refused = scope.spawn(|| {
                RunLock::take(folder.path(), "users [dev]", now)
                    .unwrap_err()
                    .to_string()
            });
            let dead = format!(r#"{{"pid":{},"since":"2026-01-04T00:00:00Z"}}"#, i32::MAX);
            std::fs::write(&path, dead).unwrap();
            thread::sleep(10 * RETRY_PAUSE);
            std::fs::write(&path, name).unwrap();
            let refused = refused.join().unwrap();
            let pid = std::process::id();
            assert!(refused.contains(&format!("process {pid},")), "{refused}");
        });
        drop(lock);
    }

    #[test]
    fn a_second_run_is_refused_with_the_holder_until_the_lock_drops() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(RunLock::holder(folder.path()), None);
        let now = DateTime::from_timestamp(1_767_500_000, 0).unwrap();
        let lock = RunLock::take(folder.path(), "users [dev]", now).unwrap();
        let error = RunLock::take(folder.path(), "users [dev]", now)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(&format!("process {}", std::process::id())),
            "{error}"
        );
        assert!(error.contains("(plan users [dev], process"), "{error}");
        assert_eq!(RunLock::holder(folder.path()).unwrap().since, now);
        drop(lock);
        assert_eq!(RunLock::holder(folder.path()), None);
        RunLock::take(folder.path(), "users [dev]", now).unwrap();
    }
}
