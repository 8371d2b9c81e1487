//! The scratch folder of a rehearsal: a separate state folder, emptied at each start. Foreign folders are never
//! touched.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use chrono::Utc;

use super::super::StateDir;
use super::super::error::CliError;
use super::super::state_dir::real;
use crate::ledger::RunLock;

/// Marks the folder as a rehearsal's, for people and for the next rehearsal.
const MARK: &str = "rehearsal.txt";
const MARK_TEXT: &str =
    "Created by 'backcourt rehearse', which empties it at each start. Don't keep files here.\n";

/// A scratch folder, locked against other rehearsals.
#[derive(Debug)]
pub(super) struct Scratch {
    folder: StateDir,
    _lock: RunLock,
}

/// The given folder, or the default one in the state folder.
pub(super) fn place(named: Option<&Path>, state: &StateDir) -> PathBuf {
    named.map_or_else(|| state.path().join("rehearse"), real)
}

impl Scratch {
    /// Empties and locks the folder. Refuses a folder with anything but a rehearsal in it.
    pub(super) fn begin(path: &Path, state: &StateDir, plan: &str) -> Result<Self, CliError> {
        if path == state.path() {
            return Err(CliError::ScratchIsState(path.to_owned()));
        }
        let system = |cause: io::Error| CliError::System {
            what: format!("cannot prepare folder {}", path.display()),
            cause,
            next: "make its parent writable or choose another with --scratch",
        };
        let mark = path.join(MARK);
        if !mark.is_file() && !is_free(path).map_err(system)? {
            return Err(CliError::ScratchInUse(path.to_owned()));
        }
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(system)?;
        fs::write(&mark, MARK_TEXT).map_err(system)?;
        let folder = StateDir::of(Some(path))?;
        folder.create()?;
        let lock = RunLock::take(folder.path(), plan, Utc::now())?;
        empty(&folder).map_err(system)?;
        Ok(Self { folder, _lock: lock })
    }

    pub(super) const fn folder(&self) -> &StateDir {
        &self.folder
    }
}

/// Whether the folder is absent or empty.
fn is_free(path: &Path) -> io::Result<bool> {
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Removes the previous rehearsal; its log is kept.
fn empty(folder: &StateDir) -> io::Result<()> {
    let ledger = folder.ledger();
    let with = |ending: &str| {
        let mut name = ledger.clone().into_os_string();
        name.push(ending);
        name.into()
    };
    for file in [ledger.clone(), with("-wal"), with("-shm"), folder.events()] {
        absent_is_fine(fs::remove_file(file))?;
    }
    absent_is_fine(fs::remove_dir_all(folder.path().join("warehouse")))
}

fn absent_is_fine(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(named: Option<&Path>, state: &Path) -> Result<Scratch, CliError> {
        let state = StateDir::of(Some(state)).unwrap();
        Scratch::begin(&place(named, &state), &state, "nba")
    }

    #[test]
    fn a_new_rehearsal_clears_its_own_scratch_folder() {
        let state = tempfile::tempdir().unwrap();
        let scratch = begin(None, state.path()).unwrap();
        let left = [scratch.folder().ledger(), scratch.folder().events()];
        let warehouse = scratch.folder().path().join("warehouse");
        for file in &left {
            fs::write(file, "old").unwrap();
        }
        fs::create_dir(&warehouse).unwrap();
        let refused = begin(None, state.path()).unwrap_err();
        assert!(refused.to_string().contains("already using"), "{refused}");
        assert!(left[0].exists(), "one under way keeps what it has");
        drop(scratch);
        begin(None, state.path()).unwrap();
        assert!(left.iter().chain([&warehouse]).all(|path| !path.exists()));
    }

    #[test]
    fn a_folder_with_other_files_is_left_unchanged() {
        let (state, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let kept = other.path().join("ledger.sqlite");
        fs::write(&kept, "mine").unwrap();
        let refused = begin(Some(other.path()), state.path()).unwrap_err();
        assert!(refused.to_string().contains("no rehearsal"), "{refused}");
        let refused = begin(Some(state.path()), state.path()).unwrap_err();
        assert!(refused.to_string().contains("is the state folder"), "{refused}");
        assert_eq!(fs::read_to_string(kept).unwrap(), "mine");
        assert_eq!(fs::read_dir(other.path()).unwrap().count(), 1);
        assert_eq!(fs::read_dir(state.path()).unwrap().count(), 0);
    }
}
