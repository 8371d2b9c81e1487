//! `backcourt check`: runs checks now, whether or not they have a current result.

use clap::Args;
use tokio::runtime::Builder;

use crate::checks::break_down;
use crate::console::keymap::Keymap;
use crate::engine::{Checks, Selection};
use crate::escape::EscapedText;
use crate::ledger::Ledger;
use crate::partition::PartitionRanges;
use crate::plan::{BreakdownSpec, Plan};
use crate::report::explained;

use super::error::{CliError, cannot_print, no_threads};
use super::progress::waiting;
use super::start::{Console, Output, RunSpec, Show, every_date, start, started_stages};
use super::{PlanArgs, StateDir};

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    place: PlanArgs,
    /// Checks to run [default: all]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Break down missing values by cause, date and group. Reads the tables as they are now, even during a run;
    /// records nothing
    #[arg(long, alias = "explain")]
    breakdown: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = Output::Plain)]
    output: Output,
    #[command(flatten)]
    console: Console,
}

pub(super) fn check(arguments: &CheckArgs, keymap: &Keymap) -> Result<u8, CliError> {
    let plan = arguments.place.plan()?;
    if let Some(stranger) = arguments.names.iter().find(|name| plan.check(name).is_none()) {
        return Err(CliError::no_check(&plan, stranger));
    }
    if arguments.breakdown {
        return break_down_all(arguments, &plan);
    }
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let ledger = Ledger::open_to_read(&folder.ledger())?;
    let known = match &ledger {
        Some(ledger) => ledger.last_run(&plan.name)?.map(|run| (ledger, run)),
        None => None,
    };
    let Some((ledger, run)) = known else {
        return Err(CliError::never_run("nothing to check: ", &plan, &folder));
    };
    let checks = if arguments.names.is_empty() {
        Checks::All
    } else {
        Checks::Named(arguments.names.clone())
    };
    let stages = started_stages(ledger, &run, &plan)?;
    let dates = every_date(ledger, &run, &plan)?;
    let show = Show::new(arguments.output, arguments.console.clone());
    let nothing = Selection::Dates(PartitionRanges::default());
    let job = RunSpec {
        dates,
        ask: Some(checks),
        ..RunSpec::only(nothing, plan, stages, show, keymap.clone())
    };
    start(&arguments.place, job)
}

/// Prints the breakdowns of the named checks, or all of them.
fn break_down_all(arguments: &CheckArgs, plan: &Plan) -> Result<u8, CliError> {
    let known = plan.breakdowns.iter().map(|spec| spec.check.as_str());
    for name in &arguments.names {
        if plan.breakdown(name).is_none() {
            return Err(CliError::unknown("breakdown of", name, known));
        }
    }
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let home = arguments.place.warehouse.home(&folder)?.of(plan)?;
    if home.is_missing() {
        return Err(CliError::NoBreakdown);
    }
    let warehouse = home.open()?;
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(no_threads)?;
    let is_meant =
        |spec: &&BreakdownSpec| arguments.names.is_empty() || arguments.names.contains(&spec.check);
    for spec in plan.breakdowns.iter().filter(is_meant) {
        let stage = plan.check(&spec.check).map_or("", |check| check.stage.as_str());
        let grain = plan.grain_of(stage);
        let asked = || runtime.block_on(break_down(spec, grain, warehouse.as_ref()));
        let found = waiting(&home.to_string(), asked);
        let found = found.map_err(|cause| CliError::Breakdown {
            check: spec.check.clone(),
            cause,
        })?;
        let shown = match arguments.output {
            Output::Jsonl => {
                let found = serde_json::json!({ "check": spec.check, "title": spec.title, "found": found });
                EscapedText::json(&found).map_err(cannot_print)?
            }
            Output::Auto | Output::Plain | Output::Tui => {
                let mut text = explained(&spec.title, &spec.check, &found);
                text.line("");
                text
            }
            Output::Silent => EscapedText::default(),
        };
        shown.print().map_err(cannot_print)?;
    }
    Ok(0)
}
