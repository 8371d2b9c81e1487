//! `backcourt completions`: what makes a shell complete the command line, made from the same definition that parses it.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;
use super::error::CliError;
use super::run::cannot_print;

/// What `completions` takes.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// Shell to generate the script for
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn completions(arguments: &CompletionsArgs) -> Result<u8, CliError> {
    // In memory first: the generator panics where it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "backcourt", &mut script);
    std::io::stdout().write_all(&script).map_err(cannot_print)?;
    Ok(0)
}
