//! Reads keys on its own thread, and detects when the terminal is gone.
//!
//! crossterm's own wait never returns after a hang-up and uses a full core (crossterm issue 793), so this module waits
//! itself: it polls the tty before crossterm may read from it.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crossterm::event::{self, Event, KeyEvent, KeyEventKind, MouseEvent};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::sync::mpsc::UnboundedSender;

/// Timeout of a wait, after which the thread checks whether to stop.
const WAIT: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 250_000_000,
};

/// Timeout for crossterm to return the next event. Its level-triggered reader checks the time before it returns parsed
/// events: with a timeout of zero it returns none, with a short one it may hold some back.
const LOOK: Duration = Duration::from_millis(10);

/// Input from the terminal. Resizes arrive as [`super::Signal::Resize`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TermEvent {
    /// A key was pressed or repeats.
    Key(KeyEvent),
    /// A mouse wheel or button event, while the screen captures the mouse.
    Mouse(MouseEvent),
    /// Text pasted in one piece.
    Paste(String),
    /// The terminal is gone; this is the last event.
    Gone,
}

/// The thread that reads the terminal. Dropping it stops the thread.
#[derive(Debug)]
pub struct Input(Arc<Gate>);

impl Input {
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
    while gate.open() {
        if !terminal_is_there() {
            break;
        }
        // The gate may have closed during the wait; the input is then for another program.
        if *gate.lock() != State::Reading {
            continue;
        }
        // Even after a timeout: crossterm may have held back events.
        match drain(events) {
            Ok(true) => {}
            Ok(false) => return,
            Err(_) => break,
        }
    }
    if *gate.lock() != State::Stopped {
        // The receiver may be gone.
        drop(events.send(TermEvent::Gone));
    }
}

/// Waits for input up to the timeout; returns whether the terminal still exists.
fn terminal_is_there() -> bool {
    let stdin = rustix::stdio::stdin();
    let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
    match poll(&mut fds, Some(&WAIT)) {
        Ok(0) | Err(Errno::INTR) => true,
        Ok(_) => fds[0].revents() == PollFlags::IN,
        Err(_) => false,
    }
}

/// Forwards all available events; returns whether the receiver still exists.
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
