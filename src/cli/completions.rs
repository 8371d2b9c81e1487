//! `backcourt completions`: a shell completion script, generated from the command-line definition.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;
use super::error::{CliError, cannot_print};

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// Shell to generate the script for
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn completions(arguments: &CompletionsArgs) -> Result<u8, CliError> {
    // Buffered, because the generator panics on a write error.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "backcourt", &mut script);
    std::io::stdout().write_all(&script).map_err(cannot_print)?;
    Ok(0)
}
