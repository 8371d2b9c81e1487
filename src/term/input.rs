//! Reads keys on its own thread, and detects when the terminal is gone.
//!
//! It reads the tty itself: crossterm's wait never returns after a hang-up and uses a full core (crossterm issue 793), and
//! its parser waits for the end of a paste for ever.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::stdio::stdin;
use tokio::sync::mpsc::UnboundedSender;

use super::keys::{KeyStream, TermEvent};

/// Timeout of a wait, after which the thread checks whether to stop.
const WAIT: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 250_000_000,
};

/// How long a byte that may begin a sequence waits for the next one.
const SEQUENCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 50_000_000,
};

/// How long a paste may pause before it counts as ended.
const PASTE: Duration = Duration::from_secs(1);

/// The thread that reads the terminal. Dropping it stops the thread.
#[derive(Debug)]
pub struct TermInput(Arc<Gate>);

impl TermInput {
    /// Starts reading. The channel closes when the thread ends, after [`TermEvent::Gone`] or when it is stopped.
    ///
    /// # Errors
    /// The thread can't be started.
    pub fn start(events: UnboundedSender<TermEvent>) -> io::Result<Self> {
        let gate = Arc::new(Gate::default());
        let own = Arc::clone(&gate);
        thread::Builder::new()
            .name("term-input".into())
            .spawn(move || listen(&own, &events))?;
        Ok(Self(gate))
    }

    /// Stops reading while the screen is suspended, so that the shell gets the input.
    pub fn pause(&self) {
        self.0.set(State::Paused);
    }

    /// Reads again after a pause.
    pub fn resume(&self) {
        self.0.set(State::Reading);
    }
}

impl Drop for TermInput {
    fn drop(&mut self) {
        self.0.set(State::Stopped);
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Reading,
    Paused,
    Stopped,
}

#[derive(Debug, Default)]
struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: State) {
        *self.lock() = state;
        self.changed.notify_all();
    }

    /// Waits while paused; returns whether to continue reading.
    fn open(&self) -> bool {
        let state = self
            .changed
            .wait_while(self.lock(), |state| *state == State::Paused)
            .unwrap_or_else(PoisonError::into_inner);
        *state == State::Reading
    }
}

fn listen(gate: &Gate, events: &UnboundedSender<TermEvent>) {
    let (mut keys, mut last) = (KeyStream::default(), Instant::now());
    while gate.open() {
        let wait = if keys.is_waiting() { &SEQUENCE } else { &WAIT };
        let read = match input(wait) {
            // The gate may have closed during the wait; the input is then for another program.
            Ok(true) if *gate.lock() != State::Reading => continue,
            Ok(true) => match read(&mut keys) {
                Ok(read) => read,
                Err(_) => break,
            },
            Ok(false) if keys.is_waiting() => keys.end_sequence().into_iter().collect(),
            Ok(false) if keys.is_pasting() && last.elapsed() >= PASTE => {
                keys.end_paste().into_iter().collect()
            }
            Ok(false) => continue,
            Err(_) => break,
        };
        last = Instant::now();
        for event in read {
            if events.send(event).is_err() {
                return;
            }
        }
    }
    if *gate.lock() != State::Stopped {
        // The receiver may be gone.
        drop(events.send(TermEvent::Gone));
    }
}

/// Waits for input; returns whether there is some. Fails if the terminal is gone.
fn input(wait: &Timespec) -> io::Result<bool> {
    let stdin = stdin();
    let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
    match poll(&mut fds, Some(wait)) {
        Ok(0) | Err(Errno::INTR) => Ok(false),
        Ok(_) if fds[0].revents() == PollFlags::IN => Ok(true),
        Ok(_) => Err(io::ErrorKind::BrokenPipe.into()),
        Err(errno) => Err(errno.into()),
    }
}

/// Reads what is there.
fn read(keys: &mut KeyStream) -> io::Result<Vec<TermEvent>> {
    let mut bytes = [0; 4096];
    match rustix::io::read(stdin(), &mut bytes) {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(count) => Ok(keys.feed(&bytes[..count])),
        Err(Errno::INTR | Errno::AGAIN) => Ok(Vec::new()),
        Err(errno) => Err(errno.into()),
    }
}
