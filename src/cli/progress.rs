//! How far a command is that takes longer than a moment, on standard error.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// Columns that a line overwrites of the one before it.
const WIDTH: usize = 76;

/// How long one waits without being told.
const MOMENT: Duration = Duration::from_secs(1);

/// Does something that may have to wait for a server, and says so once it takes longer than a moment.
pub(super) fn waiting<T>(whom: &str, work: impl FnOnce() -> T) -> T {
    waiting_for(|| whom.to_owned(), work)
}

/// The same where it is known only later what is waited for.
pub(super) fn waiting_for<T>(whom: impl Fn() -> String + Send, work: impl FnOnce() -> T) -> T {
    let progress = Progress::default();
    if !progress.is_watched {
        return work();
    }
    // Told apart from the end of the work by being dropped with it, whichever way it ends.
    let (at_work, over) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let begun = Instant::now();
            while over.recv_timeout(MOMENT) == Err(RecvTimeoutError::Timeout) {
                progress.say(&format!(
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

/// A line that is written over and over, on the terminal of whoever waits; nobody else is told.
#[derive(Debug)]
pub(super) struct Progress {
    is_watched: bool,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            is_watched: std::io::stderr().is_terminal(),
        }
    }
}

impl Progress {
    /// How far it is now.
    pub(super) fn say(&self, text: &str) {
        if self.is_watched {
            // Who cannot see it does not miss it.
            let _ = write!(std::io::stderr(), "\r{text:WIDTH$.WIDTH$}\r");
        }
    }

    /// A step that takes its time begins; whoever reads standard error later sees it too.
    pub(super) fn step(&self, text: &str) {
        self.say("");
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.say("");
    }
}
