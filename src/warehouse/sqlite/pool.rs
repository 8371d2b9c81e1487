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

/// How often a read is tried while tables are created. `SQLite` itself tries fifty times.
const MAX_ATTEMPTS: u32 = 100;

/// The connections of one warehouse.
#[derive(Debug)]
pub(super) struct Pool {
    folder: WarehouseFolder,
    readers: Connections,
    writer: Connections,
}

#[derive(Debug)]
struct Connections {
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
            readers: Connections::new(AccessMode::Reader, READERS),
            writer: Connections::new(AccessMode::Writer, 1),
        };
        let kinds = [&pool.readers, &pool.writer];
        let used = if pool.folder.is_read_only() { 1 } else { 2 };
        for kind in &kinds[..used] {
            kind.give(kind.take(&pool.folder)?);
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
        let permit = Arc::clone(&self.kind(role).permits)
            .acquire_owned()
            .await
            .map_err(closed)?;
        let pool = Arc::clone(self);
        blocking(move || {
            let kind = pool.kind(role);
            let mut open = kind.take(&pool.folder)?;
            let done =
                work(&mut open.connection).map_err(|fault| fault.in_context(&doing, pool.folder.path()));
            if open.connection.is_autocommit() {
                kind.give(open);
            }
            drop(permit);
            done
        })
        .await
    }

    /// Runs `work` on a reader, again if other connections kept creating tables while `SQLite` prepared its statements.
    pub(super) async fn read<T, W>(self: &Arc<Self>, doing: String, work: W) -> Result<T, WarehouseError>
    where
        T: Send + 'static,
        W: Fn(&mut Connection) -> Result<T, SqliteFault> + Send + 'static,
    {
        let until_steady = move |connection: &mut Connection| {
            let mut tried = 1;
            loop {
                match work(connection) {
                    Err(fault) if fault.is_new_schema() && tried < MAX_ATTEMPTS => tried += 1,
                    done => return done,
                }
            }
        };
        self.run(AccessMode::Reader, doing, until_steady).await
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
            for kind in [&pool.writer, &pool.readers] {
                kind.idle().clear();
            }
            let done = work(&pool.folder);
            drop((writer, readers));
            done
        })
        .await
    }

    const fn kind(&self, role: AccessMode) -> &Connections {
        match role {
            AccessMode::Reader => &self.readers,
            AccessMode::Writer => &self.writer,
        }
    }
}

impl Connections {
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use rusqlite::ffi;

    use super::*;

    #[tokio::test]
    async fn a_read_is_repeated_while_tables_are_created() {
        let dir = tempfile::tempdir().unwrap();
        let pool = Arc::new(Pool::open(WarehouseFolder::open(dir.path()).unwrap()).unwrap());
        let fails = |times: u32| {
            let tried = AtomicU32::new(0);
            let changed = || rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_SCHEMA), None);
            let work = move |_: &mut Connection| match tried.fetch_add(1, Ordering::Relaxed) {
                before if before < times => Err(changed().into()),
                before => Ok(before),
            };
            pool.read("querying".to_owned(), work)
        };
        assert_eq!(fails(3).await.unwrap(), 3);
        let error = fails(MAX_ATTEMPTS).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Contention);
    }
}
