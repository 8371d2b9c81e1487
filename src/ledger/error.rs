//! Ledger errors, with the path of the file in the message.

use std::path::{Path, PathBuf};

use rusqlite::types::Type;

/// The ledger can't be opened, read or written.
#[derive(Debug, thiserror::Error)]
#[error("ledger {}: {problem}", path.display())]
pub struct LedgerError {
    /// Path of the ledger file.
    pub path: PathBuf,
    /// What happened and what to do next; follows the path in the message.
    pub problem: String,
    /// The `SQLite` error, for the log.
    #[source]
    pub cause: Option<rusqlite::Error>,
}

/// What to do with a damaged ledger; it would stop the next run as well. `SQLite` reports a disk that can't read it in
/// the same way.
const DAMAGED: &str = "and was left unchanged; check the disk, then restore it from a backup, or move it away with its \
                       -wal and -shm files to start over";

/// Whether the ledger contains a value that this program never writes.
const fn is_nonsense(cause: &rusqlite::Error) -> bool {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error};
    matches!(
        cause,
        FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..) | Utf8Error(..)
    )
}

impl LedgerError {
    pub(super) fn new(path: &Path, problem: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            problem: problem.into(),
            cause: None,
        }
    }

    /// Whether the location is at fault, not the file: it can't be opened or is read-only.
    pub(super) fn is_of_the_place(&self) -> bool {
        use rusqlite::ErrorCode::{CannotOpen, ReadOnly};
        let code = self.cause.as_ref().and_then(rusqlite::Error::sqlite_error_code);
        matches!(code, Some(CannotOpen | ReadOnly))
    }

    pub(super) fn from_sqlite(path: &Path, cause: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{
            CannotOpen, DatabaseBusy, DatabaseCorrupt, DiskFull, FileLockingProtocolFailed, NotADatabase,
            ReadOnly, SystemIoFailure,
        };
        let problem = match cause.sqlite_error_code() {
            Some(NotADatabase | DatabaseCorrupt) => format!("is damaged {DAMAGED}"),
            None if is_nonsense(&cause) => format!("is damaged ({cause}) {DAMAGED}"),
            Some(DiskFull) => {
                "the disk is full; nothing was lost, free some space and start again".to_owned()
            }
            Some(ReadOnly) => {
                "cannot be written; make its folder writable or choose another with --state-dir".to_owned()
            }
            Some(CannotOpen) => {
                "cannot be opened; check that its folder exists and you own it, or choose another with --state-dir"
                    .to_owned()
            }
            Some(DatabaseBusy) => "another program has locked it; close that program and try again".to_owned(),
            Some(FileLockingProtocolFailed) => "could not be locked; put its folder on a disk with file locks, or choose \
                                                another with --state-dir"
                .to_owned(),
            Some(SystemIoFailure) => "the disk failed while reading or writing it; check the disk".to_owned(),
            _ => format!("could not be read or written: {cause}"),
        };
        Self {
            path: path.to_owned(),
            problem,
            cause: Some(cause),
        }
    }
}

/// The error of a column whose text this program never writes.
pub(super) fn invalid_text(
    column: usize,
    cause: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(cause))
}
