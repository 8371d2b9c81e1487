//! Leases of the embedded warehouse, in a small file beside the datasets. A write transaction locks this file
//! too, so the lease can't be taken between the check and the commit.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::connection::{attach, attach_to_read, blank};
use super::fault::Fault;
use super::folder::Folder;
use super::{record, schema};
use crate::warehouse::{Holder, Lease, Rhythm, lease};

/// The file name. Attached to every connection like a dataset.
pub(super) const DATASET: &str = "backcourt";

/// A heartbeat is a small commit to a local file. The holder's commits count as heartbeats too.
pub(super) const RHYTHM: Rhythm = Rhythm {
    heartbeat: Duration::from_secs(2),
    heartbeat_limit: Duration::from_mins(1),
    silence: Duration::from_secs(10),
    look: Duration::from_millis(250),
};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS backcourt.lease (
    plan TEXT PRIMARY KEY, epoch INTEGER NOT NULL, beat INTEGER NOT NULL, holder TEXT) STRICT";

/// The lease this warehouse holds, if any.
#[derive(Debug, Default)]
pub(super) struct Held(Mutex<Option<Fence>>);

/// Prevents writes by a process that has lost its lease.
#[derive(Debug, Clone)]
pub(super) struct Fence {
    plan: String,
    epoch: i64,
}

impl Held {
    pub(super) fn fence(&self) -> Option<Fence> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, fence: Option<Fence>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fence;
    }
}

impl Fence {
    /// Fails if another process has taken the lease, otherwise counts a heartbeat. Inside a write transaction
    /// the lease can't be taken until the transaction ends.
    pub(super) fn hold(&self, connection: &Connection) -> Result<(), Fault> {
        let mut heartbeat = connection
            .prepare_cached("UPDATE backcourt.lease SET beat = beat + 1 WHERE plan = ?1 AND epoch = ?2")?;
        if heartbeat.execute(params![self.plan, self.epoch])? == 1 {
            return Ok(());
        }
        let now = stands(connection, &self.plan)?.and_then(|lease| lease.holder);
        Err(Fault::Told(lease::lost(&self.plan, now.as_ref())))
    }

    /// Runs work outside a transaction, such as replacing a file, while the lease can't be taken.
    pub(super) fn holding(
        &self,
        folder: &Folder,
        work: impl FnOnce() -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut connection = open(folder)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.hold(&transaction)?;
        work()?;
        transaction.commit()?;
        Ok(())
    }

    /// Releases the lease. Does nothing if another process has taken it.
    pub(super) fn give_back(&self, folder: &Folder) -> Result<(), Fault> {
        open(folder)?.execute(
            "UPDATE backcourt.lease SET holder = NULL WHERE plan = ?1 AND epoch = ?2",
            params![self.plan, self.epoch],
        )?;
        Ok(())
    }
}

/// Opens a connection to the lease file alone. Pooled connections may be busy writing.
pub(super) fn open(folder: &Folder) -> Result<Connection, Fault> {
    let connection = blank()?;
    attach(&connection, DATASET, &folder.file(DATASET))?;
    Ok(connection)
}

/// Opens the lease file for reading; `None` if it doesn't exist. Leaves no trace in a read-only folder.
pub(super) fn open_to_look(folder: &Folder) -> Result<Option<Connection>, Fault> {
    if !folder.file(DATASET).exists() {
        return Ok(None);
    }
    if !folder.is_read_only() {
        return open(folder).map(Some);
    }
    let connection = blank()?;
    attach_to_read(&connection, DATASET, &folder.file(DATASET))?;
    Ok(Some(connection))
}

/// The state of a plan's lease.
pub(super) fn look(folder: &Folder, plan: &str) -> Result<Option<Lease>, Fault> {
    let Some(connection) = open_to_look(folder)? else {
        return Ok(None);
    };
    if !schema::exists(&connection, DATASET, "lease")? {
        return Ok(None);
    }
    stands(&connection, plan)
}

