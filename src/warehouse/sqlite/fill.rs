//! Filling whole tables of a dataset from scratch: built in a fresh file beside the old one, which it then
//! replaces by a rename. Until the rename the old file is untouched, so a failure changes nothing.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::Connection;

use super::connection::{attach, blank};
use super::fault::Fault;
use super::folder::{Folder, checked, create_private};
use super::insert::Insert;
use super::lease::Fence;
use crate::table::{sql_name, sqlite_index, sqlite_path, sqlite_schema, sqlite_table};
use crate::warehouse::{ErrorClass, Filling, WarehouseError};

/// Rows between two counts of progress.
const STRIDE: usize = 1_000;

/// Builds and exchanges the dataset's file. No connection of this process may be open.
pub(super) fn fill(
    folder: &Folder,
    tables: Vec<Filling>,
    written: &AtomicUsize,
    fence: Option<&Fence>,
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
                Some(fence) => fence.holding(folder, exchange),
                None => exchange(),
            }
        });
    done.map_err(|fault| {
        let error = fault.told(&format!("filling dataset {dataset}"), folder.path());
        match remove_if_there(&fresh) {
            Ok(()) => error,
            Err(left) => WarehouseError::new(
                error.class,
                format!("{error}; cannot remove {} ({left})", fresh.display()),
            ),
        }
    })
}

/// A rename exchanges one file, so all-or-nothing reaches as far as one dataset.
fn one_dataset(dataset: &str, tables: &[Filling]) -> Result<(), Fault> {
    for filling in tables {
        checked(&filling.table)?;
        if filling.table.dataset != dataset {
            return Err(Fault::code(format!(
                "cannot fill {} together with tables of {dataset}; fill one dataset at a time",
                filling.table.path()
            )));
        }
    }
    Ok(())
}

fn build(
    folder: &Folder,
    dataset: &str,
    fresh: &Path,
    tables: Vec<Filling>,
    written: &AtomicUsize,
) -> Result<(), Fault> {
    start_file(folder, dataset, fresh, &tables)?;
    let connection = blank()?;
    attach(&connection, dataset, fresh)?;
    // The file is thrown away unless it is finished, so nothing in it needs protecting.
    let schema = sql_name(&sqlite_schema(dataset));
    connection.execute_batch(&format!(
        "PRAGMA {schema}.journal_mode = OFF; PRAGMA {schema}.synchronous = OFF"
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

/// An empty file, or a copy of the old one if that holds tables the fill does not touch.
fn start_file(folder: &Folder, dataset: &str, fresh: &Path, tables: &[Filling]) -> Result<(), Fault> {
    remove_if_there(fresh)?;
    let old = folder.file(dataset);
    if old.exists() && holds_others(&old, tables)? {
        fs::copy(&old, fresh)?;
    } else {
        create_private(fresh)?;
    }
    Ok(())
}

/// Ends the old file's write-ahead log, since a log left lying would be played into the new file, and says
/// whether the file holds other tables than those to be filled.
fn holds_others(old: &Path, tables: &[Filling]) -> Result<bool, Fault> {
    let connection = blank()?;
    attach(&connection, "old", old)?;
    let mode: String =
        connection.pragma_update_and_check(Some("old"), "journal_mode", "DELETE", |row| row.get(0))?;
    if mode != "delete" {
        return Err(Fault::Told(WarehouseError::new(
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

fn fill_table(connection: &Connection, filling: Filling, written: &AtomicUsize) -> Result<(), Fault> {
    let table = filling.table;
    let path = sqlite_path(&table.dataset, &table.name);
    connection.execute_batch(&format!("DROP TABLE IF EXISTS {path}"))?;
    connection.execute_batch(&sqlite_table(&table))?;
    let mut insert = Insert::prepare(connection, &table)?;
    let mut pending = 0;
    for row in filling.rows {
        insert.row(&row, &[])?;
        pending += 1;
        if pending == STRIDE {
            written.fetch_add(pending, Ordering::Relaxed);
            pending = 0;
        }
    }
    written.fetch_add(pending, Ordering::Relaxed);
    connection.execute_batch(&sqlite_index(&table))?;
    Ok(())
}

/// Lets the fresh file take the old one's place.
fn exchange(folder: &Folder, dataset: &str, fresh: &Path) -> Result<(), Fault> {
    fs::rename(fresh, folder.file(dataset))?;
    File::open(folder.path())?.sync_all()?;
    Ok(())
}
