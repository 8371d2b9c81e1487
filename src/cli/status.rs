//! `backcourt status`: the progress of a plan from its ledger, during a run or not; from the progress recorded in the
//! warehouse if the state folder doesn't know the plan.

use clap::Args;

use crate::escape::EscapedText;
use crate::figures::counted;
use crate::ledger::{Counts, Coverage, Ledger, MadeBy, RunLock};
use crate::plan::{Plan, Severity, source_clause, value_and_target};
use crate::report::{CheckStatus, PlanStatus, StageStatus, by_state};

use super::error::{CliError, cannot_print};
use super::recorded::recorded;
use super::{PlanArgs, StateDir};

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    place: PlanArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn status(arguments: &StatusArgs) -> Result<u8, CliError> {
    let (_, status, _) = plan_status(&arguments.place, arguments.place.plan_to_compare()?)?;
    let shown = if arguments.json {
        EscapedText::json(&status).map_err(cannot_print)?
    } else {
        text(&status)
    };
    shown.print().map_err(cannot_print)?;
    Ok(0)
}

/// The progress of the plan, with the ledger it comes from.
pub(super) fn plan_status(place: &PlanArgs, plan: Plan) -> Result<(Ledger, PlanStatus, Plan), CliError> {
    let folder = StateDir::of(place.state_dir.as_deref())?;
    let never = || CliError::never_run("", &plan, &folder);
    let local = Ledger::open_to_read(&folder.ledger())?;
    let known = match local {
        Some(ledger) => ledger.last_run(&plan.name)?.map(|run| (ledger, run)),
        None => None,
    };
    let (ledger, run, is_alive, recorded_by) = if let Some((ledger, run)) = known {
        let holder = RunLock::holder(folder.path());
        let is_alive = holder.is_some_and(|holder| holder.pid == run.pid);
        (ledger, run, is_alive, None)
    } else {
        let home = place.warehouse.home(&folder)?.of(&plan)?;
        let recorded = recorded(&home, &plan)?.ok_or_else(never)?;
        let host = Some(recorded.host);
        (recorded.ledger, recorded.run, recorded.is_alive, host)
    };
    let status = PlanStatus {
        recorded_by,
        ..PlanStatus::gather(&ledger, &plan, run, is_alive)?
    };
    Ok((ledger, status, plan))
}

pub(super) fn text(status: &PlanStatus) -> EscapedText {
    let mut lines = run_lines(status);
    for stage in &status.stages {
        lines.extend(stage_lines(stage));
        lines.push(String::new());
        let checks = status.checks.iter().filter(|check| check.stage == stage.name);
        lines.extend(checks.flat_map(check_lines));
    }
    if let Some(cost) = status.cost {
        lines.extend([String::new(), format!("total {cost}")]);
    }
    if !status.runbook.is_empty() {
        lines.extend([String::new(), "runbook".to_owned()]);
        lines.extend(status.runbook.iter().map(|item| {
            let by = item.by.as_ref().map(|by| format!(", {by}")).unwrap_or_default();
            format!(
                "  {:>3} {:15} {}: {}{by}",
                item.item, item.state, item.title, item.fact
            )
        }));
    }
    lines.into_iter().collect()
}

fn run_lines(status: &PlanStatus) -> Vec<String> {
    let run = &status.run;
    let mut lines = vec![format!(
        "run {} of plan {} on {}: {} (process {}{}, started {})",
        run.id,
        run.plan,
        run.warehouse,
        run.state,
        run.pid,
        source_clause(run.source.as_deref()),
        run.started_at
    )];
    let recorded = status.recorded_by.as_ref();
    lines.extend(recorded.map(|host| {
        format!("recorded in the warehouse by {host}; this state folder has no run of the plan")
    }));
    lines.extend(run.ending.clone());
    lines
}

fn stage_lines(stage: &StageStatus) -> Vec<String> {
    let dates = |counts: &Counts| {
        let number = counted(counts.total, "date");
        format!("{number} ({})", by_state(counts))
    };
    let outside = match stage.outside.total {
        0 => String::new(),
        _ => format!(", outside the plan {}", dates(&stage.outside)),
    };
    let head = format!(
        "{} -> {}: {}{outside}, {}, {:.1} s",
        stage.name,
        stage.table.as_deref().unwrap_or("no table"),
        dates(&stage.dates),
        counted(stage.rows, "row"),
        stage.seconds
    );
    let mut lines = vec![String::new(), head];
    lines.extend(stage.cost.map(|cost| format!("  {cost}")));
    lines.extend(MadeBy::summary(&stage.definitions).map(|line| format!("  {line}")));
    let skipped = stage.skipped_reasons.iter();
    lines.extend(skipped.map(|(reason, count)| format!("  skipped {count}: {reason}")));
    lines.extend(stage.attention.iter().map(|unit| {
        format!(
            "  {} {} {}/{}, {}: {}",
            unit.date,
            unit.state,
            unit.rows,
            counted(unit.expected, "row"),
            counted(unit.attempts, "attempt"),
            unit.reason.as_deref().unwrap_or_default()
        )
    }));
    lines
}

fn check_lines(check: &CheckStatus) -> Vec<String> {
    let value = check.value.as_deref().unwrap_or("-");
    let advisory = if check.severity == Severity::Advisory {
        ", advisory"
    } else {
        ""
    };
    let mut lines = vec![format!(
        "  {:8} {}: {}{advisory}",
        Coverage::of_state(check.state, check.coverage),
        check.name,
        value_and_target(value, &check.target)
    )];
    let waiver = check
        .waiver
        .as_ref()
        .map(|waiver| format!("waived at {} by {}: {}", waiver.value, waiver.by, waiver.reason));
    let notes = Coverage::of_rest(check.state, check.coverage)
        .into_iter()
        .chain(check.note.clone())
        .chain(check.remark.clone())
        .chain(waiver);
    lines.extend(notes.map(|note| format!("           {note}")));
    lines
}
