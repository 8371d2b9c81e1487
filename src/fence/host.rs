//! Identifies this process, and whether another process of this machine is still running.

use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use rustix::process::{Pid, test_kill_process};

use crate::warehouse::Holder;

/// The host name, for display.
#[must_use]
pub fn name() -> String {
    sysinfo::System::host_name().unwrap_or_else(|_| "an unknown host".to_owned())
}

/// Describes this process as a lease holder.
pub(super) fn own_holder(folder: &Path, now: DateTime<Utc>) -> Holder {
    let pid = std::process::id();
    Holder {
        host: name(),
        machine: machine(),
        pid,
        started: started(pid),
        since: now,
        folder: folder.display().to_string(),
        jobs_in: Vec::new(),
    }
}

/// Whether the holder was a process of this machine that has ended. Always `false` for other machines.
pub(super) fn is_gone(holder: &Holder) -> bool {
    if holder.machine.is_none() || holder.machine != machine() {
        return false;
    }
    let pid = i32::try_from(holder.pid).ok().and_then(Pid::from_raw);
    let is_there = pid.is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH));
    !is_there || holder.started != started(holder.pid)
}

/// Boot id and PID namespace. Equal values mean that process ids are comparable.
fn machine() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let ids = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot.trim(), ids.display()))
}

/// Start time of a process, in clock ticks since boot.
fn started(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Field 22. The program name before it may contain spaces.
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split_whitespace().nth(19).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn ended_local_processes_are_dead_and_remote_ones_never_are() {
        let here = own_holder(Path::new("/state"), DateTime::UNIX_EPOCH);
        assert!(!is_gone(&here));
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let ended = Holder {
            pid: child.id(),
            ..here.clone()
        };
        assert!(is_gone(&ended));
        let elsewhere = Holder {
            machine: Some("another".to_owned()),
            ..ended
        };
        assert!(!is_gone(&elsewhere));
        let reborn = Holder {
            started: Some("0".to_owned()),
            ..here
        };
        assert!(is_gone(&reborn), "another process has its id by now");
    }
}
