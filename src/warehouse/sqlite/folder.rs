//! The folder of an embedded warehouse: one private file per dataset, named after it.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::fault::SqliteFault;
use crate::own_file;
use crate::table::{Column, ColumnType, PARTITION_TIME, TableDef, is_name};

const SUFFIX: &str = "sqlite";

/// Page size of a new file. A row of a kilobyte, as most are, then fits several times into a page.
pub(super) const PAGE_BYTES: u32 = 8_192;

/// The dataset of backcourt itself: lease, owners and progress. Attached to every connection like the others.
pub(super) const OWN_DATASET: &str = "backcourt";

/// A dataset and its file. A replaced file makes it a different dataset.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DatasetFile {
    pub(super) name: String,
    file: (u64, u64),
}

/// An existing folder. Files that are not named after a dataset are ignored.
#[derive(Debug)]
pub(super) struct WarehouseFolder {
    path: PathBuf,
    is_read_only: bool,
}

impl WarehouseFolder {
    /// Opens the folder. If it doesn't exist, it is created with access for this user only.
    pub(super) fn open(path: &Path) -> Result<Self, SqliteFault> {
        let path = std::path::absolute(path)?;
        DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
        Ok(Self {
            path,
            is_read_only: false,
        })
    }

    /// Opens an existing folder read-only.
    pub(super) fn open_to_read(path: &Path) -> Result<Self, SqliteFault> {
        let path = std::path::absolute(path)?;
        fs::read_dir(&path)?;
        Ok(Self {
            path,
            is_read_only: true,
        })
    }

    /// Whether the folder was opened read-only.
    pub(super) const fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The datasets that have a file, by name. Other processes may add files at any time.
    pub(super) fn datasets(&self) -> Result<Vec<DatasetFile>, SqliteFault> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            let named = path.extension().is_some_and(|suffix| suffix == SUFFIX);
            if let Some(stem) = path.file_stem().and_then(|stem| stem.to_str())
                && named
                && is_name(stem)
                && let Ok(file) = fs::metadata(&path)
            {
                found.push(DatasetFile {
                    name: stem.to_owned(),
                    file: (file.dev(), file.ino()),
                });
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// The file of a dataset.
    pub(super) fn file(&self, dataset: &str) -> PathBuf {
        self.path.join(format!("{dataset}.{SUFFIX}"))
    }

    /// The file in which a dataset is built before it replaces the old one.
    pub(super) fn fresh_file(&self, dataset: &str) -> PathBuf {
        self.path.join(format!("{dataset}.{SUFFIX}.new"))
    }

    /// Creates the file of a dataset, with its write-ahead log already enabled: two connections that enable it at the
    /// same time would block each other, and a query may come at any time. An existing file is never replaced, also if
    /// another process creates it at the same time.
    pub(super) fn create(&self, dataset: &str) -> Result<(), SqliteFault> {
        own_file::create_filled(&self.file(dataset), |unfinished| {
            // `SQLite` gives its side files the same mode.
            let connection = Connection::open(unfinished)?;
            connection.pragma_update(None, "page_size", PAGE_BYTES)?;
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))?;
            Ok(())
        })?
    }
}

/// Rejects a table with invalid names, before they are used in a file name or SQL.
pub(super) fn checked(table: &TableDef) -> Result<(), SqliteFault> {
    let columns = table.columns.iter().map(|column| &column.name);
    for name in [&table.dataset, &table.name].into_iter().chain(columns) {
        if !is_name(name) {
            return Err(SqliteFault::code(format!(
                "{}: {name:?} is not a valid name; use letters, digits and underscores",
                table.path()
            )));
        }
    }
    match unsupported(table).into_iter().next() {
        None => Ok(()),
        Some(problem) => Err(SqliteFault::code(problem)),
    }
}

/// The columns of a table that can't be stored here, one sentence each.
pub(super) fn unsupported(table: &TableDef) -> Vec<String> {
    if table.is_by_ingestion_time() {
        return vec![format!(
            "table {} is partitioned by {PARTITION_TIME}, which the embedded warehouse doesn't have; give a date column, or \
             run this plan on BigQuery",
            table.path()
        )];
    }
    let carried = table.columns.iter().filter(|column| column.kind.is_carried());
    let in_words = |column: &Column| {
        format!(
            "column '{}' of {} is {}, which the embedded warehouse does not support; choose one of {}, or run this plan \
             on BigQuery",
            column.name,
            table.path(),
            column.kind.with_article(),
            ColumnType::WORDS.join(", ")
        )
    };
    carried.map(in_words).collect()
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_dataset_is_created_once_in_wal_mode() {
        let dir = tempfile::tempdir().unwrap();
        let folder = WarehouseFolder::open(dir.path()).unwrap();
        folder.create("nba_raw").unwrap();
        let made = folder.datasets().unwrap();
        // Bytes 18 and 19 of a database are its write and read version; 2 means write-ahead log.
        let bytes = fs::read(folder.file("nba_raw")).unwrap();
        assert_eq!(&bytes[18..20], [2, 2]);
        folder.create("nba_raw").unwrap();
        assert_eq!(folder.datasets().unwrap(), made);
        let names: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["nba_raw.sqlite"], "nothing else is left");
    }

    #[test]
    fn racing_processes_create_one_file() {
        let dir = tempfile::tempdir().unwrap();
        for round in 0..20 {
            let dataset = format!("d{round}");
            let create = || {
                // A folder of its own, as in another process.
                let folder = WarehouseFolder::open(dir.path()).unwrap();
                folder.create(&dataset).unwrap();
                fs::metadata(folder.file(&dataset)).unwrap().ino()
            };
            let made: Vec<u64> = thread::scope(|scope| {
                let racing: Vec<_> = (0..8).map(|_| scope.spawn(create)).collect();
                racing.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert!(made.iter().all(|file| *file == made[0]), "replaced: {made:?}");
        }
    }
}
