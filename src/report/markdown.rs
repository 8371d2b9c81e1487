//! The handoff report as Markdown.

use std::fmt::Write;

use chrono::{DateTime, Utc};

use super::handoff::dates_per_hour;
use super::{Cause, CheckStatus, Handoff, PastRun, PlanStatus, Quarantine, StageStatus, StageThroughput};
use crate::escape::EscapedText;
use crate::figures::{count, counted};
use crate::ledger::{Acceptance, CheckState, Counts, Coverage, MadeBy, UnitState, Waiver};
use crate::partition::compact;
use crate::plan::{Severity, source_clause, value_and_target};
use crate::runbook::{Item, ItemState};
use crate::warehouse::Cost;

/// Maximum rows shown per kind; the JSON format has all of them.
const ROWS_SHOWN: usize = 3;

/// Maximum earlier values shown per check.
const VALUES_SHOWN: usize = 6;

/// The handoff report as Markdown.
#[must_use]
pub fn markdown(handoff: &Handoff) -> EscapedText {
    let mut page = EscapedText::of(format_args!("# Handoff: {}", handoff.title));
    page.line("");
    let status = &handoff.status;
    state(&mut page, status);
    page.fixed("## Next steps\n\n");
    for step in &handoff.next {
        page.line(format_args!("- {step}"));
    }
    page.line("");
    stages(&mut page, &status.stages);
    costs(&mut page, status);
    work(&mut page, &handoff.work);
    checks(&mut page, status);
    waivers(&mut page, &handoff.waivers, &status.checks);
    definitions(&mut page, &status.stages, &handoff.acceptances);
    attention(&mut page, &handoff.causes);
    set_aside(&mut page, &handoff.quarantined);
    gaps(&mut page, &status.stages);
    runbook(&mut page, &status.runbook);
    runs(&mut page, &handoff.runs);
    page.trim_end();
    page
}

/// A text escaped for a table cell; `-` if there is none.
fn cell(text: Option<&str>) -> String {
    text.unwrap_or("-").replace('|', "\\|")
}

fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

fn state(page: &mut EscapedText, status: &PlanStatus) {
    let run = &status.run;
    page.line(format_args!(
        "- Run: {} ({}), process {}",
        run.id, run.state, run.pid
    ));
    page.line(format_args!("- Plan {} on {}", run.plan, run.warehouse));
    let workers = counted(run.workers, "worker");
    page.line(format_args!(
        "- {workers} at the start{}",
        source_clause(run.source.as_deref())
    ));
    page.line(format_args!("- Started {}", run.started_at));
    if let Some(ending) = &run.ending {
        let label = if run.state.has_ended() { "Ended" } else { "So far" };
        page.line(format_args!("- {label}: {ending}"));
    }
    page.line("");
}

fn stages(page: &mut EscapedText, stages: &[StageStatus]) {
    page.fixed("## Stages\n\n| stage | table | dates | rows | seconds |\n|---|---|---|---|---|\n");
    for stage in stages {
        let outside = match stage.outside.total {
            0 => String::new(),
            _ => format!("; outside the plan {}", by_state(&stage.outside)),
        };
        page.line(format_args!(
            "| {} | {} | {}: {}{outside} | {} | {:.1} |",
            stage.name,
            stage
                .table
                .as_ref()
                .map_or_else(|| "none".to_owned(), |table| format!("`{table}`")),
            stage.dates.total,
            by_state(&stage.dates),
            stage.rows,
            stage.seconds
        ));
    }
    page.line("");
    let skipped = || stages.iter().filter(|stage| !stage.skipped_reasons.is_empty());
    for stage in skipped() {
        for (reason, count) in &stage.skipped_reasons {
            page.line(format_args!("- {}: {count} skipped, {reason}", stage.name));
        }
    }
    if skipped().next().is_some() {
        page.line("");
    }
}

/// Dates by state: `16 ok, 1 failed`.
#[must_use]
pub fn by_state(counts: &Counts) -> String {
    let counts: Vec<String> = UnitState::ALL
        .into_iter()
        .filter(|state| counts.of(*state) > 0)
        .map(|state| format!("{} {state}", counts.of(state)))
        .collect();
    counts.join(", ")
}

