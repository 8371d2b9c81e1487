//! How large the terminal is, for who asks before a screen is opened.

use std::io::IsTerminal;

/// Columns and rows; none unless standard input and output are a terminal.
#[must_use]
pub fn size() -> Option<(u16, u16)> {
    let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    is_terminal.then(|| crossterm::terminal::size().ok()).flatten()
}
