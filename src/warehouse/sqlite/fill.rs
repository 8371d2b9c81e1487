//! Rewriting whole tables of a dataset: they are built in a new file, which replaces the old one by a rename. Until
//! then the old file is untouched, so a failure changes nothing.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::Connection;

use super::connection::{attach, blank};
use super::fault::SqliteFault;
use super::fence::SqliteFence;
use super::folder::{PAGE_BYTES, WarehouseFolder, checked};
use super::insert::Insert;
use super::schema;
use crate::own_file;
use crate::table::{sql_name, sqlite_path, sqlite_schema, sqlite_table};
use crate::warehouse::{ErrorClass, Filling, WarehouseError};

/// Rows between two updates of the progress counter.
const PROGRESS_STEP: usize = 1_000;

/// Builds the new file and replaces the dataset's file. Requires that this process has no open connection.
pub(super) fn fill(
    folder: &WarehouseFolder,
    tables: Vec<Filling>,
    written: &AtomicUsize,
    fence: Option<&SqliteFence>,
) -> Result<(), WarehouseError> {
    let Some(dataset) = tables.first().map(|filling| filling.table.dataset.to_string()) else {
        return Ok(());
    };
    let fresh = folder.fresh_file(&dataset);
    let done = one_dataset(&dataset, &tables)
        .and_then(|()| build(folder, &dataset, &fresh, tables, written))
        .and_then(|()| {
            let exchange = || exchange(folder, &dataset, &fresh);
            match fence {
                Some(fence) => fence.while_held(folder, exchange),
                None => exchange(),
            }
        });
    done.map_err(|fault| {
        let error = fault.in_context(&format!("filling dataset {dataset}"), folder.path());
        match remove_if_there(&fresh) {
            Ok(()) => error,
            Err(left) => WarehouseError::new(
                error.class,
                format!("{error}; cannot remove {} ({left})", fresh.display()),
            ),
        }
    })
}

/// A rename replaces a single file, so a fill is atomic for one dataset only.
fn one_dataset(dataset: &str, tables: &[Filling]) -> Result<(), SqliteFault> {
    for filling in tables {
        checked(&filling.table)?;
        if !filling.table.slice.is_whole() {
            return Err(SqliteFault::code(format!(
                "cannot fill a slice of {}; the whole table is rewritten",
                filling.table.path()
            )));
        }
        if filling.table.dataset != dataset {
            return Err(SqliteFault::code(format!(
                "cannot fill {} together with tables of {dataset}; fill one dataset at a time",
                filling.table.path()
            )));
        }
    }
    Ok(())
}

fn build(
    folder: &WarehouseFolder,
    dataset: &str,
    fresh: &Path,
    tables: Vec<Filling>,
    written: &AtomicUsize,
) -> Result<(), SqliteFault> {
    start_file(folder, dataset, fresh, &tables)?;
    let connection = blank()?;
    attach(&connection, dataset, fresh)?;
    // An unfinished file is discarded, so it needs no crash protection.
    let schema = sql_name(&sqlite_schema(dataset));
    connection.execute_batch(&format!(
        "PRAGMA {schema}.page_size = {PAGE_BYTES}; PRAGMA {schema}.journal_mode = OFF; \
         PRAGMA {schema}.synchronous = OFF"
    ))?;
    connection.execute_batch("BEGIN")?;
    for filling in tables {
        fill_table(&connection, filling, written)?;
    }
    connection.execute_batch("COMMIT")?;
    connection.close().map_err(|(_, error)| error)?;
    File::open(fresh)?.sync_all()?;
    Ok(())
}

/// Creates an empty file, or a copy of the old one if that contains other tables.
fn start_file(
    folder: &WarehouseFolder,
    dataset: &str,
    fresh: &Path,
    tables: &[Filling],
) -> Result<(), SqliteFault> {
    remove_if_there(fresh)?;
    let old = folder.file(dataset);
    if old.exists() && holds_others(&old, tables)? {
        fs::copy(&old, fresh)?;
    } else {
        own_file::create_new(fresh)?;
    }
    Ok(())
}

/// Checkpoints and removes the old file's write-ahead log, since a leftover log would be applied to the new file.
/// Returns whether the file contains tables that are not filled.
fn holds_others(old: &Path, tables: &[Filling]) -> Result<bool, SqliteFault> {
    let connection = blank()?;
    attach(&connection, "old", old)?;
    let mode: String =
        connection.pragma_update_and_check(Some("old"), "journal_mode", "DELETE", |row| row.get(0))?;
    if mode != "delete" {
        return Err(SqliteFault::Classified(WarehouseError::new(
            ErrorClass::Contention,
            format!("{}: another program has it open; close it", old.display()),
        )));
    }
    let held: Vec<String> = connection
        .prepare("SELECT name FROM old.sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(held
        .iter()
        .any(|name| tables.iter().all(|filling| filling.table.name != *name)))
}

fn remove_if_there(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn fill_table(connection: &Connection, filling: Filling, written: &AtomicUsize) -> Result<(), SqliteFault> {
    let table = filling.table;
    let path = sqlite_path(&table.dataset, &table.name);
    connection.execute_batch(&format!("DROP TABLE IF EXISTS {path}"))?;
    connection.execute_batch(&sqlite_table(&table))?;
    let mut insert = Insert::prepare(connection, &table)?;
    let mut pending = 0;
    for row in filling.rows {
        insert.row(&row, &[])?;
        pending += 1;
        if pending == PROGRESS_STEP {
            written.fetch_add(pending, Ordering::Relaxed);
            pending = 0;
        }
    }
    written.fetch_add(pending, Ordering::Relaxed);
    schema::index(connection, &table)
}

/// Renames the new file over the old one.
fn exchange(folder: &WarehouseFolder, dataset: &str, fresh: &Path) -> Result<(), SqliteFault> {
    fs::rename(fresh, folder.file(dataset))?;
    File::open(folder.path())?.sync_all()?;
    Ok(())
}