/// Billed cost by stage, then for work outside stages; nothing if the warehouse doesn't bill.
fn costs(page: &mut EscapedText, status: &PlanStatus) {
    let Some(total) = status.cost else { return };
    page.fixed(
        "## Cost\n\nBilled by the warehouse, all runs together.\n\n| for | billed | by its checks | slot time | jobs \
         |\n|---|---|---|---|---|\n",
    );
    let mut row = |what: &str, cost: Option<Cost>, checks: Option<Cost>| {
        let Some(cost) = cost else { return };
        let checks = checks.map_or_else(|| "-".to_owned(), |checks| checks.bytes());
        let (bytes, slot_time) = (cost.bytes(), cost.slot_time());
        page.line(format_args!(
            "| {what} | {bytes} | {checks} | {slot_time} | {} |",
            cost.jobs
        ));
    };
    let sum = |costs: Vec<Cost>| (!costs.is_empty()).then(|| costs.into_iter().sum());
    for stage in &status.stages {
        let checks = status.checks.iter().filter(|check| check.stage == stage.name);
        row(
            &stage.name,
            stage.cost,
            sum(checks.filter_map(|check| check.cost).collect()),
        );
    }
    let sources = sum(status.sources.iter().filter_map(|check| check.cost).collect());
    row("raw-data checks", sources, sources);
    row("loading and samples", status.cost_other, None);
    row("total", status.cost, None);
    if total.uncounted > 0 {
        let uncounted = total.uncounted;
        page.line("");
        page.line(format_args!(
            "{uncounted} of the jobs not counted; the real cost is higher."
        ));
    }
    page.line("");
}

/// Dates and rate of each run in each stage.
fn work(page: &mut EscapedText, work: &[StageThroughput]) {
    if work.iter().all(|work| work.work.runs.is_empty()) {
        return;
    }
    page.fixed(
        "## Work\n\nCounts only dates with work whose newest result is from the run; skipped dates take no time.\n\n| \
         stage | run | dates | seconds | dates an hour |\n|---|---|---|---|---|\n",
    );
    for each in work {
        for run in &each.work.runs {
            let rate = dates_per_hour(run.dates, run.seconds);
            page.line(format_args!(
                "| {} | {} | {} | {:.1} | {} |",
                each.stage,
                run.run,
                run.dates,
                run.seconds,
                rate.map_or_else(|| "-".to_owned(), |rate| rate.to_string())
            ));
        }
    }
    page.line("");
    results(page, work);
    page.line("");
}

/// Where the results of each stage come from, and its failed attempts.
fn results(page: &mut EscapedText, work: &[StageThroughput]) {
    for each in work {
        let work = &each.work;
        if let (Some(first), Some(last)) = (work.first, work.last) {
            let again = match work.rerun_dates {
                0 => String::new(),
                again => format!("; {again} of them run more than once"),
            };
            page.line(format_args!(
                "- {}: results from {first} to {last}{again}",
                each.stage
            ));
        }
        for failed in &work.failed_attempts {
            page.line(format_args!(
                "- {}: {} on {} ({}), the last: {}",
                each.stage,
                counted(failed.attempts, "failed attempt"),
                counted(failed.dates, "date"),
                failed.class,
                failed.message
            ));
        }
    }
}

fn checks(page: &mut EscapedText, status: &PlanStatus) {
    for stage in &status.stages {
        let checks: Vec<&CheckStatus> = status
            .checks
            .iter()
            .filter(|check| check.stage == stage.name)
            .collect();
        if !checks.is_empty() {
            check_table(page, &stage.name, &checks);
        }
    }
    let sources: Vec<&CheckStatus> = status.sources.iter().collect();
    if !sources.is_empty() {
        check_table(page, "the raw tables", &sources);
    }
}

