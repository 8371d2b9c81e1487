//! The state folder: everything a run keeps between starts.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::error::CliError;

/// How the names in a state folder begin.
const STATE_FILE_PREFIXES: [&str; 7] = [
    "ledger.sqlite",
    "events.jsonl",
    "run.lock",
    "control.",
    "logs",
    "warehouse",
    "rehears",
];

#[derive(Debug, Clone)]
pub(super) struct StateDir(PathBuf);

impl StateDir {
    /// The given folder, or the user's default one.
    pub(super) fn of(given: Option<&Path>) -> Result<Self, CliError> {
        if let Some(folder) = given {
            return Ok(Self(real(folder)));
        }
        let base = etcetera::choose_base_strategy().map_err(CliError::NoStateFolder)?;
        let state = base.state_dir().unwrap_or_else(|| base.data_dir());
        Ok(Self(state.join("backcourt")))
    }

    /// Creates the folder and its log folder, accessible to the owner only, if they are missing.
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

    /// Whether this is the path of a file the program keeps in the folder.
    pub(super) fn owns(&self, path: &Path) -> bool {
        let within = path.strip_prefix(real(&self.0)).ok();
        let first = within.and_then(|within| within.components().next());
        let name = first.map(|first| first.as_os_str().to_string_lossy());
        name.is_some_and(|name| STATE_FILE_PREFIXES.iter().any(|own| name.starts_with(own)))
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

/// The canonical path of a file or folder, whether or not it exists yet. Progress is stored by the name of the
/// warehouse, so a folder must not have two names.
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
