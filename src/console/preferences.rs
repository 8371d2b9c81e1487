//! The operator's preferences for the console. None of them affects a run.

use super::keymap::Keymap;
use super::theme::Palette;

/// The operator's preferences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preferences {
    /// The colour palette.
    pub palette: Palette,
    /// The key bindings.
    pub keymap: Keymap,
    /// Whether the console captures the mouse. If not, the terminal uses it to select text.
    pub mouse: bool,
}
