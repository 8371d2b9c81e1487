//! The handoff report as Markdown.

use std::fmt::Write;

use chrono::{DateTime, Utc};

use super::handoff::dates_per_hour;
use super::{Cause, CheckStatus, Handoff, PastRun, PlanStatus, Quarantine, StageStatus, StageThroughput};
use crate::figures::{count, counted};
use crate::ledger::{Acceptance, CheckState, Counts, Coverage, MadeBy, UnitState, Waiver};
use crate::plan::{Severity, compact_dates, source_clause, value_and_target};
use crate::runbook::{Item, ItemState};
use crate::warehouse::Cost;

/// Maximum rows shown per kind; the JSON format has all of them.
const ROWS_SHOWN: usize = 3;

/// Maximum earlier values shown per check.
const VALUES_SHOWN: usize = 6;

macro_rules! line {
    ($page:expr, $($text:tt)*) => {{
        // Writing to a string can't fail.
        let _ = writeln!($page, $($text)*);
    }};
}

/// The handoff report as Markdown.
#[must_use]
pub fn markdown(handoff: &Handoff) -> String {
    let mut page = format!("# Handoff: {}\n\n", handoff.title);
    let status = &handoff.status;
    state(&mut page, status);
    page.push_str("## Next steps\n\n");
    for step in &handoff.next {
        line!(page, "- {step}");
    }
    page.push('\n');
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
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

/// A text escaped for a table cell; `-` if there is none.
fn cell(text: Option<&str>) -> String {
    text.unwrap_or("-").replace('|', "\\|").replace(['\n', '\r'], " ")
}

fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

fn state(page: &mut String, status: &PlanStatus) {
    let run = &status.run;
    line!(page, "- Run: {} ({}), process {}", run.id, run.state, run.pid);
    line!(page, "- Plan {} on {}", run.plan, run.warehouse);
    let workers = counted(run.workers, "worker");
    line!(
        page,
        "- {workers} at the start{}",
        source_clause(run.source.as_deref())
    );
    line!(page, "- Started {}", run.started_at);
    if let Some(ending) = &run.ending {
        line!(page, "- Ended: {ending}");
    }
    page.push('\n');
}

fn stages(page: &mut String, stages: &[StageStatus]) {
    page.push_str("## Stages\n\n| stage | table | dates | rows | seconds |\n|---|---|---|---|---|\n");
    for stage in stages {
        let outside = match stage.outside.total {
            0 => String::new(),
            _ => format!("; outside the plan {}", by_state(&stage.outside)),
        };
        line!(
            page,
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
        );
    }
    page.push('\n');
    let skipped = || stages.iter().filter(|stage| !stage.skipped_reasons.is_empty());
    for stage in skipped() {
        for (reason, count) in &stage.skipped_reasons {
            line!(page, "- {}: {count} skipped, {reason}", stage.name);
        }
    }
    if skipped().next().is_some() {
        page.push('\n');
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
fn costs(page: &mut String, status: &PlanStatus) {
    let Some(total) = status.cost else { return };
    page.push_str(
        "## Cost\n\nBilled by the warehouse, all runs together.\n\n| for | billed | by its checks | slot time | jobs \
         |\n|---|---|---|---|---|\n",
    );
    let mut row = |what: &str, cost: Option<Cost>, checks: Option<Cost>| {
        let Some(cost) = cost else { return };
        let checks = checks.map_or_else(|| "-".to_owned(), |checks| checks.bytes());
        let (bytes, slot_time) = (cost.bytes(), cost.slot_time());
        line!(
            page,
            "| {what} | {bytes} | {checks} | {slot_time} | {} |",
            cost.jobs
        );
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
        line!(
            page,
            "\n{uncounted} of the jobs not counted; the real cost is higher."
        );
    }
    page.push('\n');
}

/// Dates and rate of each run in each stage.
fn work(page: &mut String, work: &[StageThroughput]) {
    if work.iter().all(|work| work.work.runs.is_empty()) {
        return;
    }
    page.push_str(
        "## Work\n\nCounts only dates with games whose newest result is from the run; off-days take no time.\n\n| \
         stage | run | dates | seconds | dates an hour |\n|---|---|---|---|---|\n",
    );
    for each in work {
        for run in &each.work.runs {
            let rate = dates_per_hour(run.dates, run.seconds);
            line!(
                page,
                "| {} | {} | {} | {:.1} | {} |",
                each.stage,
                run.run,
                run.dates,
                run.seconds,
                rate.map_or_else(|| "-".to_owned(), |rate| rate.to_string())
            );
        }
    }
    page.push('\n');
    for each in work {
        let work = &each.work;
        if let (Some(first), Some(last)) = (work.first, work.last) {
            let again = match work.rerun_dates {
                0 => String::new(),
                again => format!("; {again} of them run more than once"),
            };
            line!(page, "- {}: results from {first} to {last}{again}", each.stage);
        }
        for failed in &work.failed_attempts {
            line!(
                page,
                "- {}: {} on {} ({}), the last: {}",
                each.stage,
                counted(failed.attempts, "failed attempt"),
                counted(failed.dates, "date"),
                failed.class,
                failed.message
            );
        }
    }
    page.push('\n');
}

fn checks(page: &mut String, status: &PlanStatus) {
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

fn check_table(page: &mut String, stage: &str, checks: &[&CheckStatus]) {
    line!(page, "## Checks of {stage}\n");
    page.push_str(
        "| state | check | target | before | first | after | severity |\n|---|---|---|---|---|---|---|\n",
    );
    for check in checks {
        let severity = match check.severity {
            Severity::Blocking => "blocking",
            Severity::Advisory => "advisory",
        };
        let first = check.history.first().and_then(|answer| answer.value.as_deref());
        line!(
            page,
            "| {} | {} | {} | {} | {} | {} | {severity} |",
            Coverage::of_state(check.state, check.coverage),
            check.name,
            cell(Some(&check.target)),
            cell(check.before.as_deref()),
            cell(first),
            cell(check.value.as_deref())
        );
    }
    page.push('\n');
    let mut said = false;
    for check in checks {
        said |= about_check(page, check);
    }
    if said {
        page.push('\n');
    }
}

/// Notes on a check that don't fit in its table row; returns whether there were any.
fn about_check(page: &mut String, check: &CheckStatus) -> bool {
    let mut said = false;
    let mut values: Vec<String> = check
        .history
        .iter()
        .map(|answer| format!("{} {}", answer.state, answer.value.as_deref().unwrap_or("-")))
        .collect();
    values.dedup();
    if values.len() > 1 {
        let left_out = values.len().saturating_sub(VALUES_SHOWN);
        let dots = if left_out > 0 { "… " } else { "" };
        line!(
            page,
            "- {} was {dots}{}",
            check.name,
            values[left_out..].join(", then ")
        );
        said = true;
    }
    for note in Coverage::of_rest(check.state, check.coverage)
        .iter()
        .chain(&check.note)
    {
        line!(page, "- {}: {note}", check.name);
        said = true;
    }
    if !check.failing_dates.is_empty() {
        line!(
            page,
            "- {} fails on {}: {}",
            check.name,
            counted(check.failing_dates.len(), "date"),
            compact_dates(&check.failing_dates)
        );
        said = true;
    }
    said
}

/// All waivers, including those that are no longer valid.
fn waivers(page: &mut String, waivers: &[Waiver], checks: &[CheckStatus]) {
    if waivers.is_empty() {
        return;
    }
    page.push_str("## Waivers\n\n");
    for waiver in waivers {
        let counts = checks
            .iter()
            .any(|check| check.state == CheckState::Waived && check.waiver.as_ref() == Some(waiver));
        let counts = if counts { "" } else { " (no longer valid)" };
        line!(
            page,
            "- {} was waived at {} by {} on {}{counts}: {}",
            waiver.check,
            value_and_target(&waiver.value, &waiver.target),
            waiver.by,
            moment(waiver.at),
            waiver.reason
        );
    }
    page.push('\n');
}

/// Dates computed by other definitions than the plan's, and the acceptances of such rows.
fn definitions(page: &mut String, stages: &[StageStatus], acceptances: &[Acceptance]) {
    let told: Vec<(&str, String)> = stages
        .iter()
        .filter_map(|stage| Some((stage.name.as_str(), MadeBy::summary(&stage.definitions)?)))
        .collect();
    if told.is_empty() && acceptances.is_empty() {
        return;
    }
    page.push_str("## Definitions\n\n");
    for (stage, told) in told {
        line!(page, "- {stage}: {told}");
    }
    for acceptance in acceptances {
        line!(
            page,
            "- {}: rows of {} by definition {} were accepted for definition {} by {} on {}: {}",
            acceptance.stage,
            counted(acceptance.dates, "date"),
            acceptance.accepted.short(),
            acceptance.equals.short(),
            acceptance.by,
            moment(acceptance.at),
            acceptance.reason
        );
    }
    page.push('\n');
}

fn attention(page: &mut String, causes: &[Cause]) {
    if causes.is_empty() {
        return;
    }
    page.push_str("## Dates that need attention\n\n");
    for cause in causes {
        line!(
            page,
            "- {}: {} {}, {} of {}, {}: {}\n  {}",
            cause.stage,
            counted(cause.dates.len(), "date"),
            cause.state,
            count(cause.rows),
            counted(cause.expected, "row"),
            counted(cause.attempts, "attempt"),
            cause.reason,
            compact_dates(&cause.dates)
        );
    }
    page.push('\n');
}

fn set_aside(page: &mut String, kinds: &[Quarantine]) {
    if kinds.is_empty() {
        return;
    }
    page.push_str("## Quarantined rows\n\n");
    for kind in kinds {
        line!(
            page,
            "- {}: {} on {}: {}{}",
            kind.stage,
            counted(kind.rows.len(), "row"),
            compact_dates(&kind.dates),
            kind.kind.map(|kind| format!("{kind}: ")).unwrap_or_default(),
            kind.reason
        );
        for row in kind.rows.iter().take(ROWS_SHOWN) {
            line!(page, "  - {}: `{}`", row.date, row.row);
        }
        let more = kind.rows.len().saturating_sub(ROWS_SHOWN);
        if more > 0 {
            line!(page, "  - and {more} more; `--format json` lists all");
        }
    }
    page.push('\n');
}

/// Missing values in the stored rows.
fn gaps(page: &mut String, stages: &[StageStatus]) {
    if stages.iter().all(|stage| stage.gaps.is_empty()) {
        return;
    }
    page.push_str(
        "## NULLs and data issues\n\nColumns without a value, and issues named in rows. A gap is not a failure; the \
         checks decide.\n\n| stage | gap | rows | of | dates |\n|---|---|---|---|---|\n",
    );
    for stage in stages {
        for gap in &stage.gaps {
            line!(
                page,
                "| {} | {} | {} | {} | {} |",
                stage.name,
                cell(Some(&gap.what)),
                gap.rows,
                stage.rows,
                gap.dates
            );
        }
    }
    page.push('\n');
}

fn runbook(page: &mut String, items: &[Item]) {
    if items.is_empty() {
        return;
    }
    let done = items.iter().filter(|item| item.state == ItemState::Done).count();
    line!(page, "## Runbook: {done} of {} done\n", items.len());
    page.push_str("| item | state | task | fact or note | recorded |\n|---|---|---|---|---|\n");
    for item in items {
        let mut recorded = item.at.map_or_else(|| "-".to_owned(), moment);
        if let Some(by) = &item.by {
            let _ = write!(recorded, ", {}", cell(Some(by)));
        }
        line!(
            page,
            "| {} | {} | {} | {} | {recorded} |",
            item.item,
            item.state,
            cell(Some(&item.title)),
            cell(Some(&item.fact))
        );
    }
    page.push('\n');
    let remarks = || {
        items
            .iter()
            .filter_map(|item| Some((&item.item, item.remark.as_ref()?)))
    };
    for (item, remark) in remarks() {
        line!(page, "- Item {item}: {remark}");
    }
    if remarks().next().is_some() {
        page.push('\n');
    }
}

fn runs(page: &mut String, runs: &[PastRun]) {
    if runs.is_empty() {
        return;
    }
    let has_source = runs.iter().any(|run| run.source.is_some());
    let if_chosen = |cells: String| if has_source { cells } else { String::new() };
    let (heading, rule) = (if_chosen(" source |".to_owned()), if_chosen("---|".to_owned()));
    line!(
        page,
        "## Runs\n\n| run | state | started | ended | dates |{heading} workers | how it ended |\n\
             |---|---|---|---|---|{rule}---|---|"
    );
    for run in runs {
        let about = match (run.from, run.to) {
            (Some(from), Some(to)) => format!("{}, {from} to {to}", run.dates),
            _ => "-".to_owned(),
        };
        let source = if_chosen(format!(" {} |", cell(run.source.as_deref())));
        line!(
            page,
            "| {} | {} | {} | {} | {about} |{source} {} | {} |",
            run.id,
            run.state,
            moment(run.started_at),
            run.ended_at.map_or_else(|| "-".to_owned(), moment),
            run.workers,
            cell(run.ending.as_deref())
        );
    }
    page.push('\n');
}
