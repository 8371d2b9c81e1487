//! `backcourt attach`: the console of a run that is under way, on another terminal.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::console::Palette;
use crate::present;

use super::ctl::nobody;
use super::error::CliError;
use super::start::console_name;
use super::{Place, StateDir};

/// Flags of `attach`.
#[derive(Debug, Args)]
pub(super) struct AttachArgs {
    #[command(flatten)]
    place: Place,
    /// Only watch: never take the helm
    #[arg(long)]
    read_only: bool,
    /// Colours of the console
    #[arg(long, value_name = "THEME", default_value = Palette::Auto.word(), value_parser = palettes())]
    theme: Palette,
}

pub(super) fn attach(arguments: &AttachArgs) -> Result<u8, CliError> {
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let shown = present::attach(
        folder.path(),
        &console_name(),
        arguments.read_only,
        arguments.theme,
    )
    .map_err(|error| CliError::Usage(error.to_string()))?;
    shown.ok_or_else(|| CliError::Usage(format!("{}; start one with 'backcourt run'", nobody(&folder))))
}

/// The names of the colours.
pub(super) fn palettes() -> impl TypedValueParser<Value = Palette> {
    PossibleValuesParser::new(Palette::ALL.map(Palette::word))
        .map(|word| Palette::from_word(&word).unwrap_or_default())
}
