//! Writes files to a path the operator chose.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::error::CliError;

/// Writes a file atomically. Fails if it exists, unless `force` is set.
pub(super) fn put(path: &Path, content: &[u8], force: bool) -> Result<(), CliError> {
    let refuse = |cause: io::Error| match cause.kind() {
        io::ErrorKind::AlreadyExists => CliError::Exists(path.to_owned()),
        _ => CliError::System {
            what: format!("cannot write {}", path.display()),
            cause,
            next: "choose an existing, writable folder",
        },
    };
    if !force {
        File::create_new(path).map_err(refuse)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let partial = path.with_file_name(name);
    let write = || {
        let mut file = File::create(&partial)?;
        file.write_all(content)?;
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
