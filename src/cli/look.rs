//! How the console looks and is steered: flags that every subcommand with a console takes.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::console::keymap::Keymap;
use crate::console::{Palette, Preferences};

/// What an operator prefers of the console, beside its keys.
#[derive(Debug, Clone, Args)]
pub(super) struct Look {
    /// Colours of the console
    #[arg(long, value_name = "THEME", env = "BACKCOURT_THEME", default_value = Palette::Auto.word(),
          value_parser = palettes())]
    theme: Palette,
}

impl Look {
    /// What nobody chose otherwise.
    pub(super) fn usual() -> Self {
        Self {
            theme: Palette::default(),
        }
    }

    /// All that is preferred.
    pub(super) fn preferences(&self, keymap: &Keymap) -> Preferences {
        Preferences {
            palette: self.theme,
            keymap: keymap.clone(),
        }
    }
}

/// The names of the colours.
fn palettes() -> impl TypedValueParser<Value = Palette> {
    PossibleValuesParser::new(Palette::ALL.map(Palette::word))
        .map(|word| Palette::from_word(&word).unwrap_or_default())
}
