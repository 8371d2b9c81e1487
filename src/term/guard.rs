//! Sets the terminal to full-screen state and restores it, whatever happens in between. The holder is global, one per
//! process, so that the panic hook can find it.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste};
use crossterm::queue;
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

static HOLDER: Mutex<Option<ThreadId>> = Mutex::new(None);

/// Holds the terminal in full-screen state; restores it on drop.
#[derive(Debug)]
pub(super) struct TermGuard(());

impl TermGuard {
    /// Takes the terminal for the current thread: raw mode, alternate screen, hidden cursor and bracketed paste (so
    /// that pasted text isn't read as commands).
    ///
    /// # Errors
    /// Stdin or stdout isn't a terminal, a screen is already open, or a step failed; completed steps are undone.
    pub(super) fn enter() -> io::Result<Self> {
        if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
            return Err(io::Error::other(
                "the console needs a terminal on standard input and output; use --output plain without one",
            ));
        }
        if holder().is_some() {
            return Err(io::Error::other("the screen is already open in this process"));
        }
        take().map(Self)
    }
}

impl Drop for TermGuard {
    fn drop(&mut self) {
        // Errors can't be reported: the terminal is gone, or the panic hook has already restored it.
        drop(leave());
    }
}

/// The thread that holds the terminal; `None` in its normal state.
pub(super) fn holder() -> Option<ThreadId> {
    *lock()
}

/// Restores the terminal. Idempotent; runs every step even if one fails.
///
/// # Errors
/// The first failed step.
pub(super) fn leave() -> io::Result<()> {
    if lock().take().is_none() {
        return Ok(());
    }
    let mut modes = Vec::new();
    // Unconditional: the mouse may have been captured by an earlier program that crashed.
    let written = queue!(
        modes,
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableBracketedPaste,
        Show,
        LeaveAlternateScreen
    )
    .and_then(|()| send(&modes));
    let cooked = disable_raw_mode();
    written.and(cooked)
}

/// Takes the terminal again, after [`leave`] or after an external stop that may have changed its modes.
pub(super) fn retake() -> io::Result<()> {
    leave()?;
    take()
}

fn take() -> io::Result<()> {
    // Set before the first step, so that `leave` undoes a partial failure too.
    *lock() = Some(thread::current().id());
    let mut modes = Vec::new();
    enable_raw_mode()
        .and_then(|()| queue!(modes, EnterAlternateScreen, Hide, EnableBracketedPaste))
        .and_then(|()| send(&modes))
        .inspect_err(|_| drop(leave()))
}

fn send(bytes: &[u8]) -> io::Result<()> {
    let mut tty = io::stdout().lock();
    tty.write_all(bytes)?;
    tty.flush()
}

fn lock() -> MutexGuard<'static, Option<ThreadId>> {
    HOLDER.lock().unwrap_or_else(PoisonError::into_inner)
}
