//! The next steps: what is left to do, with the exact commands.

use std::fmt::Write;

use super::PlanStatus;
use crate::figures::counted;
use crate::ledger::{CheckState, Counts, RunState};
use crate::partition::{Partition, compact};
use crate::plan::{Plan, Severity};
use crate::runbook::{Item, ItemState};

/// Flags that make a command address the same state folder, plan and warehouse as the report.
#[derive(Debug, Clone, Default)]
pub struct CommandFlags {
    /// Each flag with its value; defaults are omitted.
    pub flags: Vec<(&'static str, String)>,
}

impl CommandFlags {
    fn command(&self, rest: &str) -> String {
        let mut command = format!("backcourt {rest}");
        for (flag, value) in &self.flags {
            // Writing to a string can't fail.
            let _ = write!(command, " {flag} {}", quoted(value));
        }
        command
    }
}

/// A value quoted for a POSIX shell, if needed.
fn quoted(value: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-:=@,+".contains(letter);
    if !value.is_empty() && value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

/// The steps left for a plan with this progress, most immediate first.
pub(super) fn next_steps(status: &PlanStatus, plan: &Plan, go: &CommandFlags) -> Vec<String> {
    let run = &status.run;
    let mut steps = Vec::new();
    if matches!(
        run.state,
        RunState::Running | RunState::Paused | RunState::Draining
    ) {
        steps.push(format!("A run is {}; leave it to its operator.", run.state));
    }
    steps.extend(for_dates(status, plan, go));
    steps.extend(for_checks(status, go));
    steps.extend(in_the_runbook(&status.runbook, go));
    if steps.is_empty() {
        steps.push("Nothing left to do.".to_owned());
    }
    steps
}

fn for_dates(status: &PlanStatus, plan: &Plan, go: &CommandFlags) -> Vec<String> {
    let mut steps = Vec::new();
    let count = |of: fn(&super::StageStatus) -> u64| status.stages.iter().map(of).sum::<u64>();
    let open = count(|stage| open_of(&stage.dates));
    if let Some(dates) = part_of(status, plan).filter(|_| ended_early(status.run.state)) {
        let command = go.command(&run_command(status, plan, &dates));
        steps.push(format!("`{command}` resumes the last run."));
    }
    if open > 0 {
        let command = go.command(&run_command(status, plan, ""));
        let stages = status.stages.iter().filter(|stage| open_of(&stage.dates) > 0);
        let (dates, stages) = (counted(open, "date"), counted(stages.count() as u64, "stage"));
        steps.push(format!(
            "`{command}` runs what is still open: {dates} in {stages}."
        ));
    }
    let outside = count(|stage| open_of(&stage.outside));
    if outside > 0 {
        steps.push(format!(
            "{} outside the plan's range still open; `run --dates …` runs them.",
            is_or_are(outside)
        ));
    }
    let stale = count(|stage| stage.dates.stale + stage.outside.stale);
    if stale > 0 {
        let command = go.command("rerun --stale");
        steps.push(format!("`{command}` refreshes {}.", counted(stale, "stale date")));
    }
    steps.extend(for_outdated(status, go));
    let attention = count(|stage| stage.attention.len() as u64);
    if attention > 0 {
        let command = go.command("rerun --failed");
        steps.push(format!("`{command}` reruns {}.", counted(attention, "date")));
    }
    steps
}

fn for_outdated(status: &PlanStatus, go: &CommandFlags) -> impl Iterator<Item = String> {
    let stages = status.stages.iter().filter(|stage| stage.dates.outdated > 0);
    stages.map(|stage| {
        let outdated = counted(stage.dates.outdated, "outdated date");
        let (rerun, accept) = (
            go.command(&format!("rerun --outdated --stage {}", stage.name)),
            go.command(&format!("accept {} --reason TEXT", stage.name)),
        );
        format!("`{rerun}` reruns {outdated}, `{accept}` accepts their rows.")
    })
}

fn for_checks(status: &PlanStatus, go: &CommandFlags) -> Vec<String> {
    let mut steps = Vec::new();
    for check in &status.checks {
        if !matches!(check.state, CheckState::Fail | CheckState::Error) {
            continue;
        }
        let name = &check.name;
        if !check.failing_dates.is_empty() {
            let command = go.command(&format!("rerun --failing {name}"));
            steps.push(format!("`{command}` reruns the failing dates of {name}."));
        }
        if check.state == CheckState::Fail && check.severity == Severity::Blocking {
            let command = go.command(&format!("waive {name} --reason TEXT"));
            steps.push(format!("`{command}` waives it."));
        }
    }
    steps
}

/// A `run` command for these dates, with the last run's source if it isn't the plan's.
fn run_command(status: &PlanStatus, plan: &Plan, dates: &str) -> String {
    let source = match &status.run.source {
        Some(source) if *source != plan.source => format!(" --source {source}"),
        _ => String::new(),
    };
    format!("run{dates}{source}")
}

/// Flags for the dates of the last run; `None` if it had all dates of the plan.
fn part_of(status: &PlanStatus, plan: &Plan) -> Option<String> {
    let dates = &status.run.dates;
    let all: Vec<Partition> = plan.range.partitions().collect();
    let (first, last) = (dates.first()?, dates.last()?);
    let is_range = compact(dates).matches(',').count() == 0;
    (*dates != all).then(|| {
        if is_range {
            format!(" --from {first} --to {last}")
        } else {
            let list: Vec<String> = dates.iter().map(ToString::to_string).collect();
            format!(" --dates {}", list.join(","))
        }
    })
}

const fn ended_early(state: RunState) -> bool {
    matches!(state, RunState::Interrupted | RunState::Stopped)
}

const fn open_of(counts: &Counts) -> u64 {
    counts.pending + counts.unknown + counts.running
}

fn is_or_are(dates: u64) -> String {
    match dates {
        1 => "1 date is".to_owned(),
        dates => format!("{dates} dates are"),
    }
}

/// Checks to run again and items to tick by hand.
fn in_the_runbook(items: &[Item], go: &CommandFlags) -> Vec<String> {
    let waiting = || {
        items
            .iter()
            .filter(|item| matches!(item.state, ItemState::ActionRequired | ItemState::Reopened))
    };
    let mut steps = Vec::new();
    for item in waiting().filter(|item| !item.checks.is_empty()) {
        let command = go.command(&format!("check {}", item.checks.join(" ")));
        steps.push(format!(
            "`{command}` runs the checks of item {} again.",
            item.item
        ));
    }
    for item in waiting().filter(|item| item.manual) {
        let command = go.command(&format!("tick {} --note TEXT", item.item));
        steps.push(format!("`{command}` ticks: {}.", item.title));
    }
    steps
}
