//! `backcourt accept`: accepts outdated rows of a stage as current.

use chrono::Utc;
use clap::Args;

use crate::escape::EscapedText;
use crate::figures::counted;
use crate::ledger::{Acceptance, Definition, Ledger, MadeBy, RunLock};
use crate::plan::{Plan, StageSpec};
use crate::reason::refused;

use super::error::{CliError, cannot_print};
use super::operator::operator;
use super::variables::refuse_superseded;
use super::{PlanArgs, StateDir};

#[derive(Debug, Args)]
pub(super) struct AcceptArgs {
    #[command(flatten)]
    place: PlanArgs,
    /// The stage whose outdated dates keep their rows
    #[arg(value_name = "STAGE")]
    stage: String,
    /// Why; permanently recorded, with your name
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(super) fn accept(arguments: &AcceptArgs) -> Result<u8, CliError> {
    let plan = arguments.place.plan()?;
    let spec = named(&plan, &arguments.stage)?;
    let reason = arguments.reason.trim();
    if reason.is_empty() {
        return Err(CliError::NoReason("an acceptance"));
    }
    if let Some(refusal) = refused("the reason", reason) {
        return Err(CliError::Refused(refusal));
    }
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let nothing = || CliError::NothingToAccept(spec.name.clone());
    if !folder.ledger().exists() {
        return Err(nothing());
    }
    let _lock = RunLock::take(folder.path(), &plan.name, Utc::now())?;
    let mut ledger = Ledger::open(&folder.ledger())?;
    refuse_superseded(&plan, &ledger)?;
    let run = ledger.last_run(&plan.name)?.ok_or_else(nothing)?;
    let target = ledger.target(&run.plan, &run.warehouse)?;
    let made_by = ledger.current_units(target, spec)?.made_by;
    let acceptances: Vec<Acceptance> = made_by
        .iter()
        .filter_map(|made_by| acceptance(made_by, spec, reason))
        .collect();
    if acceptances.is_empty() {
        return Err(nothing());
    }
    ledger.accept(target, &acceptances)?;
    let dates: u64 = acceptances.iter().map(|acceptance| acceptance.dates).sum();
    let message = format_args!(
        "{}: rows of {} accepted as current by {}",
        spec.name,
        counted(dates, "date"),
        acceptances[0].by
    );
    EscapedText::of(message).print().map_err(cannot_print)?;
    Ok(0)
}

fn named<'a>(plan: &'a Plan, stage: &str) -> Result<&'a StageSpec, CliError> {
    plan.stage(stage).ok_or_else(|| CliError::no_stage(plan, stage))
}

/// The acceptance of another definition's rows; `None` if the definition is the plan's or unknown.
fn acceptance(made_by: &MadeBy, spec: &StageSpec, reason: &str) -> Option<Acceptance> {
    (made_by.definition == Definition::Changed).then_some(())?;
    Some(Acceptance {
        stage: spec.name.clone(),
        accepted: made_by.fingerprint?,
        equals: spec.fingerprint,
        dates: made_by.dates,
        reason: reason.to_owned(),
        by: operator(),
        at: Utc::now(),
    })
}
