//! The progress of a plan from the ledger alone, for `status` and the handoff report. It covers all dates of the plan,
//! whatever dates the last run had.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::SecondsFormat;
use serde::Serialize;

use super::gaps::{StageGap, added_up};
use crate::ledger::{
    CheckRecord, CheckState, Costs, Counts, Coverage, Definition, GateCheck, Ledger, LedgerError, MadeBy,
    PastAnswer, RunRecord, RunState, Target, UnitRecord, UnitState, Waiver, unwaived,
};
use crate::partition::Partition;
use crate::plan::{CheckSpec, Plan, Severity, StageSpec};
use crate::runbook::{Item, RunbookFacts, derive};
use crate::warehouse::Cost;

/// The `schema` value of the JSON object.
const SCHEMA: &str = "backcourt.status/1";

/// The progress of a plan according to its ledger.
#[derive(Debug, Serialize)]
pub struct PlanStatus {
    /// Identifies the format of this object.
    pub schema: &'static str,
    /// The newest run.
    pub run: RunStatus,
    /// Stages in plan order.
    pub stages: Vec<StageStatus>,
    /// Checks in plan order.
    pub checks: Vec<CheckStatus>,
    /// The runbook's items in plan order.
    pub runbook: Vec<Item>,
    /// Raw-data checks in plan order.
    pub sources: Vec<CheckStatus>,
    /// Billed cost of all runs; `None` if no job was billed.
    pub cost: Option<Cost>,
    /// The part of it outside stages and checks, such as a load or a sample; `None` if no job was billed.
    pub cost_other: Option<Cost>,
    /// The host that recorded this progress in the warehouse; `None` if it is from the state folder's ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded_by: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct RunStatus {
    pub id: String,
    pub state: RunState,
    /// Process that ran it.
    pub pid: u32,
    pub plan: String,
    /// Warehouse as given by the operator.
    pub warehouse: String,
    /// Source the stages read; `None` if none of them has a choice.
    pub source: Option<String>,
    pub workers: u32,
    /// When it started, in UTC, to the second.
    pub started_at: String,
    /// The closing message.
    pub ending: Option<String>,
    /// The dates of the run, possibly only some of the plan's.
    #[serde(skip)]
    pub dates: Vec<Partition>,
}

#[derive(Debug, Serialize)]
pub struct StageStatus {
    pub name: String,
    /// `dataset.table` it fills, if any.
    pub table: Option<String>,
    /// The plan's dates by state.
    pub dates: Counts,
    /// Recorded dates outside the plan's range, by state.
    pub outside: Counts,
    /// Rows stored, dates outside the plan included.
    pub rows: u64,
    /// Seconds of work by all runs, pauses excluded.
    pub seconds: f64,
    /// Billed cost of all runs for it and its checks; `None` if no job was billed.
    pub cost: Option<Cost>,
    /// Number of skipped dates by reason.
    pub skipped_reasons: BTreeMap<String, u64>,
    /// Dates that need attention, with the reason.
    pub attention: Vec<IncompleteDate>,
    /// Missing values in its stored rows, most rows first.
    pub gaps: Vec<StageGap>,
    /// How many done dates each definition computed, over the whole plan, oldest definition first.
    pub definitions: Vec<MadeBy>,
}

/// A date that failed, or has fewer rows than expected.
#[derive(Debug, Serialize)]
pub struct IncompleteDate {
    pub date: Partition,
    pub state: UnitState,
    pub rows: u32,
    pub expected: u32,
    pub attempts: u32,
    pub reason: Option<String>,
}

