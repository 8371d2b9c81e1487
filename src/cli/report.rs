//! `backcourt report`: prints the handoff report or writes it to a file.

use std::path::{Path, PathBuf};

use chrono::Utc;
use clap::{Args, ValueEnum};

use crate::escape::EscapedText;
use crate::ledger::{Ledger, RunLock, WrittenReport};
use crate::plan::Plan;
use crate::report::{CommandFlags, Handoff, PlanStatus, markdown};
use crate::runbook::{RunbookFacts, derive};

use super::error::{CliError, cannot_print};
use super::file::put;
use super::state_dir::real;
use super::status::plan_status;
use super::{PlanArgs, StateDir};

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    place: PlanArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Md)]
    format: Format,
    /// Write to this file, and tick the runbook's report item
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite an existing file
    #[arg(long, requires = "output")]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Markdown
    Md,
    /// One JSON object
    Json,
}

pub(super) fn report(arguments: &ReportArgs) -> Result<u8, CliError> {
    let (ledger, status, plan) = plan_status(&arguments.place, arguments.place.plan()?)?;
    let shown = match &arguments.output {
        None => text(arguments, &ledger, status, &plan)?,
        Some(path) => EscapedText::of(to_file(arguments, &real(path), &ledger, status, &plan)?),
    };
    shown.print().map_err(cannot_print)?;
    Ok(0)
}

fn text(
    arguments: &ReportArgs,
    ledger: &Ledger,
    status: PlanStatus,
    plan: &Plan,
) -> Result<EscapedText, CliError> {
    let go = go(&arguments.place, &status, plan)?;
    let handoff = Handoff::gather(ledger, plan, status, &go)?;
    match arguments.format {
        Format::Md => Ok(markdown(&handoff)),
        Format::Json => EscapedText::indented_json(&handoff).map_err(cannot_print),
    }
}

/// The flags that select the same state folder, plan and warehouse; defaults are omitted.
fn go(place: &PlanArgs, status: &PlanStatus, plan: &Plan) -> Result<CommandFlags, CliError> {
    let folder = StateDir::of(place.state_dir.as_deref())?;
    let mut flags = Vec::new();
    if folder.path() != StateDir::of(None)?.path() {
        flags.push(("--state-dir", folder.path().display().to_string()));
    }
    flags.extend(place.plan.clone().map(|plan| ("--plan", plan)));
    flags.extend(place.variable_flags(plan));
    let own = folder.path().join("warehouse");
    if status.run.warehouse != format!("sqlite:{}", own.display()) {
        flags.push(("--warehouse", status.run.warehouse.clone()));
    }
    Ok(CommandFlags { flags })
}

/// Writes the report atomically and records it, which completes its runbook item; the report itself shows the
/// item as completed. While a run is active it is not recorded, since newer results will follow.
fn to_file(
    arguments: &ReportArgs,
    path: &Path,
    ledger: &Ledger,
    mut status: PlanStatus,
    plan: &Plan,
) -> Result<String, CliError> {
    let written = WrittenReport {
        path: path.display().to_string(),
        at: Utc::now(),
    };
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let lock = RunLock::take(folder.path(), &plan.name, written.at).ok();
    let target = ledger.known_target(&status.run.plan, &status.run.warehouse)?;
    if let (Some(_), Some(target)) = (&lock, target) {
        let mut facts = RunbookFacts::gather(ledger, target, plan)?;
        facts.report = Some(written.clone());
        status.runbook = derive(plan, &facts);
    }
    let text = text(arguments, ledger, status, plan)?;
    put(path, &text, arguments.force, &folder)?;
    match (lock, target) {
        (Some(_lock), Some(target)) => {
            Ledger::open(&folder.ledger())?.record_report(target, &written)?;
            Ok(format!("written to {}", written.path))
        }
        _ => Ok(format!(
            "written to {}; it doesn't count for the runbook because a run is active",
            written.path
        )),
    }
}
