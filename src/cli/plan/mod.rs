//! `backcourt plan`: tools for the author of a plan file. They read the file and start nothing.

mod check;
mod schema;
mod show;

use clap::{Args, Subcommand};

use super::error::CliError;

#[derive(Debug, Args)]
pub(super) struct PlanCommand {
    #[command(subcommand)]
    command: PlanTool,
}

#[derive(Debug, Subcommand)]
enum PlanTool {
    /// Check the plan file and list every mistake with its line
    Check(check::PlanCheckArgs),
    /// Show the SQL or the command of each stage for a date, as the run sends it
    Show(show::PlanShowArgs),
    /// Print the JSON Schema of plan files, for editors
    Schema,
}

pub(super) fn plan(arguments: &PlanCommand) -> Result<u8, CliError> {
    match &arguments.command {
        PlanTool::Check(arguments) => check::check(arguments),
        PlanTool::Show(arguments) => show::show(arguments),
        PlanTool::Schema => schema::schema(),
    }
}
