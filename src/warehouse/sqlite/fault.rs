//! Classifies errors of the embedded warehouse and describes them for the operator.

use std::io;
use std::path::Path;

use rusqlite::ErrorCode;

use crate::warehouse::{ErrorClass, WarehouseError};

/// An error of the embedded warehouse.
#[derive(Debug)]
pub(super) enum SqliteFault {
    Sqlite(rusqlite::Error),
    Io(io::Error),
    /// Already classified, with a message for the operator.
    Classified(WarehouseError),
}

impl From<rusqlite::Error> for SqliteFault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<io::Error> for SqliteFault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<WarehouseError> for SqliteFault {
    fn from(error: WarehouseError) -> Self {
        Self::Classified(error)
    }
}

impl SqliteFault {
    /// A data error, which is not retried.
    pub(super) fn data(message: impl Into<String>) -> Self {
        Self::Classified(WarehouseError::new(ErrorClass::Data, message))
    }

    /// A bug in the program or the query, which is not retried.
    pub(super) fn code(message: impl Into<String>) -> Self {
        Self::Classified(WarehouseError::new(ErrorClass::Code, message))
    }

    /// Whether tables were created while a statement was prepared.
    pub(super) fn is_new_schema(&self) -> bool {
        matches!(self, Self::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::SchemaChanged))
    }

    /// The error for the operator: the operation, the file or folder, the cause, what to do next.
    pub(super) fn in_context(self, doing: &str, place: &Path) -> WarehouseError {
        let (class, sentence) = match self {
            Self::Classified(error) => return error,
            Self::Sqlite(error) => class_sqlite(&error),
            Self::Io(error) => class_io(&error),
        };
        WarehouseError::new(class, format!("{doing} in {}: {sentence}", place.display()))
    }
}

const READ_ONLY: &str = "it is read-only; give this user write permission or choose another folder";
const DISK_FULL: &str = "the disk is full; nothing was changed, free some space and try again";

fn class_sqlite(error: &rusqlite::Error) -> (ErrorClass, String) {
    let sentence = match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        other => other.to_string(),
    };
    let in_context = |class, sentence: &str| (class, sentence.to_owned());
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::SchemaChanged,
        ) => in_context(
            ErrorClass::Contention,
            "another program is writing to it; retrying may help",
        ),
        Some(ErrorCode::DiskFull) => in_context(ErrorClass::Quota, DISK_FULL),
        Some(ErrorCode::ReadOnly) => in_context(ErrorClass::Auth, READ_ONLY),
        Some(ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => (
            ErrorClass::Auth,
            format!("{sentence}; check the permissions of the folder and its files"),
        ),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => (
            ErrorClass::Data,
            format!("{sentence}; it was left unchanged, move it away and load again, or restore a backup"),
        ),
        Some(ErrorCode::SystemIoFailure | ErrorCode::OutOfMemory | ErrorCode::OperationInterrupted) => {
            (ErrorClass::Transient, format!("{sentence}; retrying may help"))
        }
        // A violated constraint, or a value refused by a registered function.
        Some(
            ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig | ErrorCode::Unknown,
        ) => (ErrorClass::Data, sentence),
        _ => (ErrorClass::Code, sentence),
    }
}

fn class_io(error: &io::Error) -> (ErrorClass, String) {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            (ErrorClass::Quota, DISK_FULL.to_owned())
        }
        io::ErrorKind::ReadOnlyFilesystem => (ErrorClass::Auth, READ_ONLY.to_owned()),
        io::ErrorKind::NotFound => (
            ErrorClass::Auth,
            format!("{error}; choose a folder that can be created"),
        ),
        io::ErrorKind::PermissionDenied | io::ErrorKind::NotADirectory => (
            ErrorClass::Auth,
            format!("{error}; check its permissions or choose another folder"),
        ),
        _ => (ErrorClass::Transient, format!("{error}; retrying may help")),
    }
}
