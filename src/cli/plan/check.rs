//! `backcourt plan check`: every mistake of the plan file at once. A run refuses the same ones.

use clap::Args;

use crate::cli::error::{CliError, cannot_print};
use crate::cli::{PlanArgs, StateDir};
use crate::escape::EscapedText;
use crate::figures::counted;

#[derive(Debug, Args)]
pub(super) struct PlanCheckArgs {
    #[command(flatten)]
    place: PlanArgs,
}

pub(super) fn check(arguments: &PlanCheckArgs) -> Result<u8, CliError> {
    let plan = arguments.place.plan_to_show()?;
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let home = arguments.place.warehouse.home(&folder)?.of(&plan)?;
    home.refuse_foreign_queries(&plan)?;
    let (from, to) = (plan.range.from(), plan.range.to());
    let valid = format!(
        "plan {} is valid: {}, {}, {from} to {to}",
        plan.name,
        counted(plan.stages.len(), "stage"),
        counted(plan.checks.len() + plan.sources.len(), "check"),
    );
    EscapedText::of(valid).print().map_err(cannot_print)?;
    Ok(0)
}
