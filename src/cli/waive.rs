//! `backcourt waive`: waives a failed check while no run is active.

use chrono::Utc;
use clap::Args;

use crate::escape::EscapedText;
use crate::ledger::{CheckState, Ledger, RunLock};
use crate::reason::refused;

use super::error::{CliError, cannot_print};
use super::operator::operator;
use super::variables::refuse_superseded;
use super::{PlanArgs, StateDir};

#[derive(Debug, Args)]
pub(super) struct WaiveArgs {
    #[command(flatten)]
    place: PlanArgs,
    /// The failed check
    #[arg(value_name = "CHECK")]
    check: String,
    /// Why; permanently recorded with your name
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(super) fn waive(arguments: &WaiveArgs) -> Result<u8, CliError> {
    let plan = arguments.place.plan()?;
    let Some(spec) = plan.check(&arguments.check) else {
        return Err(CliError::no_check(&plan, &arguments.check));
    };
    let reason = arguments.reason.trim();
    if reason.is_empty() {
        return Err(CliError::NoReason("a waiver"));
    }
    if let Some(refusal) = refused("the reason", reason) {
        return Err(CliError::Refused(refusal));
    }
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let never = || CliError::Refused(CheckState::Pending.refuse_waiver(&spec.name).unwrap_or_default());
    if !folder.ledger().exists() {
        return Err(never());
    }
    let _lock = RunLock::take(folder.path(), &plan.name, Utc::now())?;
    let mut ledger = Ledger::open(&folder.ledger())?;
    refuse_superseded(&plan, &ledger)?;
    let run = ledger.last_run(&plan.name)?.ok_or_else(never)?;
    let target = ledger.target(&run.plan, &run.warehouse)?;
    let newest = ledger.newest_checks(target, &plan)?;
    let last = newest.get(&spec.name).ok_or_else(never)?;
    if let Some(refusal) = last.state.refuse_waiver(&spec.name) {
        return Err(CliError::Refused(refusal));
    }
    let waiver = ledger.waive(target, &run.id, last, spec, reason, &operator(), Utc::now())?;
    let message = format_args!(
        "{} waived by {} for this definition and value {}; 'backcourt run' starts the stages after it",
        waiver.check, waiver.by, waiver.value
    );
    EscapedText::of(message).print().map_err(cannot_print)?;
    Ok(0)
}