fn check_table(page: &mut EscapedText, stage: &str, checks: &[&CheckStatus]) {
    page.line(format_args!("## Checks of {stage}"));
    page.line("");
    page.fixed(
        "| state | check | target | before | first | after | severity |\n|---|---|---|---|---|---|---|\n",
    );
    for check in checks {
        let severity = match check.severity {
            Severity::Blocking => "blocking",
            Severity::Advisory => "advisory",
        };
        let first = check.history.first().and_then(|answer| answer.value.as_deref());
        page.line(format_args!(
            "| {} | {} | {} | {} | {} | {} | {severity} |",
            Coverage::of_state(check.state, check.coverage),
            check.name,
            cell(Some(&check.target)),
            cell(check.before.as_deref()),
            cell(first),
            cell(check.value.as_deref()),
        ));
    }
    page.line("");
    let mut has_any = false;
    for check in checks {
        has_any |= about_check(page, check);
    }
    if has_any {
        page.line("");
    }
}

/// Notes on a check that don't fit in its table row; returns whether there were any.
fn about_check(page: &mut EscapedText, check: &CheckStatus) -> bool {
    let mut has_any = false;
    let mut values: Vec<String> = check
        .history
        .iter()
        .map(|answer| format!("{} {}", answer.state, answer.value.as_deref().unwrap_or("-")))
        .collect();
    values.dedup();
    if values.len() > 1 {
        let left_out = values.len().saturating_sub(VALUES_SHOWN);
        let dots = if left_out > 0 { "… " } else { "" };
        page.line(format_args!(
            "- {} was {dots}{}",
            check.name,
            values[left_out..].join(", then ")
        ));
        has_any = true;
    }
    for note in Coverage::of_rest(check.state, check.coverage)
        .iter()
        .chain(&check.note)
    {
        page.line(format_args!("- {}: {note}", check.name));
        has_any = true;
    }
    if !check.failing_dates.is_empty() {
        page.line(format_args!(
            "- {} fails on {}: {}",
            check.name,
            counted(check.failing_dates.len(), "date"),
            compact(&check.failing_dates)
        ));
        has_any = true;
    }
    has_any
}

/// All waivers, including those that are no longer valid.
fn waivers(page: &mut EscapedText, waivers: &[Waiver], checks: &[CheckStatus]) {
    if waivers.is_empty() {
        return;
    }
    page.fixed("## Waivers\n\n");
    for waiver in waivers {
        let counts = checks
            .iter()
            .any(|check| check.state == CheckState::Waived && check.waiver.as_ref() == Some(waiver));
        let counts = if counts { "" } else { " (no longer valid)" };
        page.line(format_args!(
            "- {} was waived at {} by {} on {}{counts}: {}",
            waiver.check,
            value_and_target(&waiver.value, &waiver.target),
            waiver.by,
            moment(waiver.at),
            waiver.reason
        ));
    }
    page.line("");
}

/// Dates computed by other definitions than the plan's, and the acceptances of such rows.
fn definitions(page: &mut EscapedText, stages: &[StageStatus], acceptances: &[Acceptance]) {
    let texts: Vec<(&str, String)> = stages
        .iter()
        .filter_map(|stage| Some((stage.name.as_str(), MadeBy::summary(&stage.definitions)?)))
        .collect();
    if texts.is_empty() && acceptances.is_empty() {
        return;
    }
    page.fixed("## Definitions\n\n");
    for (stage, texts) in texts {
        page.line(format_args!("- {stage}: {texts}"));
    }
    for acceptance in acceptances {
        page.line(format_args!(
            "- {}: rows of {} by definition {} were accepted for definition {} by {} on {}: {}",
            acceptance.stage,
            counted(acceptance.dates, "date"),
            acceptance.accepted.short(),
            acceptance.equals.short(),
            acceptance.by,
            moment(acceptance.at),
            acceptance.reason
        ));
    }
    page.line("");
}

fn attention(page: &mut EscapedText, causes: &[Cause]) {
    if causes.is_empty() {
        return;
    }
    page.fixed("## Dates that need attention\n\n");
    for cause in causes {
        page.line(format_args!(
            "- {}: {} {}, {} of {}, {}: {}",
            cause.stage,
            counted(cause.dates.len(), "date"),
            cause.state,
            count(cause.rows),
            counted(cause.expected, "row"),
            counted(cause.attempts, "attempt"),
            cause.reason
        ));
        page.line(format_args!("  {}", compact(&cause.dates)));
    }
    page.line("");
}

