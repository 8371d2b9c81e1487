//! What an operator has chosen about the console: nothing of it changes what a run does.

use super::keymap::Keymap;
use super::theme::Palette;

/// An operator's own console.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preferences {
    /// The colours.
    pub palette: Palette,
    /// The keys.
    pub keymap: Keymap,
    /// Whether wheel and clicks come to the console and not to the terminal, whose selection they make otherwise.
    pub mouse: bool,
}
