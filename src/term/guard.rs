//! Sets the terminal to full-screen state and restores it, whatever happens in between. The holder is global, one per
//! process, so that the panic hook can find it.

use std::io::{self, IsTerminal};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste};
use crossterm::queue;
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

use super::tty::Tty;

static HOLDER: Mutex<Option<ScreenOwner>> = Mutex::new(None);

/// The thread that took the terminal, and what writes to it.
struct ScreenOwner {
    thread: ThreadId,
    tty: Tty,
}

/// Holds the terminal in full-screen state; restores it on drop.
#[derive(Debug)]
pub(super) struct TermGuard(());

impl TermGuard {
    /// Takes the terminal for the current thread: raw mode, alternate screen, hidden cursor and bracketed paste (so
    /// that pasted text isn't read as commands).
    ///
    /// # Errors
    /// Stdin or stdout isn't a terminal, a screen is already open, or a step failed; completed steps are undone.
    pub(super) fn enter(tty: &Tty) -> io::Result<Self> {
        if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
            return Err(io::Error::other(
                "the console needs a terminal on standard input and output; use --output plain without one",
            ));
        }
        if holder().is_some() {
            return Err(io::Error::other("the screen is already open in this process"));
        }
        take(tty).map(Self)
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
    lock().as_ref().map(|holder| holder.thread)
}

/// Restores the terminal. Idempotent; runs every step even if one fails. A terminal that isn't read gets its modes, but
/// isn't waited for.
///
/// # Errors
/// The first failed step.
pub(super) fn leave() -> io::Result<()> {
    let Some(ScreenOwner { tty, .. }) = lock().take() else {
        return Ok(());
    };
    let written = restoration()
        .and_then(|bytes| tty.send(bytes))
        .and_then(|()| tty.drain());
    let cooked = disable_raw_mode();
    written.and(cooked)
}

/// Takes the terminal again, after [`leave`] or after an external stop that may have changed its modes.
pub(super) fn retake(tty: &Tty) -> io::Result<()> {
    leave()?;
    take(tty)
}

/// What a terminal in full-screen state must receive to be in its normal state.
pub(super) fn restoration() -> io::Result<Vec<u8>> {
    let mut modes = Vec::new();
    // Unconditional: the mouse may have been captured by an earlier program that crashed.
    queue!(
        modes,
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableBracketedPaste,
        Show,
        LeaveAlternateScreen
    )?;
    Ok(modes)
}

fn take(tty: &Tty) -> io::Result<()> {
    // Set before the first step, so that `leave` undoes a partial failure too.
    *lock() = Some(ScreenOwner {
        thread: thread::current().id(),
        tty: tty.clone(),
    });
    let mut modes = Vec::new();
    enable_raw_mode()
        .and_then(|()| queue!(modes, EnterAlternateScreen, Hide, EnableBracketedPaste))
        .and_then(|()| tty.send(modes))
        .inspect_err(|_| drop(leave()))
}

fn lock() -> MutexGuard<'static, Option<ScreenOwner>> {
    HOLDER.lock().unwrap_or_else(PoisonError::into_inner)
}
