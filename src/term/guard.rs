//! Puts the terminal into the state a full-screen program needs, and back, whatever happens in between.
//! A process has one terminal, so who holds it is kept for the whole process: the panic hook must find it.

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

/// Holds the terminal in full-screen state; gives it back when dropped.
#[derive(Debug)]
pub(super) struct TermGuard(());

impl TermGuard {
    /// Takes the terminal for the calling thread: raw mode, alternate screen, hidden cursor, bracketed paste (so
    /// that pasted text is never taken for commands).
    ///
    /// # Errors
    /// Stdin or stdout is not a terminal, a screen is already open, or the terminal refused a step; what was
    /// already done is undone.
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
        // Nobody is left to tell: the terminal is gone, or the panic hook has done this already.
        drop(leave());
    }
}

/// The thread that holds the terminal, or none when it is in its normal state.
pub(super) fn holder() -> Option<ThreadId> {
    *lock()
}

/// Gives the terminal back. Does nothing the second time; tries every step even if one fails.
///
/// # Errors
/// The first step that failed.
pub(super) fn leave() -> io::Result<()> {
    if lock().take().is_none() {
        return Ok(());
    }
    let mut modes = Vec::new();
    // Whether the mouse was taken here, or by a program that died before this one, need not be known.
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

/// Takes the terminal again, after [`leave`] or after a stop from outside that may have changed its modes.
pub(super) fn retake() -> io::Result<()> {
    leave()?;
    take()
}

fn take() -> io::Result<()> {
    // Before the first step, so that a failure half way is undone by `leave` as well.
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
