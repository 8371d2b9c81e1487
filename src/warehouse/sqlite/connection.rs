//! One connection: an empty in-memory database with every dataset of the folder attached under its name.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::fault::SqliteFault;
use super::folder::{DatasetFile, OWN_DATASET, WarehouseFolder};
use super::functions;
use crate::table::{sql_name, sqlite_schema};
use crate::warehouse::WarehouseError;
use crate::write_ahead_log;

/// How long `SQLite` waits for another process's lock before the call fails with contention. A commit of a query stage holds the
/// lock while its query runs.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);

/// Page cache per dataset and connection, in KiB. Files are not memory-mapped, because mapped pages count towards the
/// process's memory once per connection.
const CACHE_KIB: u32 = 2 * 1024;

/// The access mode of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccessMode {
    /// Read-only.
    Reader,
    /// The only one that writes.
    Writer,
}

/// Opens a connection to these datasets of the folder.
pub(super) fn open(
    folder: &WarehouseFolder,
    datasets: &[DatasetFile],
    role: AccessMode,
) -> Result<Connection, WarehouseError> {
    let explain = |fault: SqliteFault| fault.in_context("opening the warehouse", folder.path());
    let connection = blank().map_err(explain)?;
    // A transaction over several files is committed file by file, in the order they were attached. The lease file
    // records what was written to the others, so it comes last: a process killed in between may leave rows without a
    // record, never the reverse.
    let (leases, others): (Vec<_>, Vec<_>) = datasets.iter().partition(|dataset| dataset.name == OWN_DATASET);
    for DatasetFile { name: dataset, .. } in others.into_iter().chain(leases) {
        let file = folder.file(dataset);
        let joined = if folder.is_read_only() {
            attach_to_read(&connection, dataset, &file)
        } else {
            attach(&connection, dataset, &file).and_then(|()| prepare(&connection, dataset))
        };
        joined.map_err(|fault| fault.in_context(&format!("opening dataset {dataset}"), &file))?;
    }
    if role == AccessMode::Reader {
        connection
            .pragma_update(None, "query_only", true)
            .map_err(|error| explain(error.into()))?;
    }
    Ok(connection)
}

/// Opens a connection to the lease file alone. Pooled connections may be busy writing.
pub(super) fn open_own(folder: &WarehouseFolder) -> Result<Connection, SqliteFault> {
    let connection = blank()?;
    attach(&connection, OWN_DATASET, &folder.file(OWN_DATASET))?;
    Ok(connection)
}

/// Opens the lease file for reading; `None` if it doesn't exist. Leaves no trace in a read-only folder.
pub(super) fn open_own_to_read(folder: &WarehouseFolder) -> Result<Option<Connection>, SqliteFault> {
    if !folder.file(OWN_DATASET).exists() {
        return Ok(None);
    }
    if !folder.is_read_only() {
        return open_own(folder).map(Some);
    }
    let connection = blank()?;
    attach_to_read(&connection, OWN_DATASET, &folder.file(OWN_DATASET))?;
    Ok(Some(connection))
}

/// An in-memory connection with the registered functions and no dataset.
pub(super) fn blank() -> Result<Connection, SqliteFault> {
    let connection = Connection::open_in_memory()?;
    connection.busy_timeout(LOCK_TIMEOUT)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // A misspelt column must be an error, not a string literal.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_prepared_statement_cache_capacity(32);
    functions::register(&connection)?;
    Ok(connection)
}

/// Attaches a file under a dataset's name.
pub(super) fn attach(connection: &Connection, dataset: &str, file: &Path) -> Result<(), SqliteFault> {
    let Some(path) = file.to_str() else {
        return Err(SqliteFault::code(format!(
            "{}: the warehouse's path must be valid UTF-8",
            file.display()
        )));
    };
    let schema = sql_name(&sqlite_schema(dataset));
    connection.execute(&format!("ATTACH DATABASE ?1 AS {schema}"), [path])?;
    Ok(())
}

/// Attaches a file for reading, without leaving a trace. Without a write-ahead log no process is writing, and the file
/// is opened as immutable; even a reader would create a log otherwise. With a log, the file is opened read-only.
fn attach_to_read(connection: &Connection, dataset: &str, file: &Path) -> Result<(), SqliteFault> {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let how = if Path::new(&log).exists() {
        "mode=ro"
    } else {
        "immutable=1"
    };
    let path = file.to_string_lossy();
    let path = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    attach(connection, dataset, Path::new(&format!("file:{path}?{how}")))?;
    // Detects a damaged file, or one that isn't a database.
    let schema = sql_name(&sqlite_schema(dataset));
    connection.query_row(&format!("PRAGMA {schema}.schema_version"), [], |row| {
        row.get::<_, i64>(0)
    })?;
    Ok(())
}

/// Sets the journal mode and the cache size of an attached dataset. Detects a damaged file, or one that isn't a
/// database.
fn prepare(connection: &Connection, dataset: &str) -> Result<(), SqliteFault> {
    let schema = sql_name(&sqlite_schema(dataset));
    if !write_ahead_log::enable(connection, &schema, LOCK_TIMEOUT)? {
        return Err(SqliteFault::code(format!(
            "dataset {dataset}: this file system does not support a write-ahead log; choose a local folder"
        )));
    }
    connection.execute_batch(&format!(
        "PRAGMA {schema}.synchronous = FULL; PRAGMA {schema}.cache_size = -{CACHE_KIB}"
    ))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_database_is_attached_last() {
        let dir = tempfile::tempdir().unwrap();
        let folder = WarehouseFolder::open(dir.path()).unwrap();
        for dataset in ["nba_raw", OWN_DATASET, "analytics"] {
            folder.create(dataset).unwrap();
        }
        let writer = open(&folder, &folder.datasets().unwrap(), AccessMode::Writer).unwrap();
        let mut attached = writer
            .prepare("SELECT name FROM pragma_database_list ORDER BY seq")
            .unwrap();
        let names: Vec<String> = (attached.query_map([], |row| row.get(0)).unwrap())
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(names, ["main", "analytics", "nba_raw", "backcourt"]);
    }
}
