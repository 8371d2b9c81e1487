//! A few connections: several that read, one that writes, all on threads that may block.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::{AcquireError, Semaphore};

use super::connection::{self, Role};
use super::fault::Fault;
use super::folder::Folder;
use crate::warehouse::{ErrorClass, WarehouseError};

/// Connections that may read at the same time.
const READERS: u32 = 4;

/// The connections of one warehouse.
#[derive(Debug)]
pub(super) struct Pool {
    folder: Folder,
    readers: Lane,
    writer: Lane,
    /// Counts up when a dataset file comes or is replaced: connections from before are closed.
    epoch: AtomicU64,
}

#[derive(Debug)]
struct Lane {
    role: Role,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<(u64, Connection)>>,
}

impl Pool {
    /// Opens one connection of each kind, so that a folder that cannot be used is refused at once.
    pub(super) fn open(folder: Folder) -> Result<Self, WarehouseError> {
        let pool = Self {
            folder,
            readers: Lane::new(Role::Reader, READERS),
            writer: Lane::new(Role::Writer, 1),
            epoch: AtomicU64::new(0),
        };
        let lanes = [&pool.readers, &pool.writer];
        let used = if pool.folder.is_read_only() { 1 } else { 2 };
        for lane in &lanes[..used] {
            let held = lane.take(&pool.folder, 0)?;
            lane.give(0, held);
        }
        Ok(pool)
    }

    pub(super) const fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Runs `work` on a connection, waiting for one to be free. `doing` begins the sentence of a failure.
    pub(super) async fn run<T, W>(
        self: &Arc<Self>,
        role: Role,
        doing: String,
        work: W,
    ) -> Result<T, WarehouseError>
    where
        T: Send + 'static,
        W: FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    {
        let permit = Arc::clone(&self.lane(role).permits)
            .acquire_owned()
            .await
            .map_err(closed)?;
        let pool = Arc::clone(self);
        blocking(move || {
            let lane = pool.lane(role);
            let epoch = pool.epoch.load(Ordering::Acquire);
            let mut connection = lane.take(&pool.folder, epoch)?;
            let done = work(&mut connection).map_err(|fault| fault.told(&doing, pool.folder.path()));
            if connection.is_autocommit() && pool.epoch.load(Ordering::Acquire) == epoch {
                lane.give(epoch, connection);
            }
            drop(permit);
            done
        })
        .await
    }

    /// Runs `work` while no connection is open, for exchanging the files themselves.
    pub(super) async fn alone<T, W>(self: &Arc<Self>, work: W) -> Result<T, WarehouseError>
    where
        T: Send + 'static,
        W: FnOnce(&Folder) -> Result<T, WarehouseError> + Send + 'static,
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
            pool.renew();
            let done = work(&pool.folder);
            drop((writer, readers));
            done
        })
        .await
    }

    /// Closes idle connections; busy ones are closed when they come back.
    pub(super) fn renew(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        for lane in [&self.writer, &self.readers] {
            lane.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    const fn lane(&self, role: Role) -> &Lane {
        match role {
            Role::Reader => &self.readers,
            Role::Writer => &self.writer,
        }
    }
}

impl Lane {
    fn new(role: Role, permits: u32) -> Self {
        Self {
            role,
            permits: Arc::new(Semaphore::new(permits as usize)),
            idle: Mutex::new(Vec::new()),
        }
    }

    fn take(&self, folder: &Folder, epoch: u64) -> Result<Connection, WarehouseError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some((of, connection)) if of == epoch => Ok(connection),
            _ => connection::open(folder, self.role),
        }
    }

    fn give(&self, epoch: u64, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push((epoch, connection));
    }
}

/// Runs `work` on a thread that may block. A panic there becomes an error here.
pub(super) async fn blocking<T, W>(work: W) -> Result<T, WarehouseError>
where
    T: Send + 'static,
    W: FnOnce() -> Result<T, WarehouseError> + Send + 'static,
{
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(WarehouseError::new(
            ErrorClass::Code,
            format!("the embedded warehouse's thread broke off: {error}"),
        ))
    })
}

fn closed(_: AcquireError) -> WarehouseError {
    WarehouseError::new(ErrorClass::Code, "the embedded warehouse is closed")
}
