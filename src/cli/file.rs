//! Writes files to a path the operator chose.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::StateDir;
use super::error::CliError;
use crate::escape::EscapedText;
use crate::own_file;

/// Writes a file beside its place, then renames it. Refuses a device, a folder, a link that leads nowhere and the files of
/// the state folder; an existing file too, unless `force` is set.
pub(super) fn put(path: &Path, content: &EscapedText, force: bool, state: &StateDir) -> Result<(), CliError> {
    if state.owns(path) {
        return Err(CliError::OwnFile(path.to_owned()));
    }
    if fs::symlink_metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(CliError::NotAFile(path.to_owned()));
    }
    let refuse = |cause: io::Error| match cause.kind() {
        io::ErrorKind::AlreadyExists => CliError::Exists(path.to_owned()),
        _ => CliError::System {
            what: format!("cannot write {}", path.display()),
            cause,
            next: "choose an existing, writable folder",
        },
    };
    if !force {
        own_file::create_new(path).map_err(refuse)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let partial = path.with_file_name(name);
    let write = || {
        let mut file = own_file::create_new(&partial)?;
        file.write_all(content.as_str().as_bytes())?;
        file.sync_all()?;
        fs::rename(&partial, path)
    };
    write().map_err(|cause| {
        // Cleans up the partial file and the reserved name; a failure to do so adds nothing to the error.
        drop(fs::remove_file(&partial));
        if !force {
            drop(fs::remove_file(path));
        }
        refuse(cause)
    })
}
