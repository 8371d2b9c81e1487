//! `backcourt status`: how a run stands, live or ended, from its ledger alone.

use std::collections::{BTreeMap, HashSet};
use std::io::Write;

use chrono::NaiveDate;
use clap::Args;
use serde::Serialize;

use crate::engine::Counts;
use crate::ledger::{
    CheckState, Ledger, LedgerError, RunLock, RunRecord, RunState, Target, UnitState, Waiver,
};
use crate::plan::{Plan, Severity, load};

use super::error::CliError;
use super::run::cannot_print;
use super::{Place, StateDir};

/// The `schema` value of the object.
const SCHEMA: &str = "backcourt.status/1";

/// Flags of `status`.
#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    place: Place,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Status {
    schema: &'static str,
    run: Run,
    stages: Vec<Stage>,
    checks: Vec<Check>,
}

#[derive(Debug, Serialize)]
struct Run {
    id: String,
    state: RunState,
    pid: u32,
    plan: String,
    warehouse: String,
    source: String,
    started_at: String,
    ending: Option<String>,
}

#[derive(Debug, Serialize)]
struct Stage {
    name: String,
    table: String,
    dates: Counts,
    rows: u64,
    seconds: f64,
    /// Why dates were skipped, and how many for each reason.
    skipped_reasons: BTreeMap<String, u64>,
    /// Dates that need attention, with the reason.
    attention: Vec<Attention>,
}

#[derive(Debug, Serialize)]
struct Attention {
    date: NaiveDate,
    state: UnitState,
    rows: u32,
    expected: u32,
    attempts: u32,
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct Check {
    name: String,
    stage: String,
    severity: Severity,
    state: CheckState,
    value: Option<String>,
    target: String,
    before: Option<String>,
    offending: Vec<NaiveDate>,
    waiver: Option<Waiver>,
}

pub(super) fn status(arguments: &StatusArgs) -> Result<u8, CliError> {
    let plan = load(&arguments.place.plan)?;
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let never = || {
        CliError::Usage(format!(
            "plan {} was never run in {}; start it with 'backcourt run'",
            plan.name,
            folder.path().display()
        ))
    };
    let ledger = Ledger::open_to_read(&folder.ledger())?.ok_or_else(never)?;
    let run = ledger.last_run(&plan.name)?.ok_or_else(never)?;
    let is_alive = RunLock::holder(folder.path()).is_some_and(|holder| holder.pid == run.pid);
    let status = gather(&ledger, &plan, run, is_alive)?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        serde_json::to_writer(&mut out, &status).map_err(|error| cannot_print(error.into()))?;
        writeln!(out).map_err(cannot_print)?;
    } else {
        write!(out, "{}", status.text()).map_err(cannot_print)?;
    }
    Ok(0)
}

