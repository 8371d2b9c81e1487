//! The fence of the embedded warehouse: fails every write of a process that has lost its lease.

use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::connection::open_own;
use super::fault::SqliteFault;
use super::folder::{OWN_DATASET, WarehouseFolder};
use super::heartbeat;
use crate::warehouse::{Lease, lease};

/// The lease this warehouse holds, if any.
#[derive(Debug, Default)]
pub(super) struct FenceSlot(Mutex<Option<SqliteFence>>);

/// Prevents writes by a process that has lost its lease.
#[derive(Debug, Clone)]
pub(super) struct SqliteFence {
    pub(super) plan: String,
    pub(super) epoch: i64,
}

impl FenceSlot {
    pub(super) fn fence(&self) -> Option<SqliteFence> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, fence: Option<SqliteFence>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fence;
    }
}

impl SqliteFence {
    /// Fails if another process has taken the lease, otherwise counts a heartbeat. Inside a write transaction
    /// the lease can't be taken until the transaction ends.
    pub(super) fn verify(&self, connection: &Connection) -> Result<(), SqliteFault> {
        let mut heartbeat = connection
            .prepare_cached("UPDATE backcourt.lease SET beat = beat + 1 WHERE plan = ?1 AND epoch = ?2")?;
        if heartbeat.execute(params![self.plan, self.epoch])? == 1 {
            return Ok(());
        }
        self.look(connection)
    }

    /// Fails if another process has taken the lease; changes nothing.
    pub(super) fn look(&self, connection: &Connection) -> Result<(), SqliteFault> {
        match stored_lease(connection, &self.plan)? {
            Some(lease) if lease.epoch == self.epoch => Ok(()),
            now => {
                let holder = now.and_then(|lease| lease.holder);
                Err(SqliteFault::Classified(lease::lost(&self.plan, holder.as_ref())))
            }
        }
    }

    /// Runs work outside a transaction, such as replacing a file, while the lease can't be taken.
    pub(super) fn while_held(
        &self,
        folder: &WarehouseFolder,
        work: impl FnOnce() -> Result<(), SqliteFault>,
    ) -> Result<(), SqliteFault> {
        let mut connection = open_own(folder)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.verify(&transaction)?;
        work()?;
        transaction.commit()?;
        Ok(())
    }

    /// Releases the lease. Does nothing if another process has taken it.
    pub(super) fn give_back(&self, folder: &WarehouseFolder) -> Result<(), SqliteFault> {
        let sql = "UPDATE backcourt.lease SET holder = NULL WHERE plan = ?1 AND epoch = ?2";
        if open_own(folder)?.execute(sql, params![self.plan, self.epoch])? == 1 {
            heartbeat::forget(folder, &self.plan);
        }
        Ok(())
    }
}

/// The lease of a plan as it is stored.
pub(super) fn stored_lease(connection: &Connection, plan: &str) -> Result<Option<Lease>, SqliteFault> {
    let sql = "SELECT epoch, beat, holder FROM backcourt.lease WHERE plan = ?1";
    let stored = connection
        .query_row(sql, [plan], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    stored
        .map(|(epoch, heartbeat, holder): (_, _, Option<String>)| {
            let read = |text: String| {
                serde_json::from_str(&text).map_err(|error| {
                    SqliteFault::data(format!(
                        "cannot read the lease of plan {plan} ({error}); if no run is active, remove {OWN_DATASET}.sqlite"
                    ))
                })
            };
            let holder = holder.map(read).transpose()?;
            Ok(Lease { epoch, heartbeat, holder })
        })
        .transpose()
}
