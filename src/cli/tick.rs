//! `backcourt tick`: ticks a manual runbook item while no run is active.

use chrono::Utc;
use clap::Args;

use crate::escape::EscapedText;
use crate::ledger::{Ledger, RunLock, Tick};
use crate::runbook::may_tick;

use super::error::{CliError, cannot_print};
use super::operator::operator;
use super::variables::refuse_superseded;
use super::{PlanArgs, StateDir};

#[derive(Debug, Args)]
pub(super) struct TickArgs {
    #[command(flatten)]
    place: PlanArgs,
    /// Number of the item, for example 24 or 14a; `backcourt status` lists them
    #[arg(value_name = "ITEM")]
    item: String,
    /// What was done, or why you withdraw the tick; permanently recorded with your name
    #[arg(long, value_name = "TEXT")]
    note: String,
    /// Withdraw the tick; it stays on record, with this note
    #[arg(long)]
    withdraw: bool,
}

pub(super) fn tick(arguments: &TickArgs) -> Result<u8, CliError> {
    let plan = arguments.place.plan()?;
    let note = arguments.note.trim();
    let may = |last: Option<&Tick>| {
        may_tick(&plan, last, &arguments.item, !arguments.withdraw, note).map_err(CliError::Refused)
    };
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let never = || CliError::NothingToTick {
        plan: plan.name.clone(),
        folder: folder.path().to_owned(),
    };
    if !folder.ledger().exists() {
        may(None)?;
        return Err(never());
    }
    let _lock = RunLock::take(folder.path(), &plan.name, Utc::now())?;
    let mut ledger = Ledger::open(&folder.ledger())?;
    refuse_superseded(&plan, &ledger)?;
    let run = ledger.last_run(&plan.name)?.ok_or_else(never)?;
    let target = ledger.target(&run.plan, &run.warehouse)?;
    may(ledger.ticks(target)?.get(&arguments.item))?;
    let tick = Tick {
        item: arguments.item.clone(),
        done: !arguments.withdraw,
        note: note.to_owned(),
        by: operator(),
        at: Utc::now(),
    };
    ledger.tick(target, &tick)?;
    EscapedText::of(tick.sentence()).print().map_err(cannot_print)?;
    Ok(0)
}
