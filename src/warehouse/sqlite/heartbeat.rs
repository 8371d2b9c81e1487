//! Heartbeats between the writes of a lease holder: the modification time of a file, because a run that is paused for
//! days should not write to the disk.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use super::folder::{OWN_DATASET, WarehouseFolder};

/// What a heartbeat adds to the time: more than file systems round it by.
const STEP: Duration = Duration::from_secs(2);

/// The file. A plan may have any name.
fn file(folder: &WarehouseFolder, plan: &str) -> PathBuf {
    let hash = Sha256::digest(plan.as_bytes());
    let name = hash[..8]
        .iter()
        .fold(0_u64, |name, byte| name << 8 | u64::from(*byte));
    folder.path().join(format!("{OWN_DATASET}.{name:016x}.heartbeat"))
}

/// A number that every heartbeat of a plan's holder changes; 0 before the first.
pub(super) fn number(folder: &WarehouseFolder, plan: &str) -> i64 {
    let modified = fs::metadata(file(folder, plan)).and_then(|file| file.modified());
    let since = modified
        .ok()
        .and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX / 2)
    })
}

/// Changes that number. The time counts on from the last one, so a clock that stands still or is set back is no matter.
pub(super) fn send(folder: &WarehouseFolder, plan: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let file = options
        .append(true)
        .create(true)
        .mode(0o600)
        .open(file(folder, plan))?;
    file.set_modified(file.metadata()?.modified()? + STEP)
}

/// Removes the file of a holder that has released its lease.
pub(super) fn forget(folder: &WarehouseFolder, plan: &str) {
    // If it stays, the next holder uses it.
    drop(fs::remove_file(file(folder, plan)));
}
