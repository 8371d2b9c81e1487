//! How far a command is that takes longer than a moment, on standard error.

use std::io::{IsTerminal, Write};

/// Columns that a line overwrites of the one before it.
const WIDTH: usize = 76;

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
