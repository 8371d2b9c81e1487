//! A small connection pool: several readers and one writer, all on blocking threads.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::{AcquireError, Semaphore};

use super::connection::{self, AccessMode};
use super::fault::SqliteFault;
use super::folder::{DatasetFile, WarehouseFolder};
use crate::warehouse::{ErrorClass, WarehouseError};

/// Number of concurrent readers.
const READERS: u32 = 4;

/// The connections of one warehouse.
#[derive(Debug)]
pub(super) struct Pool {
    folder: WarehouseFolder,
    readers: Lane,
    writer: Lane,
}

#[derive(Debug)]
struct Lane {
    role: AccessMode,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Open>>,
}

/// A connection and its attached datasets.
#[derive(Debug)]
struct Open {
    connection: Connection,
    datasets: Vec<DatasetFile>,
}

impl Pool {
    /// Opens one connection of each kind, so that an unusable folder fails at once.
    pub(super) fn open(folder: WarehouseFolder) -> Result<Self, WarehouseError> {
        let pool = Self {
            folder,
            readers: Lane::new(AccessMode::Reader, READERS),
            writer: Lane::new(AccessMode::Writer, 1),
        };
        let lanes = [&pool.readers, &pool.writer];
        let used = if pool.folder.is_read_only() { 1 } else { 2 };
        for lane in &lanes[..used] {
            lane.give(lane.take(&pool.folder)?);
        }
        Ok(pool)
    }

    pub(super) const fn folder(&self) -> &WarehouseFolder {
        &self.folder
    }

    /// Runs `work` on a connection, after waiting for a free one. `doing` names the operation in error messages.
    pub(super) async fn run<T, W>(
        self: &Arc<Self>,
        role: AccessMode,
        doing: String,
        work: W,
    ) -> Result<T, WarehouseError>
    where
        T: Send + 'static,
        W: FnOnce(&mut Connection) -> Result<T, SqliteFault> + Send + 'static,
    {
        let permit = Arc::clone(&self.lane(role).permits)
            .acquire_owned()
            .await
            .map_err(closed)?;
        let pool = Arc::clone(self);
        blocking(move || {
            let lane = pool.lane(role);
            let mut open = lane.take(&pool.folder)?;
            let done =
                work(&mut open.connection).map_err(|fault| fault.in_context(&doing, pool.folder.path()));
            if open.connection.is_autocommit() {
                lane.give(open);
            }
            drop(permit);
            done
        })
        .await
    }

    /// Runs `work` while no connection is open, to replace the files themselves.
    pub(super) async fn alone<T, W>(self: &Arc<Self>, work: W) -> Result<T, WarehouseError>
    where
        T: Send + 'static,
        W: FnOnce(&WarehouseFolder) -> Result<T, WarehouseError> + Send + 'static,
    {
        let writer = Arc::clone(&self.writer.permits)
            .acquire_owned()
            .await
            .map_err(closed)?;
        let readers = Arc::clone(&self.readers.permits)
            .acquire_many_owned(READERS)
            .await
            .map_err(closed)?;
        let pool = Arc::clone(self);
        blocking(move || {
            for lane in [&pool.writer, &pool.readers] {
                lane.idle().clear();
            }
            let done = work(&pool.folder);
            drop((writer, readers));
            done
        })
        .await
    }

    const fn lane(&self, role: AccessMode) -> &Lane {
        match role {
            AccessMode::Reader => &self.readers,
            AccessMode::Writer => &self.writer,
        }
    }
}

impl Lane {
    fn new(role: AccessMode, permits: u32) -> Self {
        Self {
            role,
            permits: Arc::new(Semaphore::new(permits as usize)),
            idle: Mutex::new(Vec::new()),
        }
    }

    /// A connection with the datasets that are in the folder now. A dataset created or replaced by another process is
    /// visible to the next query.
    fn take(&self, folder: &WarehouseFolder) -> Result<Open, WarehouseError> {
        let datasets =
            (folder.datasets()).map_err(|fault| fault.in_context("opening the warehouse", folder.path()))?;
        let idle = self.idle().pop();
        match idle {
            Some(open) if open.datasets == datasets => Ok(open),
            _ => Ok(Open {
                connection: connection::open(folder, &datasets, self.role)?,
                datasets,
            }),
        }
    }

    fn give(&self, open: Open) {
        self.idle().push(open);
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Open>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs `work` on a blocking thread. A panic there becomes an error.
pub(super) async fn blocking<T, W>(work: W) -> Result<T, WarehouseError>
where
    T: Send + 'static,
    W: FnOnce() -> Result<T, WarehouseError> + Send + 'static,
{
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(WarehouseError::new(
            ErrorClass::Code,
            format!("the embedded warehouse's thread stopped: {error}"),
        ))
    })
}

fn closed(_: AcquireError) -> WarehouseError {
    WarehouseError::new(ErrorClass::Code, "the embedded warehouse is closed")
}
