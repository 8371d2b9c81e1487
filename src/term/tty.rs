//! Writes to standard output on a thread of its own, so that a terminal that isn't read delays nothing else. The buffer
//! is bounded: what doesn't fit is dropped as a whole. A file on a full disk is tried again until there is room.

use std::io::{self, IsTerminal};
use std::os::fd::BorrowedFd;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, write};
use rustix::stdio::stdout;
use rustix::termios::isatty;
use tokio::sync::Notify;

/// Maximum number of unwritten bytes, many times a full frame.
const MAX_UNWRITTEN: usize = 1024 * 1024;

/// Bytes per write, so that progress on a slow link is visible.
const PIECE: usize = 4096;

/// How long a terminal may read nothing before closing sequences and messages for it are given up.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// How often a file that can't be written is tried again.
const RETRY: Duration = Duration::from_millis(200);

/// Writes to a file descriptor in the background. Clones share the buffer; the thread ends with the last of them.
#[derive(Debug, Clone)]
pub struct Tty {
    queue: Sender<Vec<u8>>,
    progress: Arc<SharedWriter>,
}

#[derive(Debug, Default)]
struct SharedWriter {
    state: Mutex<WriteState>,
    changed: Condvar,
    moved: Notify,
}

#[derive(Debug, Default)]
struct WriteState {
    unwritten: usize,
    /// Why nothing more is written: the terminal or the reader is gone.
    failed: Option<Errno>,
    /// Why the newest write failed, while it is tried again.
    stalled: Option<Errno>,
}

impl Tty {
    /// Starts the thread that writes to standard output.
    ///
    /// # Errors
    /// No threads are left.
    pub fn stdout() -> io::Result<Self> {
        Self::start(stdout())
    }

    fn start(to: BorrowedFd<'static>) -> io::Result<Self> {
        let (queue, queued) = mpsc::channel();
        let progress = Arc::<SharedWriter>::default();
        let own = Arc::clone(&progress);
        thread::Builder::new()
            .name("term-output".into())
            .spawn(move || send_all(to, &queued, &own))?;
        Ok(Self { queue, progress })
    }

