//! `backcourt config`: where the config file is, what holds and who says so, and a sample to begin with.

mod file;
mod setting;
mod show;
mod template;

use std::io::Write;
use std::path::Path;

use clap::{ArgMatches, Args, Subcommand};

pub(super) use file::Config;

use super::error::CliError;
use super::run::{Workers, cannot_print};
use super::start::Show;

/// What `config` takes.
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

/// The flags that have a place in the file.
#[derive(Debug, Args)]
struct ShowArgs {
    /// Folder of the ledger, events, logs and embedded warehouse
    #[arg(long, value_name = "DIR", env = "BACKCOURT_STATE_DIR")]
    state_dir: Option<std::path::PathBuf>,
    #[command(flatten)]
    workers: Workers,
    #[command(flatten)]
    show: Show,
}

impl ConfigArgs {
    /// Whether it can be answered when the file cannot be used: these two help to put it right.
    pub(super) const fn needs_no_file(&self) -> bool {
        matches!(self.command, ConfigCommand::Template | ConfigCommand::Path)
    }
}

/// `given` is the command line as it was understood, with where each value came from.
pub(super) fn config(
    arguments: &ConfigArgs,
    named: Option<&Path>,
    config: &Config,
    given: Option<&ArgMatches>,
) -> Result<u8, CliError> {
    let place = file::place(named);
    let text = match arguments.command {
        ConfigCommand::Template => template::template(place.as_deref()),
        ConfigCommand::Show(_) => show::show(place.as_deref(), config, given),
        ConfigCommand::Path => {
            let place = place.ok_or_else(|| {
                CliError::Usage("no home folder found; give a file with --config".to_owned())
            })?;
            if !place.exists() {
                // For people; the path alone is for `$EDITOR "$(backcourt config path)"`.
                let hint = "create it, for example with 'backcourt config template'";
                drop(writeln!(std::io::stderr(), "{hint}"));
            }
            format!("{}\n", place.display())
        }
    };
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(cannot_print)?;
    Ok(0)
}

/// A value as the file writes it.
fn quoted(text: &str) -> String {
    let is_bare = text.parse::<u32>().is_ok() || text.parse::<bool>().is_ok();
    if is_bare {
        text.to_owned()
    } else {
        toml::Value::from(text).to_string()
    }
}

/// Keys as the file writes them: one alone, several as a list.
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