/// A check with its newest result.
#[derive(Debug, Serialize)]
pub struct CheckStatus {
    pub name: String,
    /// Stage it belongs to; for a raw-data check, the feed.
    pub stage: String,
    /// Whether it is blocking or advisory.
    pub severity: Severity,
    /// State of the newest result.
    pub state: CheckState,
    /// The last measured value.
    pub value: Option<String>,
    /// The expected value.
    pub target: String,
    /// The operator's note of the value before the backfill.
    pub before: Option<String>,
    pub failing_dates: Vec<Partition>,
    /// How many of the table's dates the result covers; `None` without a result, and for checks of named dates or raw
    /// tables.
    pub coverage: Option<Coverage>,
    /// What else the query returned: dates not run yet, dates outside the plan.
    pub note: Option<String>,
    /// Billed cost of all its runs; `None` if no job was billed.
    pub cost: Option<Cost>,
    /// The newest waiver, valid or not.
    pub waiver: Option<Waiver>,
    /// Which definition the result is of; `None` if the check was never run.
    pub definition: Option<Definition>,
    /// A caveat on the result: it is of another definition, or why the waiver isn't valid.
    pub remark: Option<String>,
    /// The newest results, oldest first.
    pub history: Vec<PastAnswer>,
}

impl PlanStatus {
    /// Gathers the progress of a plan from the ledger. `is_alive` comes from the lock; a run without an end whose
    /// process is dead was interrupted.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn gather(ledger: &Ledger, plan: &Plan, run: RunRecord, is_alive: bool) -> Result<Self, LedgerError> {
        let mut stages = Vec::new();
        let mut answers = Answers::default();
        let mut facts = RunbookFacts::default();
        if let Some(target) = ledger.known_target(&run.plan, &run.warehouse)? {
            ledger.require_partitions(target, plan)?;
            answers = Answers::read(ledger, target, plan)?;
            facts = RunbookFacts::gather(ledger, target, plan)?;
            for spec in &plan.stages {
                let cost = answers.costs.of_stage(&spec.name);
                let gathered = gather_stage(ledger, target, spec, is_alive)?;
                stages.push(StageStatus { cost, ..gathered });
            }
        }
        let mut status_of = |spec: &CheckSpec| answers.status_of(spec, &stages);
        let checks = plan.checks.iter().map(&mut status_of).collect();
        let sources = plan.sources.iter().map(&mut status_of).collect();
        Ok(Self {
            schema: SCHEMA,
            run: RunStatus::of(run, plan, is_alive),
            stages,
            checks,
            runbook: derive(plan, &facts),
            sources,
            cost: answers.costs.total(),
            cost_other: answers.costs.other(),
            recorded_by: None,
        })
    }
}

impl RunStatus {
    fn of(run: RunRecord, plan: &Plan, is_alive: bool) -> Self {
        let state = if is_alive || run.state.has_ended() {
            run.state
        } else {
            RunState::Interrupted
        };
        Self {
            id: run.id,
            state,
            pid: run.pid,
            plan: run.plan,
            warehouse: run.warehouse,
            source: plan.shown_source(&run.source),
            workers: run.workers,
            started_at: run.started_at.to_rfc3339_opts(SecondsFormat::Secs, false),
            ending: run.ending,
            dates: run.dates,
        }
    }
}

/// What the ledger knows about checks, and the costs.
#[derive(Default)]
struct Answers {
    newest: HashMap<String, CheckRecord>,
    waivers: HashMap<String, Waiver>,
    past: HashMap<String, Vec<PastAnswer>>,
    costs: Costs,
}

impl Answers {
    fn read(ledger: &Ledger, target: Target, plan: &Plan) -> Result<Self, LedgerError> {
        Ok(Self {
            newest: ledger.newest_checks(target, plan)?,
            waivers: ledger.newest_waivers(target)?,
            past: ledger.past_answers(target)?,
            costs: ledger.costs(target)?,
        })
    }