    /// Queues bytes without waiting.
    ///
    /// # Errors
    /// An earlier write failed, or the buffer is full (`WouldBlock`); these bytes are dropped then.
    pub fn send(&self, bytes: Vec<u8>) -> io::Result<()> {
        let mut state = self.progress.lock();
        if let Some(errno) = state.failed {
            return Err(errno.into());
        }
        if state.unwritten > 0 && state.unwritten + bytes.len() > MAX_UNWRITTEN {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        state.unwritten += bytes.len();
        self.queue
            .send(bytes)
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// Number of queued bytes that are not written yet; 0 after a failure.
    #[must_use]
    pub fn unwritten(&self) -> usize {
        self.progress.lock().unwritten
    }

    /// Why the output can't be written at the moment, although it is not gone: its disk is full, for example.
    #[must_use]
    pub fn stalled(&self) -> Option<io::Error> {
        self.progress.lock().stalled.map(io::Error::from)
    }

    /// Whether nothing more is written.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.progress.lock().failed.is_some()
    }

    /// Waits until the reader has taken some bytes, or a write has failed. May return early.
    pub async fn moved(&self) {
        self.progress.moved.notified().await;
    }

    /// Waits until everything is written, as long as it is read.
    ///
    /// # Errors
    /// A write failed, or nothing was read for a while (`TimedOut`).
    pub fn drain(&self) -> io::Result<()> {
        self.wait(0, PATIENCE)
    }

    /// Waits until at most `most` bytes are unwritten.
    ///
    /// # Errors
    /// A write failed, or nothing was read for `patience` (`TimedOut`).
    pub fn wait(&self, most: usize, patience: Duration) -> io::Result<()> {
        let mut state = self.progress.lock();
        while state.unwritten > most {
            if let Some(errno) = state.stalled {
                return Err(errno.into());
            }
            let before = state.unwritten;
            let is_same = |state: &mut WriteState| state.unwritten == before && state.stalled.is_none();
            let waited = (self.progress.changed).wait_timeout_while(state, patience, is_same);
            let (now, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            if timeout.timed_out() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            state = now;
        }
        state.failed.map_or(Ok(()), |errno| Err(errno.into()))
    }

    /// Waits until everything is written, or until a stalled output was tried once more.
    pub fn settle(&self) {
        let begun = Instant::now();
        while self.wait(0, PATIENCE).is_err() && self.stalled().is_some() && begun.elapsed() < 2 * RETRY {
            thread::sleep(RETRY / 4);
        }
    }
}

/// Prints a closing message, on a terminal that may be gone or not read, or to a pager.
pub fn print(text: &str) {
    let patience = if io::stdout().is_terminal() {
        PATIENCE
    } else {
        30 * PATIENCE
    };
    let printed = Tty::stdout().and_then(|tty| {
        tty.send(text.as_bytes().to_vec())?;
        tty.wait(0, patience)
    });
    if let Err(error) = printed {
        tracing::warn!("cannot print ({error}): {}", text.trim_end());
    }
}

impl SharedWriter {
    fn lock(&self) -> MutexGuard<'_, WriteState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut WriteState)) {
        change(&mut self.lock());
        self.changed.notify_all();
        self.moved.notify_one();
    }
}

fn send_all(to: BorrowedFd<'_>, queued: &Receiver<Vec<u8>>, progress: &Arc<SharedWriter>) {
    let may_be_gone = isatty(to);
    for bytes in queued {
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            match write(to, &rest[..rest.len().min(PIECE)]) {
                Ok(count) => {
                    rest = &rest[count..];
                    progress.change(|state| {
                        state.unwritten -= count;
                        state.stalled = None;
                    });
                }
                Err(Errno::INTR) => {}
                // Another program made this terminal non-blocking.
                Err(Errno::AGAIN) => {
                    // Its error, if any, is that of the next write.
                    let _ = poll(&mut [PollFd::new(&to, PollFlags::OUT)], None);
                }
                Err(errno) if may_be_gone || errno == Errno::PIPE => {
                    return progress.change(|state| {
                        *state = WriteState {
                            failed: Some(errno),
                            ..WriteState::default()
                        };
                    });
                }
                // Nothing waits for the rest any more.
                Err(_) if Arc::strong_count(progress) == 1 => return,
                Err(errno) => {
                    progress.change(|state| state.stalled = Some(errno));
                    thread::sleep(RETRY);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{PipeReader, PipeWriter, Read};
    use std::os::fd::AsFd;

    use super::*;

    /// A pipe; the end that is written lives as long as the test process, like standard output.
    fn pipe() -> (PipeReader, Tty) {
        let (reader, writer) = io::pipe().unwrap();
        let writer: &'static PipeWriter = Box::leak(Box::new(writer));
        (reader, Tty::start(writer.as_fd()).unwrap())
    }

    #[test]
    fn an_unread_terminal_delays_nothing_and_loses_whole_messages_only() {
        let (mut reader, tty) = pipe();
        let frame = vec![b'x'; MAX_UNWRITTEN / 2];
        tty.send(frame.clone()).unwrap();
        tty.send(frame.clone()).unwrap();
        let refused = tty.send(frame.clone()).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::WouldBlock);
        assert_eq!(tty.drain().unwrap_err().kind(), io::ErrorKind::TimedOut);
        let mut read = vec![0; 2 * frame.len()];
        reader.read_exact(&mut read).unwrap();
        tty.drain().unwrap();
        assert_eq!(tty.unwritten(), 0);
        tty.send(b"next".to_vec()).unwrap();
        let mut next = [0; 4];
        reader.read_exact(&mut next).unwrap();
        assert_eq!(&next, b"next");
    }

    #[test]
    fn a_lost_terminal_is_reported_to_the_next_sender() {
        let (reader, tty) = pipe();
        drop(reader);
        tty.send(b"frame".to_vec()).unwrap();
        assert_eq!(tty.drain().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        let refused = tty.send(b"frame".to_vec()).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::BrokenPipe);
    }
}
