//! Leases of the embedded warehouse, in a small file beside the datasets. A write transaction locks this file
//! too, so the lease can't be taken between the check and the commit.

use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior, params};

use super::connection::{open_own, open_own_to_read};
use super::fault::SqliteFault;
use super::fence::{SqliteFence, stored_lease};
use super::folder::{OWN_DATASET, WarehouseFolder};
use super::{heartbeat, record, schema};
use crate::warehouse::{HeartbeatTiming, Holder, Lease};

/// A heartbeat takes no longer than a look at a local file. The holder's commits count as heartbeats too.
pub(super) const HEARTBEAT_TIMING: HeartbeatTiming = HeartbeatTiming {
    heartbeat: Duration::from_secs(2),
    heartbeat_limit: Duration::from_mins(1),
    silence: Duration::from_secs(10),
    look: Duration::from_millis(250),
};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS backcourt.lease (
    plan TEXT PRIMARY KEY, epoch INTEGER NOT NULL, beat INTEGER NOT NULL, holder TEXT) STRICT";

/// The state of a plan's lease.
pub(super) fn look(folder: &WarehouseFolder, plan: &str) -> Result<Option<Lease>, SqliteFault> {
    let Some(connection) = open_own_to_read(folder)? else {
        return Ok(None);
    };
    if !schema::exists(&connection, OWN_DATASET, "lease")? {
        return Ok(None);
    }
    observed(folder, &connection, plan)
}

/// The state of a plan's lease with both kinds of heartbeats.
fn observed(
    folder: &WarehouseFolder,
    connection: &Connection,
    plan: &str,
) -> Result<Option<Lease>, SqliteFault> {
    let lease = stored_lease(connection, plan)?;
    Ok(lease.map(|lease| Lease {
        heartbeat: lease.heartbeat + heartbeat::number(folder, plan),
        ..lease
    }))
}

/// Takes the lease if its epoch and heartbeat are still those of `seen`; `None` if not.
pub(super) fn take(
    folder: &WarehouseFolder,
    plan: &str,
    seen: Option<&Lease>,
    by: &Holder,
) -> Result<Option<SqliteFence>, SqliteFault> {
    let mut connection = open_own(folder)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(TABLE)?;
    transaction.execute_batch(record::TABLE)?;
    let now = observed(folder, &transaction, plan)?;
    let place = |lease: &Lease| (lease.epoch, lease.heartbeat);
    if now.as_ref().map(place) != seen.map(place) {
        return Ok(None);
    }
    let epoch = now.map_or(1, |lease| lease.epoch + 1);
    let holder = serde_json::to_string(by).map_err(|error| SqliteFault::code(error.to_string()))?;
    transaction.execute(
        "INSERT OR REPLACE INTO backcourt.lease (plan, epoch, beat, holder) VALUES (?1, ?2, 0, ?3)",
        params![plan, epoch, holder],
    )?;
    transaction.commit()?;
    Ok(Some(SqliteFence {
        plan: plan.to_owned(),
        epoch,
    }))
}

/// Sends a heartbeat; fails if another process has taken the lease.
pub(super) fn heartbeat(folder: &WarehouseFolder, fence: &SqliteFence) -> Result<(), SqliteFault> {
    fence.look(&open_own(folder)?)?;
    Ok(heartbeat::send(folder, &fence.plan)?)
}

#[cfg(test)]
mod tests {
    use std::fs;
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

    fn folder(dir: &Path) -> WarehouseFolder {
        let folder = WarehouseFolder::open(dir).unwrap();
        folder.create(OWN_DATASET).unwrap();
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
        let silent = seen;
        let seen = look(&folder, "nba").unwrap().unwrap();
        assert_ne!(seen.heartbeat, silent.heartbeat);
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
    fn heartbeats_write_nothing_and_each_of_them_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(dir.path());
        let fence = take(&folder, "any / name", None, &holder(1)).unwrap().unwrap();
        // Another open connection, as in a run: closing the last one would empty the log.
        let _other = open_own(&folder).unwrap();
        let _ = look(&folder, "any / name").unwrap();
        let contents = || {
            let files = fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().path());
            let mut files: Vec<_> = files
                .filter(|file| !file.ends_with("backcourt.sqlite-shm"))
                .collect();
            files.sort();
            files
                .into_iter()
                .map(|file| fs::read(file).unwrap())
                .collect::<Vec<_>>()
        };
        heartbeat(&folder, &fence).unwrap();
        let before = contents();
        let mut seen = vec![look(&folder, "any / name").unwrap().unwrap().heartbeat];
        for _ in 0..30 {
            heartbeat(&folder, &fence).unwrap();
            seen.push(look(&folder, "any / name").unwrap().unwrap().heartbeat);
        }
        assert!(seen.is_sorted_by(|before, after| before < after), "{seen:?}");
        assert!(contents() == before, "a heartbeat wrote to the disk");
    }

    #[test]
    fn the_error_of_a_lost_lease_names_the_new_holder() {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(dir.path());
        let first = take(&folder, "nba", None, &holder(1)).unwrap().unwrap();
        let seen = look(&folder, "nba").unwrap();
        take(&folder, "nba", seen.as_ref(), &holder(2)).unwrap().unwrap();
        let in_context = |fault: SqliteFault| fault.in_context("sending a heartbeat", dir.path());
        let error = heartbeat(&folder, &first).map_err(in_context).unwrap_err();
        assert_eq!(error.class, ErrorClass::Auth);
        assert!(error.message.contains("process 2 on courtside"), "{error}");
        let mut done = false;
        let work = || {
            done = true;
            Ok(())
        };
        first.while_held(&folder, work).map_err(in_context).unwrap_err();
        assert!(!done);
    }
}
