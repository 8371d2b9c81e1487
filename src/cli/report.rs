//! `backcourt report`: the handoff document.

use std::io::Write;

use clap::{Args, ValueEnum};

use crate::report::{Handoff, markdown};

use super::Place;
use super::error::CliError;
use super::run::cannot_print;
use super::status::standing;

/// Flags of `report`.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    place: Place,
    /// For people or for programs
    #[arg(long, value_enum, default_value_t = Format::Md)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Markdown
    Md,
    /// One JSON object
    Json,
}

pub(super) fn report(arguments: &ReportArgs) -> Result<u8, CliError> {
    let (ledger, standing, plan) = standing(&arguments.place)?;
    let mut set_aside = Vec::new();
    if let Some(target) = ledger.known_target(&standing.run.plan, &standing.run.warehouse)? {
        for stage in &standing.stages {
            let rows = ledger.set_aside(target, &stage.name)?;
            set_aside.extend(rows.into_iter().map(|row| (stage.name.clone(), row)));
        }
    }
    let handoff = Handoff::new(plan.title, standing, set_aside);
    let mut out = std::io::stdout().lock();
    match arguments.format {
        Format::Md => write!(out, "{}", markdown(&handoff)).map_err(cannot_print)?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &handoff).map_err(|error| cannot_print(error.into()))?;
            writeln!(out).map_err(cannot_print)?;
        }
    }
    Ok(0)
}
