//! The control socket file in the state folder, accessible only to its owner.

use std::fs::{self, Permissions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, open};

/// Name of the socket in the state folder.
pub const FILE: &str = "control.sock";

/// Temporary name; the socket is renamed once its permissions are set.
const UNFINISHED: &str = "control.new";

/// Maximum length of a socket path on the operating system, in bytes.
const MAX_PATH_LENGTH: usize = 107;

/// The socket can't be created or reached.
#[derive(Debug, thiserror::Error)]
#[error("the control socket {}: {cause}", path.display())]
pub struct PlaceError {
    /// Path of the socket.
    pub path: PathBuf,
    /// The error of the operating system.
    pub cause: io::Error,
}

/// A folder under a path short enough for a socket.
struct SocketFolder {
    path: PathBuf,
    _open: Option<OwnedFd>,
}

impl SocketFolder {
    /// A folder with a long path is accessed through an open file descriptor.
    fn of(folder: &Path) -> io::Result<Self> {
        if folder.join(FILE).as_os_str().len() <= MAX_PATH_LENGTH {
            return Ok(Self {
                path: folder.to_owned(),
                _open: None,
            });
        }
        let open = open(
            folder,
            OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        Ok(Self {
            path: PathBuf::from(format!("/proc/self/fd/{}", open.as_raw_fd())),
            _open: Some(open),
        })
    }
}

/// A bound socket without a server. It is removed on drop.
#[derive(Debug)]
pub struct Socket {
    folder: PathBuf,
    pub(super) listener: UnixListener,
}

impl Socket {
    /// Creates the socket of a state folder. The caller must hold the lock of the folder: an existing socket is then
    /// left over from a dead run and is replaced.
    ///
    /// # Errors
    /// The operating system refuses to create it.
    pub fn bind(folder: &Path) -> Result<Self, PlaceError> {
        let listener = bind(folder).map_err(|cause| PlaceError {
            path: folder.join(FILE),
            cause,
        })?;
        Ok(Self {
            folder: folder.to_owned(),
            listener,
        })
    }

    /// Path of the socket.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.join(FILE)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path()) {
            tracing::warn!("cannot remove the control socket ({error}); the next run replaces it");
        }
    }
}

fn bind(folder: &Path) -> io::Result<UnixListener> {
    let short = SocketFolder::of(folder)?;
    let unfinished = folder.join(UNFINISHED);
    remove(&unfinished)?;
    let listener = UnixListener::bind(short.path.join(UNFINISHED))?;
    fs::set_permissions(&unfinished, Permissions::from_mode(0o600))?;
    fs::rename(&unfinished, folder.join(FILE))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Connects to the socket of a run; `None` if no run listens.
///
/// # Errors
/// A run may be listening but can't be reached.
pub(super) fn reach(folder: &Path) -> Result<Option<UnixStream>, PlaceError> {
    let connected = SocketFolder::of(folder).and_then(|short| UnixStream::connect(short.path.join(FILE)));
    match connected {
        Ok(stream) => Ok(Some(stream)),
        Err(cause)
            if matches!(
                cause.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
            ) =>
        {
            Ok(None)
        }
        Err(cause) => Err(PlaceError {
            path: folder.join(FILE),
            cause,
        }),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deep(folder: &Path) -> PathBuf {
        let deep = folder.join("a".repeat(80)).join("b".repeat(80));
        fs::create_dir_all(&deep).unwrap();
        deep
    }

    #[test]
    fn the_socket_is_private_and_a_stale_one_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        for folder in [folder.path().to_owned(), deep(folder.path())] {
            assert!(reach(&folder).unwrap().is_none(), "nothing there");
            drop(bind(&folder).unwrap());
            assert!(reach(&folder).unwrap().is_none(), "left by a dead run");
            let socket = Socket::bind(&folder).unwrap();
            assert!(reach(&folder).unwrap().is_some());
            let mode = fs::metadata(socket.path()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            drop(socket);
            assert_eq!(
                fs::read_dir(&folder)
                    .unwrap()
                    .filter(|entry| !entry.as_ref().unwrap().path().is_dir())
                    .count(),
                0
            );
        }
    }
}
