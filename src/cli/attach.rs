//! `backcourt attach`: the console of a run that is under way, on another terminal.

use clap::Args;

use crate::console::keymap::Keymap;
use crate::present::{self, Notify};

use super::ctl::nobody;
use super::error::CliError;
use super::look::Look;
use super::operator::console_name;
use super::{Place, StateDir};

/// Flags of `attach`.
#[derive(Debug, Args)]
pub(super) struct AttachArgs {
    #[command(flatten)]
    place: Place,
    /// Only watch: never take the helm
    #[arg(long)]
    read_only: bool,
    #[command(flatten)]
    look: Look,
    /// How this terminal tells of the first failure, the first gate that shuts, and the end: as with run
    #[arg(long, value_name = "HOW", env = "BACKCOURT_NOTIFY", default_value = "bell", value_parser = Notify::parse)]
    notify: Notify,
}

pub(super) fn attach(arguments: &AttachArgs, keymap: &Keymap) -> Result<u8, CliError> {
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let shown = present::attach(
        folder.path(),
        &console_name(),
        arguments.read_only,
        &arguments.look.preferences(keymap),
        arguments.notify.clone(),
    )
    .map_err(|error| CliError::Usage(error.to_string()))?;
    shown.ok_or_else(|| CliError::Usage(format!("{}; start one with 'backcourt run'", nobody(&folder))))
}