    fn status_of(&mut self, spec: &CheckSpec, stages: &[StageStatus]) -> CheckStatus {
        let last = self.newest.get(&spec.name);
        let waiver = self.waivers.get(&spec.name);
        CheckStatus {
            name: spec.name.clone(),
            stage: spec.stage.clone(),
            severity: spec.severity,
            state: last.map_or(CheckState::Pending, |last| last.state),
            value: last.and_then(|last| last.value.clone()),
            target: spec.target(),
            before: spec.before.clone(),
            failing_dates: last.map(|last| last.failing_dates.clone()).unwrap_or_default(),
            coverage: last.and_then(|last| coverage(spec, last.state, stages)),
            note: last.and_then(|last| last.note.clone()),
            cost: self.costs.of_check(&spec.name),
            waiver: waiver.cloned(),
            definition: last.map(|last| Definition::of(last.fingerprint, spec.fingerprint)),
            remark: last.and_then(|last| last.remark(spec, waiver)),
            history: self.past.remove(&spec.name).unwrap_or_default(),
        }
    }
}

impl PlanStatus {
    /// The dates that need attention and aren't covered by a waived check, by stage.
    #[must_use]
    pub fn failing_unwaived(&self) -> Vec<(&str, Vec<Partition>)> {
        let of = |stage: &StageStatus| {
            let checks = self.checks.iter().filter(|check| check.stage == stage.name);
            let at_gate = checks.map(|check| GateCheck {
                severity: check.severity,
                state: check.state,
                failing_dates: &check.failing_dates,
            });
            unwaived(stage.attention.iter().map(|unit| unit.date), at_gate)
        };
        let stages = self.stages.iter().map(|stage| (stage.name.as_str(), of(stage)));
        stages.filter(|(_, dates)| !dates.is_empty()).collect()
    }
}

/// How many of the table's dates a result covers.
fn coverage(spec: &CheckSpec, state: CheckState, stages: &[StageStatus]) -> Option<Coverage> {
    let stage = stages.iter().find(|stage| stage.name == spec.stage)?;
    Coverage::is_known(spec, state).then(|| stage.dates.coverage())
}

fn gather_stage(
    ledger: &Ledger,
    target: Target,
    spec: &StageSpec,
    is_alive: bool,
) -> Result<StageStatus, LedgerError> {
    let name = spec.name.as_str();
    let current = ledger.current_units(target, spec)?;
    let units: BTreeMap<Partition, _> = current.units.into_iter().map(|unit| (unit.date, unit)).collect();
    let intended: HashSet<Partition> = ledger
        .open_intents(target, name)?
        .into_iter()
        .flat_map(|intent| intent.dates)
        .collect();
    let state = |date: Partition| match units.get(&date) {
        _ if intended.contains(&date) && is_alive => UnitState::Running,
        _ if intended.contains(&date) => UnitState::Unknown,
        Some(unit) => unit.state,
        None => UnitState::Pending,
    };
    let outside = (units.keys().chain(&intended))
        .copied()
        .filter(|date| !spec.range.contains(*date))
        .collect::<BTreeSet<Partition>>();
    let mut skipped_reasons = BTreeMap::new();
    for unit in units.values().filter(|unit| unit.state == UnitState::Skipped) {
        *skipped_reasons
            .entry(unit.reason.clone().unwrap_or_default())
            .or_insert(0) += 1;
    }
    let attention = units.values().filter(|unit| unit.state.needs_attention());
    Ok(StageStatus {
        name: name.to_owned(),
        table: spec.table.clone(),
        dates: spec.range.partitions().map(state).collect(),
        outside: outside.into_iter().map(state).collect(),
        rows: units.values().map(|unit| u64::from(unit.rows)).sum(),
        seconds: ledger.stage_seconds(target, name)?,
        cost: None,
        skipped_reasons,
        attention: attention.map(IncompleteDate::of).collect(),
        gaps: added_up(&ledger.gaps(target, name)?),
        definitions: current.made_by,
    })
}

impl IncompleteDate {
    fn of(unit: &UnitRecord) -> Self {
        Self {
            date: unit.date,
            state: unit.state,
            rows: unit.rows,
            expected: unit.expected,
            attempts: unit.attempts,
            reason: unit.reason.clone(),
        }
    }
}
