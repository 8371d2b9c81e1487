//! The files this program creates: regular ones, readable by their owner only, and watched while they are in use. Must
//! not know what is in them.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::{Errno, retry_on_intr};

/// How long to wait for other processes that create a file in the same folder; each takes a few milliseconds.
const CREATION_TIMEOUT: Duration = Duration::from_secs(30);
const RETRY_PAUSE: Duration = Duration::from_millis(2);

/// Opens a file with these options; a new one is accessible to its owner only, whatever the umask.
///
/// # Errors
/// If it can't be opened, or is a device, a pipe or anything else but a regular file.
pub fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    // Without NONBLOCK, opening a pipe waits for its reader.
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or_default();
    let file = options.mode(0o600).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "it is not a regular file",
    ))
}

/// Creates a file; fails if there is one.
///
/// # Errors
/// If it exists or can't be created.
pub fn create_new(path: &Path) -> io::Result<File> {
    open(path, OpenOptions::new().write(true).create_new(true))
}

/// Creates a file that others see only once `fill` has completed it, such as a database with its schema. An existing file
/// is left as it is, also if another process creates it at the same time. `fill` gets an empty file, to be closed when it
/// returns.
///
/// # Errors
/// The outer error if the file can't be created, the inner one if `fill` fails.
pub fn create_filled<E>(path: &Path, fill: impl FnOnce(&Path) -> Result<(), E>) -> io::Result<Result<(), E>> {
    if path.exists() {
        return Ok(Ok(()));
    }
    let _turn = lock_folder(path.parent().unwrap_or(Path::new("")))?;
    if path.exists() {
        return Ok(Ok(()));
    }
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = PathBuf::from(unfinished);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => drop(create_new(&unfinished)?),
    }
    if let Err(error) = fill(&unfinished) {
        return Ok(Err(error));
    }
    fs::rename(&unfinished, path).map(Ok)
}

/// Locks a folder against other threads and processes that create a file in it, until the result is dropped.
fn lock_folder(path: &Path) -> io::Result<File> {
    let folder = File::open(path)?;
    let asked = Instant::now();
    let lock = || flock(&folder, FlockOperation::NonBlockingLockExclusive);
    while let Err(errno) = retry_on_intr(lock) {
        if errno != Errno::WOULDBLOCK || asked.elapsed() > CREATION_TIMEOUT {
            return Err(errno.into());
        }
        thread::sleep(RETRY_PAUSE);
    }
    Ok(folder)
}

/// A new file in a folder, without a name: it disappears with its last handle, however the process ends.
///
/// # Errors
/// If it can't be created.
pub fn unnamed(folder: &Path) -> io::Result<File> {
    let name = format!(
        "{}-{}-{:016x}",
        env!("CARGO_PKG_NAME"),
        std::process::id(),
        fastrand::u64(..)
    );
    let path = folder.join(name);
    let file = open(&path, OpenOptions::new().read(true).write(true).create_new(true))?;
    fs::remove_file(path)?;
    Ok(file)
}

/// A file in use, to notice if another program takes it away.
#[derive(Debug, Clone)]
pub struct WatchedFile {
    path: PathBuf,
    /// Device and inode; `None` if there was no file.
    identity: Option<(u64, u64)>,
    length: u64,
}

/// What another program did to a file in use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("another program {what} {}, which this process uses; start again to resume", path.display())]
pub struct FileTaken {
    /// The file.
    pub path: PathBuf,
    what: &'static str,
}

impl FileTaken {
    /// What happened, without the file: `removed by another program`.
    #[must_use]
    pub fn clause(&self) -> String {
        format!("{} by another program", self.what)
    }
}

fn identity(about: &Metadata) -> (u64, u64) {
    (about.dev(), about.ino())
}

impl WatchedFile {
    /// The file at this path, as it is now.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let about = fs::metadata(path).ok();
        Self {
            path: path.to_owned(),
            identity: about.as_ref().map(identity),
            length: about.map_or(0, |about| about.len()),
        }
    }

    /// Takes note that the file is this long now.
    pub const fn grew_to(&mut self, length: u64) {
        self.length = length;
    }

    /// Fails if the path no longer leads to the file, or the file has become shorter.
    ///
    /// # Errors
    /// What happened to it.
    pub fn verify(&mut self) -> Result<(), FileTaken> {
        let what = match fs::metadata(&self.path) {
            Ok(about) if Some(identity(&about)) != self.identity => "replaced",
            Ok(about) if about.len() < self.length => "truncated",
            Ok(about) => {
                self.length = about.len();
                return Ok(());
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => "removed",
            // Not known: the next read or write of the file will say.
            Err(_) => return Ok(()),
        };
        Err(FileTaken {
            path: self.path.clone(),
            what,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn removal_replacement_and_truncation_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut file = create_new(&path).unwrap();
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600);
        assert!(create_new(&path).is_err());
        file.write_all(b"abc").unwrap();
        let whole = WatchedFile::of(&path);
        let verify = || whole.clone().verify().map_err(|taken| taken.what);
        file.write_all(b"d").unwrap();
        assert_eq!(verify(), Ok(()));
        file.set_len(1).unwrap();
        assert_eq!(verify(), Err("truncated"));
        fs::rename(&path, folder.path().join("moved")).unwrap();
        assert_eq!(verify(), Err("removed"));
        fs::write(&path, "abcd").unwrap();
        assert_eq!(verify(), Err("replaced"));
    }

    #[test]
    fn an_unnamed_file_leaves_nothing_in_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = unnamed(folder.path()).unwrap();
        file.write_all(b"abc").unwrap();
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn only_regular_files_are_opened() {
        for path in ["/dev/null", "/tmp"] {
            let opened = open(Path::new(path), OpenOptions::new().append(true));
            assert!(opened.is_err(), "{path}");
        }
    }
}
