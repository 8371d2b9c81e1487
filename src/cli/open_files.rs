//! The limit of open files. Databases, sockets and programs share it, and not all of them can report that it is reached,
//! so it is checked before anything is opened.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::error::CliError;

/// Enough for many workers on many datasets, each of which is up to three files.
const ENOUGH: u64 = 1024;

/// A small plan with two workers opens 40.
const LEAST: u64 = 128;

/// Raises the limit if it is low and may be raised.
pub(super) fn require() -> Result<(), CliError> {
    let limit = getrlimit(Resource::Nofile);
    let Some(current) = limit.current.filter(|current| *current < ENOUGH) else {
        return Ok(());
    };
    let most = limit.maximum.map_or(ENOUGH, |maximum| maximum.min(ENOUGH));
    let raised = Rlimit {
        current: Some(most),
        ..limit
    };
    let allowed = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => most,
        Err(_) => current,
    };
    if allowed < LEAST {
        return Err(CliError::FewFiles(allowed));
    }
    Ok(())
}