fn stands(connection: &Connection, plan: &str) -> Result<Option<Lease>, Fault> {
    let sql = "SELECT epoch, beat, holder FROM backcourt.lease WHERE plan = ?1";
    let stored = connection
        .query_row(sql, [plan], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    stored
        .map(|(epoch, heartbeat, holder): (_, _, Option<String>)| {
            let read = |text: String| {
                serde_json::from_str(&text).map_err(|error| {
                    Fault::data(format!(
                        "cannot read the lease of plan {plan} ({error}); if no run is active, remove {DATASET}.sqlite"
                    ))
                })
            };
            let holder = holder.map(read).transpose()?;
            Ok(Lease { epoch, heartbeat, holder })
        })
        .transpose()
}

/// Takes the lease if its epoch and heartbeat are still those of `seen`; `None` if not.
pub(super) fn take(
    folder: &Folder,
    plan: &str,
    seen: Option<&Lease>,
    by: &Holder,
) -> Result<Option<Fence>, Fault> {
    let mut connection = open(folder)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(TABLE)?;
    transaction.execute_batch(record::TABLE)?;
    let now = stands(&transaction, plan)?;
    let place = |lease: &Lease| (lease.epoch, lease.heartbeat);
    if now.as_ref().map(place) != seen.map(place) {
        return Ok(None);
    }
    let epoch = now.map_or(1, |lease| lease.epoch + 1);
    let holder = serde_json::to_string(by).map_err(|error| Fault::code(error.to_string()))?;
    transaction.execute(
        "INSERT OR REPLACE INTO backcourt.lease (plan, epoch, beat, holder) VALUES (?1, ?2, 0, ?3)",
        params![plan, epoch, holder],
    )?;
    transaction.commit()?;
    Ok(Some(Fence {
        plan: plan.to_owned(),
        epoch,
    }))
}

/// Counts a heartbeat; fails if another process has taken the lease.
pub(super) fn heartbeat(folder: &Folder, fence: &Fence) -> Result<(), Fault> {
    fence.hold(&open(folder)?)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::warehouse::ErrorClass;

    fn holder(pid: u32) -> Holder {
        Holder {
            host: "courtside".to_owned(),
            machine: None,
            pid,
            started: None,
            since: chrono::DateTime::UNIX_EPOCH,
            folder: "/state".to_owned(),
            jobs_in: Vec::new(),
        }
    }

    fn folder(dir: &Path) -> Folder {
        let folder = Folder::open(dir).unwrap();
        folder.create(DATASET).unwrap();
        folder
    }

    #[test]
    fn taking_a_lease_requires_it_unchanged_and_increments_its_epoch() {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(dir.path());
        assert_eq!(look(&folder, "nba").unwrap(), None);
        let first = take(&folder, "nba", None, &holder(1)).unwrap().unwrap();
        assert!(
            take(&folder, "nba", None, &holder(2)).unwrap().is_none(),
            "already taken"
        );
        let seen = look(&folder, "nba").unwrap().unwrap();
        assert_eq!(
            (seen.epoch, seen.heartbeat, &seen.holder),
            (1, 0, &Some(holder(1)))
        );
        heartbeat(&folder, &first).unwrap();
        assert!(
            take(&folder, "nba", Some(&seen), &holder(2)).unwrap().is_none(),
            "its holder is alive"
        );
        let seen = look(&folder, "nba").unwrap().unwrap();
        assert_eq!(seen.heartbeat, 1);
        let second = take(&folder, "nba", Some(&seen), &holder(2)).unwrap().unwrap();
        assert_eq!(second.epoch, 2);
        first.give_back(&folder).unwrap();
        heartbeat(&folder, &second).unwrap();
        second.give_back(&folder).unwrap();
        let free = look(&folder, "nba").unwrap().unwrap();
        assert_eq!((free.epoch, free.holder), (2, None));
        assert!(take(&folder, "shop", None, &holder(3)).unwrap().is_some());
    }

    #[test]
    fn the_error_of_a_lost_lease_names_the_new_holder() {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(dir.path());
        let first = take(&folder, "nba", None, &holder(1)).unwrap().unwrap();
        let seen = look(&folder, "nba").unwrap();
        take(&folder, "nba", seen.as_ref(), &holder(2)).unwrap().unwrap();
        let in_context = |fault: Fault| fault.in_context("sending a heartbeat", dir.path());
        let error = heartbeat(&folder, &first).map_err(in_context).unwrap_err();
        assert_eq!(error.class, ErrorClass::Auth);
        assert!(error.message.contains("process 2 on courtside"), "{error}");
        let mut done = false;
        let work = || {
            done = true;
            Ok(())
        };
        first.holding(&folder, work).map_err(in_context).unwrap_err();
        assert!(!done);
    }
}
