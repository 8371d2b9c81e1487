//! The document: what was done, what was found, what was waived, what is left and how to go on.

use std::fmt::Write;

use chrono::NaiveDate;
use serde::Serialize;

use super::{Check, Stage, Standing};
use crate::ledger::{CheckState, RunState, SetAside, UnitState};
use crate::plan::{Severity, compact_dates};
use crate::runbook::{Item, ItemState};

/// The `schema` value of the object.
const SCHEMA: &str = "backcourt.report/1";

/// Everything the document says, for programs.
#[derive(Debug, Serialize)]
pub struct Handoff {
    schema: &'static str,
    title: String,
    standing: Standing,
    /// Rows that could not be stored, with the stage they belong to.
    set_aside: Vec<(String, SetAside)>,
    /// What to do next, one sentence each.
    next: Vec<String>,
}

impl Handoff {
    /// A document about how a plan stands.
    #[must_use]
    pub fn new(title: String, standing: Standing, set_aside: Vec<(String, SetAside)>) -> Self {
        let next = next_steps(&standing);
        Self {
            schema: SCHEMA,
            title,
            standing,
            set_aside,
            next,
        }
    }
}

/// The document in Markdown.
#[must_use]
pub fn markdown(handoff: &Handoff) -> String {
    let Handoff {
        title,
        standing,
        set_aside,
        next,
        ..
    } = handoff;
    let mut page = format!("# Handoff: {title}\n\n");
    state(&mut page, standing);
    stages(&mut page, &standing.stages);
    for stage in &standing.stages {
        let checks: Vec<&Check> = standing
            .checks
            .iter()
            .filter(|check| check.stage == stage.name)
            .collect();
        check_table(&mut page, &stage.name, &checks);
    }
    attention(&mut page, &standing.stages);
    rows_set_aside(&mut page, set_aside);
    runbook(&mut page, &standing.runbook);
    page.push_str("## How to go on\n\n");
    for step in next {
        line(&mut page, format_args!("- {step}"));
    }
    page
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a text cannot fail.
    let _ = writeln!(page, "{text}");
}

fn state(page: &mut String, standing: &Standing) {
    let run = &standing.run;
    line(
        page,
        format_args!("- Run: {} ({}), process {}", run.id, run.state, run.pid),
    );
    line(page, format_args!("- Plan {} on {}", run.plan, run.warehouse));
    line(
        page,
        format_args!("- Source {}, {} workers at the start", run.source, run.workers),
    );
    line(page, format_args!("- Started {}", run.started_at));
    if let Some(ending) = &run.ending {
        line(page, format_args!("- Ended: {ending}"));
    }
    page.push('\n');
}

fn stages(page: &mut String, stages: &[Stage]) {
    page.push_str("## Stages\n\n| stage | table | dates | rows | seconds |\n|---|---|---|---|---|\n");
    for stage in stages {
        let counts: Vec<String> = UnitState::ALL
            .into_iter()
            .filter(|state| stage.dates.of(*state) > 0)
            .map(|state| format!("{} {state}", stage.dates.of(state)))
            .collect();
        line(
            page,
            format_args!(
                "| {} | {} | {}: {} | {} | {:.1} |",
                stage.name,
                stage
                    .table
                    .as_ref()
                    .map_or_else(|| "none".to_owned(), |table| format!("`{table}`")),
                stage.dates.total,
                counts.join(", "),
                stage.rows,
                stage.seconds
            ),
        );
    }
    page.push('\n');
    for stage in stages {
        for (reason, count) in &stage.skipped_reasons {
            line(page, format_args!("- {}: {count} skipped, {reason}", stage.name));
        }
    }
    page.push('\n');
}

fn check_table(page: &mut String, stage: &str, checks: &[&Check]) {
    if checks.is_empty() {
        return;
    }
    line(page, format_args!("## Checks of {stage}\n"));
    page.push_str("| state | check | value | target | before | severity |\n|---|---|---|---|---|---|\n");
    for check in checks {
        let severity = if check.severity == Severity::Blocking {
            "blocking"
        } else {
            "advisory"
        };
        line(
            page,
            format_args!(
                "| {} | {} | {} | {} | {} | {severity} |",
                check.state,
                check.name,
                cell(check.value.as_deref()),
                cell(Some(&check.target)),
                cell(check.before.as_deref())
            ),
        );
    }
    page.push('\n');
    for check in checks {
        if let Some(waiver) = &check.waiver {
            let counts = if check.state == CheckState::Waived {
                ""
            } else {
                " (it no longer counts)"
            };
            line(
                page,
                format_args!(
                    "- {} was waived at {} by {} on {}{counts}: {}",
                    check.name,
                    waiver.value,
                    waiver.by,
                    waiver.at.format("%Y-%m-%d %H:%M UTC"),
                    waiver.reason
                ),
            );
        }
        if !check.offending.is_empty() {
            line(
                page,
                format_args!("- {} offends on {}", check.name, compact_dates(&check.offending)),
            );
        }
    }
    page.push('\n');
}

