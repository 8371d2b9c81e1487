//! `backcourt report`: the handoff document, printed or written to a file.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::Utc;
use clap::{Args, ValueEnum};

use crate::ledger::{Ledger, RunLock, WrittenReport};
use crate::plan::{BUILTIN, Plan};
use crate::report::{Go, Handoff, Standing, markdown};
use crate::runbook::{Facts, derive};

use super::error::CliError;
use super::run::cannot_print;
use super::state_dir::real;
use super::status::standing;
use super::{Place, StateDir};

/// Flags of `report`.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    place: Place,
    /// For people or for programs
    #[arg(long, value_enum, default_value_t = Format::Md)]
    format: Format,
    /// Write it to this file instead, and tick the runbook's item that waits for it
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file if it is there
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
    let (ledger, standing, plan) = standing(&arguments.place)?;
    let mut out = io::stdout().lock();
    match &arguments.output {
        None => {
            let text = text(arguments, &ledger, standing, &plan)?;
            out.write_all(text.as_bytes()).map_err(cannot_print)?;
        }
        Some(path) => {
            let said = to_file(arguments, &real(path), &ledger, standing, &plan)?;
            writeln!(out, "{said}").map_err(cannot_print)?;
        }
    }
    Ok(0)
}

fn text(
    arguments: &ReportArgs,
    ledger: &Ledger,
    standing: Standing,
    plan: &Plan,
) -> Result<String, CliError> {
    let go = go(&arguments.place, &standing)?;
    let handoff = Handoff::gather(ledger, plan, standing, &go)?;
    match arguments.format {
        Format::Md => Ok(markdown(&handoff)),
        Format::Json => serde_json::to_string_pretty(&handoff)
            .map(|text| text + "\n")
            .map_err(|error| cannot_print(error.into())),
    }
}

/// The flags that mean the same place again, those left out that mean it anyway.
fn go(place: &Place, standing: &Standing) -> Result<Go, CliError> {
    let folder = StateDir::of(place.state_dir.as_deref())?;
    let mut flags = Vec::new();
    if folder.path() != StateDir::of(None)?.path() {
        flags.push(("--state-dir", folder.path().display().to_string()));
    }
    if place.plan != BUILTIN {
        flags.push(("--plan", place.plan.clone()));
    }
    let own = folder.path().join("warehouse");
    if standing.run.warehouse != format!("sqlite:{}", own.display()) {
        flags.push(("--warehouse", standing.run.warehouse.clone()));
    }
    Ok(Go { flags })
}

/// Writes the document whole or not at all. It counts in the runbook, and says so itself, unless a run is under way: then
/// there will be newer results than it has.
fn to_file(
    arguments: &ReportArgs,
    path: &Path,
    ledger: &Ledger,
    mut standing: Standing,
    plan: &Plan,
) -> Result<String, CliError> {
    let written = WrittenReport {
        path: path.display().to_string(),
        at: Utc::now(),
    };
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let lock = RunLock::take(folder.path(), written.at).ok();
    let target = ledger.known_target(&standing.run.plan, &standing.run.warehouse)?;
    if let (Some(_), Some(target)) = (&lock, target) {
        let mut facts = Facts::gather(ledger, target, plan)?;
        facts.report = Some(written.clone());
        standing.runbook = derive(plan, &facts);
    }
    let text = text(arguments, ledger, standing, plan)?;
    put(path, text.as_bytes(), arguments.force)?;
    match (lock, target) {
        (Some(_lock), Some(target)) => {
            Ledger::open(&folder.ledger())?.record_report(target, &written)?;
            Ok(format!("written to {}", written.path))
        }
        _ => Ok(format!(
            "written to {}; a run is under way, so that it does not count in the runbook",
            written.path
        )),
    }
}

/// The file has its old content or all of its new one. Without `force` its name must be free.
fn put(path: &Path, content: &[u8], force: bool) -> Result<(), CliError> {
    let refuse = |cause: io::Error| match cause.kind() {
        io::ErrorKind::AlreadyExists => CliError::Usage(format!(
            "{} is there already; choose another name, or replace it with --force",
            path.display()
        )),
        _ => CliError::System {
            what: format!("{} cannot be written", path.display()),
            cause,
            next: "choose a folder that is there and writable",
        },
    };
    if !force {
        File::create_new(path).map_err(refuse)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let beside = path.with_file_name(name);
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|cause| {
        // What was begun is taken away again; that it cannot be says nothing new.
        drop(fs::remove_file(&beside));
        if !force {
            drop(fs::remove_file(path));
        }
        refuse(cause)
    })
}
