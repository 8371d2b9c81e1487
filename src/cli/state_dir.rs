//! The state folder: where a run keeps what must outlive it.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::error::CliError;

/// A state folder and the places in it.
#[derive(Debug, Clone)]
pub(super) struct StateDir(PathBuf);

impl StateDir {
    /// The folder given, or the user's own.
    pub(super) fn of(given: Option<&Path>) -> Result<Self, CliError> {
        if let Some(folder) = given {
            return Ok(Self(real(folder)));
        }
        let base = etcetera::choose_base_strategy()
            .map_err(|error| CliError::Usage(format!("no home folder found ({error}); give --state-dir")))?;
        let state = base.state_dir().unwrap_or_else(|| base.data_dir());
        Ok(Self(state.join("backcourt")))
    }

    /// Makes the folder and its log folder, for their owner alone, if they are not there.
    pub(super) fn create(&self) -> Result<(), CliError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(self.logs())
            .map_err(|cause| CliError::System {
                what: format!("cannot create state folder {}", self.0.display()),
                cause,
                next: "make its parent writable or choose another with --state-dir",
            })
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn ledger(&self) -> PathBuf {
        self.0.join("ledger.sqlite")
    }

    pub(super) fn events(&self) -> PathBuf {
        self.0.join("events.jsonl")
    }

    pub(super) fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }
}

/// The one name of a place, however it was written and whether or not it is there yet. Progress is kept by the name of
/// the warehouse, so one place must not have two.
pub(super) fn real(path: &Path) -> PathBuf {
    if let Ok(real) = fs::canonicalize(path) {
        return real;
    }
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => real(parent).join(name),
        _ => path,
    }
}
