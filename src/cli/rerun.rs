//! `backcourt rerun`: reruns selected dates.

use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, Args};

use crate::console::keymap::Keymap;
use crate::engine::Selection;
use crate::ledger::Ledger;
use crate::plan::Plan;
use crate::stages;

use super::error::CliError;
use super::run_args::{dates_of, forced_source, require_dates};
use super::start::{RunSpec, Show, every_date, start, started_stages};
use super::{PlanArgs, StateDir};

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "a flag is given or it is not")]
#[command(group(ArgGroup::new("which").required(true).args(["failed", "stale", "outdated", "dates", "failing"])))]
pub(super) struct RerunArgs {
    #[command(flatten)]
    place: PlanArgs,
    /// All failed, partial and empty dates of the plan
    #[arg(long)]
    failed: bool,
    /// All stale dates of the plan: rows they depend on have changed since
    #[arg(long)]
    stale: bool,
    /// All outdated dates: computed by another definition of their stage
    #[arg(long)]
    outdated: bool,
    /// Only these dates
    #[arg(long, value_name = "D,D..D…", value_delimiter = ',')]
    dates: Vec<String>,
    /// The failing dates of this check
    #[arg(long, alias = "offending", value_name = "CHECK")]
    failing: Option<String>,
    /// Only in this stage
    #[arg(long, value_name = "STAGE")]
    stage: Option<String>,
    /// Source of the rows [default: the plan's]
    #[arg(long, value_parser = PossibleValuesParser::new(stages::SOURCES))]
    source: Option<String>,
    /// Let fewer rows than expected replace stored rows
    #[arg(long)]
    accept_short: bool,
    #[command(flatten)]
    show: Show,
}

pub(super) fn rerun(arguments: &RerunArgs, keymap: &Keymap) -> Result<u8, CliError> {
    let plan = arguments.place.plan()?;
    let names: Vec<String> = plan.stages.iter().map(|stage| stage.name.clone()).collect();
    if let Some(stranger) = arguments.stage.iter().find(|stage| !names.contains(stage)) {
        return Err(CliError::no_stage(&plan, stranger));
    }
    let selection = selection(arguments, &plan)?;
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let ledger = Ledger::open_to_read(&folder.ledger())?;
    let known = match &ledger {
        Some(ledger) => ledger.last_run(&plan.name)?.map(|run| (ledger, run)),
        None => None,
    };
    if known.is_none() && !matches!(selection, Selection::Dates(_)) {
        return Err(CliError::never_run("nothing to rerun: ", &plan, &folder));
    }
    let stages = match (&arguments.stage, &known) {
        (Some(stage), _) => vec![stage.clone()],
        (None, Some((ledger, run))) => started_stages(ledger, run, &plan)?,
        (None, None) => names,
    };
    let mut dates = match &known {
        Some((ledger, run)) => every_date(ledger, run, &plan)?,
        None => plan.range.partitions().collect(),
    };
    if let Selection::Dates(chosen) = &selection {
        require_dates(&plan, &stages, &chosen.partitions().collect::<Vec<_>>())?;
        dates.extend(chosen.partitions());
        dates.sort_unstable();
        dates.dedup();
    }
    let job = RunSpec {
        dates,
        source: arguments.source.clone().or_else(forced_source),
        accept_short: arguments.accept_short,
        ..RunSpec::only(selection, plan, stages, arguments.show.clone(), keymap.clone())
    };
    start(&arguments.place, job)
}

fn selection(arguments: &RerunArgs, plan: &Plan) -> Result<Selection, CliError> {
    Ok(if arguments.failed {
        Selection::Failed
    } else if arguments.stale {
        Selection::Stale
    } else if arguments.outdated {
        Selection::Outdated
    } else if let Some(check) = &arguments.failing {
        if plan.check(check).is_none() {
            return Err(CliError::no_check(plan, check));
        }
        Selection::FailingDates(check.clone())
    } else {
        Selection::Dates(dates_of(&arguments.dates, plan)?.into_iter().collect())
    })
}
