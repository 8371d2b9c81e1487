//! The size of the terminal before a screen is opened.

use std::io::IsTerminal;

/// Columns and rows; `None` unless standard input and output are terminals.
#[must_use]
pub fn size() -> Option<(u16, u16)> {
    let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    is_terminal.then(|| crossterm::terminal::size().ok()).flatten()
}