fn gather(ledger: &Ledger, plan: &Plan, run: RunRecord, is_alive: bool) -> Result<Status, CliError> {
    let target = ledger.known_target(&run.plan, &run.warehouse)?;
    let stages = match target {
        Some(target) => plan
            .stages
            .iter()
            .map(|stage| gather_stage(ledger, target, &stage.name, &stage.table, &run.dates, is_alive))
            .collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    let newest = match target {
        Some(target) => ledger.newest_checks(target)?,
        None => std::collections::HashMap::default(),
    };
    let waivers = match target {
        Some(target) => ledger.newest_waivers(target)?,
        None => std::collections::HashMap::default(),
    };
    let checks = plan
        .checks
        .iter()
        .map(|spec| {
            let last = newest.get(&spec.name);
            Check {
                name: spec.name.clone(),
                stage: spec.stage.clone(),
                severity: spec.severity,
                state: last.map_or(CheckState::Pending, |last| last.state),
                value: last.and_then(|last| last.value.clone()),
                target: spec.target(),
                before: spec.before.clone(),
                offending: last.map(|last| last.offending.clone()).unwrap_or_default(),
                waiver: waivers.get(&spec.name).cloned(),
            }
        })
        .collect();
    let state = if is_alive || run.state.has_ended() {
        run.state
    } else {
        RunState::Interrupted
    };
    let run = Run {
        id: run.id,
        state,
        pid: run.pid,
        plan: run.plan,
        warehouse: run.warehouse,
        source: run.source,
        started_at: run.started_at.to_rfc3339(),
        ending: run.ending,
    };
    Ok(Status {
        schema: SCHEMA,
        run,
        stages,
        checks,
    })
}

fn gather_stage(
    ledger: &Ledger,
    target: Target,
    name: &str,
    table: &str,
    dates: &[NaiveDate],
    is_alive: bool,
) -> Result<Stage, LedgerError> {
    let units: BTreeMap<NaiveDate, _> = ledger
        .units(target, name)?
        .into_iter()
        .map(|unit| (unit.date, unit))
        .collect();
    let promised: HashSet<NaiveDate> = ledger
        .open_intents(target, name)?
        .into_iter()
        .flat_map(|intent| intent.dates)
        .collect();
    let state = |date: &NaiveDate| match units.get(date) {
        _ if promised.contains(date) && is_alive => UnitState::Running,
        _ if promised.contains(date) => UnitState::Unknown,
        Some(unit) => unit.state,
        None => UnitState::Pending,
    };
    let mut skipped_reasons = BTreeMap::new();
    for unit in dates.iter().filter_map(|date| units.get(date)) {
        if unit.state == UnitState::Skipped {
            *skipped_reasons
                .entry(unit.reason.clone().unwrap_or_default())
                .or_insert(0) += 1;
        }
    }
    let attention = dates
        .iter()
        .filter_map(|date| units.get(date))
        .filter(|unit| unit.state.needs_attention())
        .map(|unit| Attention {
            date: unit.date,
            state: unit.state,
            rows: unit.rows,
            expected: unit.expected,
            attempts: unit.attempts,
            reason: unit.reason.clone(),
        })
        .collect();
    Ok(Stage {
        name: name.to_owned(),
        table: table.to_owned(),
        dates: dates.iter().map(state).collect(),
        rows: dates
            .iter()
            .filter_map(|date| units.get(date))
            .map(|unit| u64::from(unit.rows))
            .sum(),
        seconds: ledger.stage_seconds(target, name)?,
        skipped_reasons,
        attention,
    })
}

impl Status {
    /// For a person.
    fn text(&self) -> String {
        let run = &self.run;
        let mut lines = vec![format!(
            "run {} of plan {} on {}: {} (process {}, source {}, started {})",
            run.id, run.plan, run.warehouse, run.state, run.pid, run.source, run.started_at
        )];
        lines.extend(run.ending.clone());
        for stage in &self.stages {
            let counts: Vec<String> = UnitState::ALL
                .into_iter()
                .filter(|state| stage.dates.of(*state) > 0)
                .map(|state| format!("{} {state}", stage.dates.of(state)))
                .collect();
            lines.push(format!(
                "\n{} -> {}: {} dates ({}), {} rows, {:.1} s",
                stage.name,
                stage.table,
                stage.dates.total,
                counts.join(", "),
                stage.rows,
                stage.seconds
            ));
            for (reason, count) in &stage.skipped_reasons {
                lines.push(format!("  skipped {count}: {reason}"));
            }
            for unit in &stage.attention {
                let reason = unit.reason.as_deref().unwrap_or_default();
                lines.push(format!(
                    "  {} {} {}/{} rows, {} attempts: {reason}",
                    unit.date, unit.state, unit.rows, unit.expected, unit.attempts
                ));
            }
            lines.push(String::new());
            for check in self.checks.iter().filter(|check| check.stage == stage.name) {
                let value = check.value.as_deref().unwrap_or("-");
                let advisory = if check.severity == Severity::Advisory {
                    ", advisory"
                } else {
                    ""
                };
                lines.push(format!(
                    "  {:8} {}: {value} (target {}{advisory})",
                    check.state, check.name, check.target
                ));
                lines.extend(check.waiver.as_ref().map(|waiver| {
                    format!(
                        "           waived at {} by {}: {}",
                        waiver.value, waiver.by, waiver.reason
                    )
                }));
            }
        }
        lines.join("\n") + "\n"
    }
}
