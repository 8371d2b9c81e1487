//! `backcourt config`: the path of the config file, the effective settings and their origin, and a template.

mod file;
mod setting;
mod show;
mod template;

use std::path::Path;

use clap::{ArgMatches, Args, Subcommand};

pub(super) use file::Config;

use crate::escape::EscapedText;

use super::error::{CliError, cannot_print};
use super::run_args::WorkersArg;
use super::start::Show;

#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Show every setting, its value and where it comes from: flag, environment, file or default
    Show(Box<ShowArgs>),
    /// Print a config file with every setting and key binding at its default, commented out
    Template,
    /// Print the path of the config file
    Path,
}

/// The flags that can be set in the config file.
#[derive(Debug, Args)]
struct ShowArgs {
    /// Folder of the ledger, events, logs and embedded warehouse
    #[arg(long, value_name = "DIR", env = "BACKCOURT_STATE_DIR")]
    state_dir: Option<std::path::PathBuf>,
    #[command(flatten)]
    workers: WorkersArg,
    #[command(flatten)]
    show: Show,
}

impl ConfigArgs {
    /// Whether the command works without a valid config file: these two help to fix one.
    pub(super) const fn needs_no_file(&self) -> bool {
        matches!(self.command, ConfigCommand::Template | ConfigCommand::Path)
    }
}

/// `given` has the parsed flags of `config show`, with the origin of each value.
pub(super) fn config(
    arguments: &ConfigArgs,
    named: Option<&Path>,
    config: &Config,
    given: Option<&ArgMatches>,
) -> Result<u8, CliError> {
    let place = file::place(named);
    let text: EscapedText = match arguments.command {
        ConfigCommand::Template => template::template(place.as_deref()).lines().collect(),
        ConfigCommand::Show(_) => show::show(place.as_deref(), config, given).lines().collect(),
        ConfigCommand::Path => {
            let place = place.ok_or(CliError::NoConfigFolder)?;
            if !place.exists() {
                // The hint goes to standard error, so that `$EDITOR "$(backcourt config path)"` works.
                let hint = "create it, for example with 'backcourt config template'";
                EscapedText::of(hint).print_error();
            }
            EscapedText::of(place.display())
        }
    };
    text.print().map_err(cannot_print)?;
    Ok(0)
}

/// A value in TOML syntax.
fn quoted(text: &str) -> String {
    let is_bare = text.parse::<u32>().is_ok() || text.parse::<bool>().is_ok();
    if is_bare {
        text.to_owned()
    } else {
        let shown = toml::Value::from(text).to_string();
        if shown.contains('\n') {
            // A JSON string is a TOML string on one line.
            serde_json::Value::from(text).to_string()
        } else {
            shown
        }
    }
}

/// Keys in TOML syntax: a single string, or a list of several.
fn quoted_keys(keys: impl IntoIterator<Item = String>) -> String {
    let keys: Vec<_> = keys
        .into_iter()
        .map(|key| toml::Value::from(key).to_string())
        .collect();
    match keys.as_slice() {
        [key] => key.clone(),
        keys => format!("[{}]", keys.join(", ")),
    }
}
