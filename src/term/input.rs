//! Reads keys on a thread of its own, and notices when the terminal is gone.
//!
//! crossterm's own wait never returns from a hung-up terminal and burns a core doing so (crossterm issue 793), so
//! the waiting is done here: the state of the tty is looked at before crossterm may read from it.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crossterm::event::{self, Event, KeyEvent, KeyEventKind, MouseEvent};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::sync::mpsc::UnboundedSender;

/// How long the thread waits before it looks whether it is still wanted.
const WAIT: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 250_000_000,
};

/// How long crossterm may look for the next event. Its level-triggered reader checks the time before it hands out
/// what it has already parsed, so with no time it gives nothing, and with little it may keep some back.
const LOOK: Duration = Duration::from_millis(10);

/// What comes from the terminal. Resizes come as [`super::Signal::Resize`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TermEvent {
    /// A key went down or repeats.
    Key(KeyEvent),
    /// The wheel was turned or a button pressed, while the screen has the mouse.
    Mouse(MouseEvent),
    /// Text pasted as one piece.
    Paste(String),
    /// The terminal is gone; nothing follows.
    Gone,
}

/// The thread that reads the terminal. Dropping this stops it.
#[derive(Debug)]
pub struct Input(Arc<Gate>);

impl Input {
    /// Starts to read. The channel closes when the thread ends, after [`TermEvent::Gone`] or because it was stopped.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(events: UnboundedSender<TermEvent>) -> io::Result<Self> {
        let gate = Arc::new(Gate::default());
        let own = Arc::clone(&gate);
        thread::Builder::new()
            .name("term-input".into())
            .spawn(move || listen(&own, &events))?;
        Ok(Self(gate))
    }

    /// Leaves the terminal's input to others, as long as the screen is suspended.
    pub fn pause(&self) {
        self.0.set(State::Paused);
    }

    /// Reads again.
    pub fn resume(&self) {
        self.0.set(State::Reading);
    }
}

impl Drop for Input {
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

    /// Waits out a pause; whether reading is still wanted.
    fn open(&self) -> bool {
        let state = self
            .changed
            .wait_while(self.lock(), |state| *state == State::Paused)
            .unwrap_or_else(PoisonError::into_inner);
        *state == State::Reading
    }
}

fn listen(gate: &Gate, events: &UnboundedSender<TermEvent>) {
    while gate.open() {
        if !terminal_is_there() {
            break;
        }
        // The gate may have closed during the wait: what has come is then for someone else.
        if *gate.lock() != State::Reading {
            continue;
        }
        // Also after a wait in vain: what crossterm kept back last time comes now.
        match drain(events) {
            Ok(true) => {}
            Ok(false) => return,
            Err(_) => break,
        }
    }
    if *gate.lock() != State::Stopped {
        // A receiver that is gone needs no telling.
        drop(events.send(TermEvent::Gone));
    }
}

/// Waits for input, not for ever; whether there is still a terminal it could come from.
fn terminal_is_there() -> bool {
    let stdin = rustix::stdio::stdin();
    let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
    match poll(&mut fds, Some(&WAIT)) {
        Ok(0) | Err(Errno::INTR) => true,
        Ok(_) => fds[0].revents() == PollFlags::IN,
        Err(_) => false,
    }
}

/// Hands on everything that has arrived; whether anybody still listens.
fn drain(events: &UnboundedSender<TermEvent>) -> io::Result<bool> {
    while event::poll(LOOK)? {
        let event = match event::read()? {
            Event::Key(key) if key.kind != KeyEventKind::Release => TermEvent::Key(key),
            Event::Mouse(mouse) => TermEvent::Mouse(mouse),
            Event::Paste(text) => TermEvent::Paste(text),
            _ => continue,
        };
        if events.send(event).is_err() {
            return Ok(false);
        }
    }
    Ok(true)
}
