//! Progress of a slow command, on standard error.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::escape::{EscapedText, escaped};

/// Width of the progress line; shorter texts are padded to overwrite the previous one.
const WIDTH: usize = 76;

/// How long to wait before showing progress.
const DELAY: Duration = Duration::from_secs(1);

/// Runs `work`, and shows that it is waiting for `whom` after one second.
pub(super) fn waiting<T>(whom: &str, work: impl FnOnce() -> T) -> T {
    waiting_for(|| whom.to_owned(), work)
}

/// As [`waiting`], with a `whom` that can change during the wait.
pub(super) fn waiting_for<T>(whom: impl Fn() -> String + Send, work: impl FnOnce() -> T) -> T {
    let progress = ProgressLine::default();
    if !progress.is_watched {
        return work();
    }
    // Dropped when the work ends, also by a panic; that ends the thread.
    let (at_work, over) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let begun = Instant::now();
            while over.recv_timeout(DELAY) == Err(RecvTimeoutError::Timeout) {
                progress.update(&format!(
                    "waiting for {}: {} s",
                    whom(),
                    begun.elapsed().as_secs()
                ));
            }
        });
        let done = work();
        drop(at_work);
        done
    })
}

/// A progress line that is overwritten in place; shown only on a terminal.
#[derive(Debug)]
pub(super) struct ProgressLine {
    is_watched: bool,
}

impl Default for ProgressLine {
    fn default() -> Self {
        Self {
            is_watched: std::io::stderr().is_terminal(),
        }
    }
}

impl ProgressLine {
    /// Updates the line.
    pub(super) fn update(&self, text: &str) {
        if self.is_watched {
            // A failed write is harmless.
            let text = escaped(text);
            let _ = write!(std::io::stderr(), "\r{text:WIDTH$.WIDTH$}\r");
        }
    }

    /// Prints the start of a slow step; it also appears in a redirected standard error.
    pub(super) fn step(&self, text: &str) {
        self.update("");
        EscapedText::of(text).print_error();
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.update("");
    }
}