/// A value as it may stand in a table.
fn cell(text: Option<&str>) -> String {
    text.unwrap_or("-").replace('|', "\\|")
}

fn attention(page: &mut String, stages: &[Stage]) {
    if stages.iter().all(|stage| stage.attention.is_empty()) {
        return;
    }
    page.push_str("## Dates that need attention\n\n");
    for stage in stages {
        for unit in &stage.attention {
            line(
                page,
                format_args!(
                    "- {} {} {}: {} of {} rows, {} attempts: {}",
                    stage.name,
                    unit.date,
                    unit.state,
                    unit.rows,
                    unit.expected,
                    unit.attempts,
                    unit.reason.as_deref().unwrap_or("no reason recorded")
                ),
            );
        }
    }
    page.push('\n');
}

fn rows_set_aside(page: &mut String, rows: &[(String, SetAside)]) {
    if rows.is_empty() {
        return;
    }
    page.push_str("## Rows set aside\n\n");
    for (stage, row) in rows {
        line(
            page,
            format_args!("- {stage} {}: {} (`{}`)", row.date, row.reason, row.row),
        );
    }
    page.push('\n');
}

fn runbook(page: &mut String, items: &[Item]) {
    if items.is_empty() {
        return;
    }
    let done = items.iter().filter(|item| item.state == ItemState::Done).count();
    line(page, format_args!("## Runbook: {done} of {} done\n", items.len()));
    page.push_str("| item | state | what is to be done | fact or note | recorded |\n|---|---|---|---|---|\n");
    for item in items {
        let mut recorded = item.at.map_or_else(
            || "-".to_owned(),
            |at| at.format("%Y-%m-%d %H:%M UTC").to_string(),
        );
        if let Some(by) = &item.by {
            let _ = write!(recorded, ", {}", cell(Some(by)));
        }
        line(
            page,
            format_args!(
                "| {} | {} | {} | {} | {recorded} |",
                item.item,
                item.state,
                cell(Some(&item.title)),
                cell(Some(&item.fact))
            ),
        );
    }
    page.push('\n');
    for (item, remark) in items
        .iter()
        .filter_map(|item| Some((&item.item, item.remark.as_ref()?)))
    {
        line(page, format_args!("- Item {item}: {remark}"));
    }
    page.push('\n');
}

fn next_steps(standing: &Standing) -> Vec<String> {
    let open: u64 = standing
        .stages
        .iter()
        .map(|stage| stage.dates.pending + stage.dates.unknown)
        .sum();
    let stale: u64 = standing.stages.iter().map(|stage| stage.dates.stale).sum();
    let attention: Vec<NaiveDate> = standing
        .stages
        .iter()
        .flat_map(|stage| &stage.attention)
        .map(|unit| unit.date)
        .collect();
    let failing: Vec<&str> = standing
        .checks
        .iter()
        .filter(|check| matches!(check.state, CheckState::Fail | CheckState::Error))
        .map(|check| check.name.as_str())
        .collect();
    let mut steps = Vec::new();
    match standing.run.state {
        RunState::Running | RunState::Paused | RunState::Draining => {
            steps.push(format!(
                "A run is {}; leave it to its operator.",
                standing.run.state
            ));
        }
        RunState::Finished | RunState::Stopped | RunState::Interrupted => {}
    }
    if open + stale > 0 {
        steps.push(format!(
            "`backcourt run` does the {} dates that are still open.",
            open + stale
        ));
    }
    if !attention.is_empty() {
        steps.push(format!(
            "`backcourt rerun --failed` does {} dates again.",
            attention.len()
        ));
    }
    for check in failing {
        steps.push(format!(
            "`backcourt rerun --offending {check}` does the dates again that {check} names."
        ));
    }
    if steps.is_empty() {
        steps.push("Nothing is left to do.".to_owned());
    }
    steps
}
