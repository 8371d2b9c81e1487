//! Flags for the look of the console, shared by every subcommand that opens one.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args};

use crate::console::keymap::Keymap;
use crate::console::{Palette, Preferences};

/// Console preferences besides the key bindings.
#[derive(Debug, Clone, Args)]
pub(super) struct ConsoleArgs {
    /// Colour theme of the console
    #[arg(long, value_name = "THEME", env = "BACKCOURT_THEME", default_value = Palette::Auto.word(),
          value_parser = palettes())]
    theme: Palette,
    /// Use the mouse in the console; otherwise the terminal selects text with it. Toggle with m
    #[arg(long, value_name = "BOOL", env = "BACKCOURT_MOUSE", num_args = 0..=1, require_equals = true,
          default_value = "false", default_missing_value = "true", action = ArgAction::Set)]
    mouse: bool,
}

impl ConsoleArgs {
    /// The console preferences: these flags and the key bindings.
    pub(super) fn preferences(&self, keymap: &Keymap) -> Preferences {
        Preferences {
            palette: self.theme,
            keymap: keymap.clone(),
            mouse: self.mouse,
        }
    }
}

fn palettes() -> impl TypedValueParser<Value = Palette> {
    PossibleValuesParser::new(Palette::ALL.map(Palette::word))
        .map(|word| Palette::from_word(&word).unwrap_or_default())
}