fn set_aside(page: &mut EscapedText, kinds: &[Quarantine]) {
    if kinds.is_empty() {
        return;
    }
    page.fixed("## Quarantined rows\n\n");
    for kind in kinds {
        page.line(format_args!(
            "- {}: {} on {}: {}{}",
            kind.stage,
            counted(kind.rows.len(), "row"),
            compact(&kind.dates),
            kind.kind.map(|kind| format!("{kind}: ")).unwrap_or_default(),
            kind.reason
        ));
        for row in kind.rows.iter().take(ROWS_SHOWN) {
            page.line(format_args!("  - {}: `{}`", row.date, row.row));
        }
        let more = kind.rows.len().saturating_sub(ROWS_SHOWN);
        if more > 0 {
            page.line(format_args!("  - and {more} more; `--format json` lists all"));
        }
    }
    page.line("");
}

/// Missing values in the stored rows.
fn gaps(page: &mut EscapedText, stages: &[StageStatus]) {
    if stages.iter().all(|stage| stage.gaps.is_empty()) {
        return;
    }
    page.fixed(
        "## NULLs and data issues\n\nColumns without a value, and issues named in rows. A gap is not a failure; the \
         checks decide.\n\n| stage | gap | rows | of | dates |\n|---|---|---|---|---|\n",
    );
    for stage in stages {
        for gap in &stage.gaps {
            page.line(format_args!(
                "| {} | {} | {} | {} | {} |",
                stage.name,
                cell(Some(&gap.what)),
                gap.rows,
                stage.rows,
                gap.dates
            ));
        }
    }
    page.line("");
}

fn runbook(page: &mut EscapedText, items: &[Item]) {
    if items.is_empty() {
        return;
    }
    let done = items.iter().filter(|item| item.state == ItemState::Done).count();
    page.line(format_args!("## Runbook: {done} of {} done", items.len()));
    page.line("");
    page.fixed("| item | state | task | fact or note | recorded |\n|---|---|---|---|---|\n");
    for item in items {
        let mut recorded = item.at.map_or_else(|| "-".to_owned(), moment);
        if let Some(by) = &item.by {
            let _ = write!(recorded, ", {}", cell(Some(by)));
        }
        page.line(format_args!(
            "| {} | {} | {} | {} | {recorded} |",
            item.item,
            item.state,
            cell(Some(&item.title)),
            cell(Some(&item.fact))
        ));
    }
    page.line("");
    let remarks = || {
        items
            .iter()
            .filter_map(|item| Some((&item.item, item.remark.as_ref()?)))
    };
    for (item, remark) in remarks() {
        page.line(format_args!("- Item {item}: {remark}"));
    }
    if remarks().next().is_some() {
        page.line("");
    }
}

fn runs(page: &mut EscapedText, runs: &[PastRun]) {
    if runs.is_empty() {
        return;
    }
    let has_source = runs.iter().any(|run| run.source.is_some());
    let if_chosen = |cells: String| if has_source { cells } else { String::new() };
    let (heading, rule) = (if_chosen(" source |".to_owned()), if_chosen("---|".to_owned()));
    page.fixed("## Runs\n\n");
    page.line(format_args!(
        "| run | state | started | ended | dates |{heading} workers | how it ended |"
    ));
    page.line(format_args!("|---|---|---|---|---|{rule}---|---|"));
    for run in runs {
        let about = match (run.from, run.to) {
            (Some(from), Some(to)) => format!("{}, {from} to {to}", run.dates),
            _ => "-".to_owned(),
        };
        let source = if_chosen(format!(" {} |", cell(run.source.as_deref())));
        page.line(format_args!(
            "| {} | {} | {} | {} | {about} |{source} {} | {} |",
            run.id,
            run.state,
            moment(run.started_at),
            run.ended_at.map_or_else(|| "-".to_owned(), moment),
            run.workers,
            cell(run.ending.as_deref())
        ));
    }
    page.line("");
}
