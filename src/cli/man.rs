//! `backcourt man`: manual pages, generated from the command-line definition.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_mangen::Man;

use super::Cli;
use super::error::{CliError, cannot_print};

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Subcommand to print the page of [default: the program itself]
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
    /// Write all pages to this folder instead: backcourt.1, backcourt-run.1, …
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    to: Option<PathBuf>,
}

pub(super) fn man(arguments: &ManArgs) -> Result<u8, CliError> {
    // Without clap's own `help` subcommand, which has no page.
    let mut program = Cli::command().disable_help_subcommand(true);
    if let Some(folder) = &arguments.to {
        clap_mangen::generate_to(program, folder).map_err(|cause| CliError::System {
            what: format!("cannot write the manual to {}", folder.display()),
            cause,
            next: "choose an existing, writable folder",
        })?;
        return Ok(0);
    }
    program.build();
    let page = match &arguments.command {
        None => program,
        Some(name) => page_of(&program, name)?,
    };
    let mut text = Vec::new();
    Man::new(page).render(&mut text).map_err(cannot_print)?;
    std::io::stdout().write_all(&text).map_err(cannot_print)?;
    Ok(0)
}

/// The definition of a subcommand after `build`, which sets the name of its page.
fn page_of(program: &clap::Command, name: &str) -> Result<clap::Command, CliError> {
    program.find_subcommand(name).cloned().ok_or_else(|| {
        let known: Vec<&str> = program.get_subcommands().map(clap::Command::get_name).collect();
        CliError::unknown("subcommand", name, known)
    })
}
