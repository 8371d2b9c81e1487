//! `backcourt check`: asks checks now, whether or not they have a current answer.

use clap::Args;

use crate::engine::{Checks, Selection, Work};
use crate::ledger::Ledger;
use crate::plan::with_hint;

use super::error::CliError;
use super::start::{Job, Output, Show, begun, start};
use super::{Place, StateDir};

/// Flags of `check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    place: Place,
    /// Which checks [default: all]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// How the answers are shown
    #[arg(long, value_enum, default_value_t = Output::Plain)]
    output: Output,
}

pub(super) fn check(arguments: &CheckArgs) -> Result<u8, CliError> {
    let plan = arguments.place.plan()?;
    if let Some(stranger) = arguments.names.iter().find(|name| plan.check(name).is_none()) {
        let known = plan.checks.iter().map(|check| check.name.as_str());
        return Err(CliError::Usage(with_hint("check", stranger, known)));
    }
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let ledger = Ledger::open_to_read(&folder.ledger())?;
    let known = match &ledger {
        Some(ledger) => ledger.last_run(&plan.name)?.map(|run| (ledger, run)),
        None => None,
    };
    let Some((ledger, run)) = known else {
        return Err(CliError::Usage(format!(
            "there is nothing to check: plan {} was never run in {}; start it with 'backcourt run'",
            plan.name,
            folder.path().display()
        )));
    };
    let checks = if arguments.names.is_empty() {
        Checks::All
    } else {
        Checks::Named(arguments.names.clone())
    };
    let stages = begun(ledger, &run, &plan)?;
    let workers = plan.workers;
    start(
        &arguments.place,
        Job {
            plan,
            stages,
            dates: run.dates,
            source: None,
            workers,
            paused: false,
            work: Work::Only(Selection::Dates(Vec::new())),
            ask: Some(checks),
            advance: Vec::new(),
            sample: None,
            fail_fast: None,
            show: Show::new(arguments.output),
        },
    )
}
