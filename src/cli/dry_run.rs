//! `backcourt run --dry-run`: shows what a run would do, and its estimated cost where the warehouse bills.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::NaiveDate;

use crate::engine::preflight::{Examination, Findings};
use crate::engine::{
    Demand, Lineage, Permits, Planned, PlannedStage, Preview, PreviewError, Stage, StageError, StagePreview,
    take_over,
};
use crate::escape::EscapedText;
use crate::feeds;
use crate::figures::counted;
use crate::ledger::{CheckRecord, CheckState, Ledger};
use crate::plan::{CheckSpec, Plan};
use crate::warehouse::JobPurpose;

use super::StateDir;
use super::error::{CliError, cannot_print, no_threads};
use super::progress::waiting;
use super::recorded::recorded;
use super::run_args::RunArgs;
use super::start::{MAX_BATCH_DATES, every_stage, resolve};

/// Exit code if a run would be refused.
const REFUSED: u8 = 2;

/// Shows what a run would do. Reads the ledger and the schedule if they exist, and writes nothing.
pub(super) fn print(
    arguments: &RunArgs,
    plan: &Plan,
    names: &[String],
    dates: &[NaiveDate],
    source: Option<&str>,
) -> Result<u8, CliError> {
    let place = &arguments.place;
    let folder = StateDir::of(place.state_dir.as_deref())?;
    let home = place.warehouse.home(&folder)?.of(plan)?;
    home.refuse_foreign_queries(plan)?;
    let mut say = |line: String| EscapedText::of(line).print().map_err(cannot_print);
    let then = format!("then {} in {}", counted(dates.len(), "date"), names.join(", "));
    let loads = if plan.uses_nba_feeds() {
        " and load the shipped box scores"
    } else {
        ""
    };
    if home.is_missing() {
        say(format!("{home} doesn't exist yet: a run would create it{loads}"))?;
        return say(then).map(|()| 0);
    }
    let (warehouse, whom) = (home.open()?, home.to_string());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(no_threads)?;
    if plan.uses_nba_feeds() {
        let loaded = waiting(&whom, || runtime.block_on(feeds::is_loaded(warehouse.as_ref())));
        if !loaded? {
            say(format!(
                "{home} has no raw data yet: a run would load the shipped box scores"
            ))?;
            return say(then).map(|()| 0);
        }
    }
    let mut ledger = Ledger::open_to_read(&folder.ledger())?;
    let mut target = match &ledger {
        Some(ledger) => ledger.known_target(&plan.name, &warehouse.name())?,
        None => None,
    };
    // A run would import what another host, or a process that was killed, has recorded.
    if let (Some(known), Some(target)) = (&ledger, target) {
        let mut copy = known.copy()?;
        let importing = take_over(&mut copy, target, plan, warehouse.as_ref());
        waiting(&whom, || runtime.block_on(importing))?;
        ledger = Some(copy);
    } else if let Some(recorded) = recorded(&home, plan)? {
        target = recorded.ledger.known_target(&plan.name, &warehouse.name())?;
        ledger = Some(recorded.ledger);
    }
    let stages = resolve(plan, names)?;
    let mut examination = examination(plan, &stages, dates)?;
    if let (Some(ledger), Some(target)) = (&ledger, target) {
        examination.filled = ledger.filled_stages(target)?;
    }
    let looked = waiting(&whom, || runtime.block_on(examination.look(warehouse.as_ref())));
    let is_refused = print_findings(looked, arguments.permits(), &mut say)?;
    let work = arguments.work();
    let demand = Demand {
        work: &work,
        source: source.unwrap_or(&plan.source),
        source_is_explicit: source.is_some(),
        on_change: arguments.on_change().unwrap_or_default(),
    };
    let lineage = Lineage::of(&every_stage(plan)?);
    let mut preview = Preview::of(dates, demand, lineage, plan, ledger.as_ref().zip(target))?;
    let mut planned = Vec::new();
    for stage in stages {
        let asked = || runtime.block_on(preview.stage(stage.as_ref(), warehouse.as_ref()));
        let to_do = match waiting(&whom, asked) {
            Ok(found) => {
                say(described(stage.name(), dates.len(), &found))?;
                found.to_do
            }
            Err(PreviewError::Ledger(error)) => return Err(error.into()),
            // Its inputs may not exist until earlier stages have run.
            Err(PreviewError::Stage(error)) => {
                say(format!(
                    "{}: {}, not known yet: {error}",
                    stage.name(),
                    counted(dates.len(), "date")
                ))?;
                dates.to_vec()
            }
        };
        planned.push(planned_stage(plan, stage, to_do));
    }
    if warehouse
        .charging(Arc::default(), JobPurpose::default())
        .is_some()
    {
        let answers = match (&ledger, target) {
            (Some(ledger), Some(target)) => ledger.newest_checks(target, plan)?,
            _ => HashMap::new(),
        };
        let planned = Planned {
            stages: planned,
            sources: source_queries(plan, &answers),
            workers: arguments.workers(plan),
            largest_batch: MAX_BATCH_DATES,
            source: source.unwrap_or(&plan.source).to_owned(),
        };
        let dry_run = || runtime.block_on(planned.dry_run(Arc::clone(&warehouse), Arc::default()));
        let estimate = waiting(&whom, dry_run);
        let lines = [String::new(), estimate.message()];
        lines.into_iter().chain(estimate.lines()).try_for_each(say)?;
    }
    Ok(if is_refused { REFUSED } else { 0 })
}

/// The raw-data checks a run would run: those without a current result.
fn source_queries(plan: &Plan, answers: &HashMap<String, CheckRecord>) -> Vec<(String, String)> {
    let is_asked = |source: &&CheckSpec| {
        let last = answers.get(&source.name).map(|last| last.state);
        !matches!(last, Some(CheckState::Pass | CheckState::Warn))
    };
    let query = |source: &CheckSpec| (source.name.clone(), source.sql.clone());
    plan.sources.iter().filter(is_asked).map(query).collect()
}

fn examination(plan: &Plan, stages: &[Arc<dyn Stage>], dates: &[NaiveDate]) -> Result<Examination, CliError> {
    Ok(Examination {
        plan: plan.name.clone(),
        stages: stages.to_vec(),
        lineage: Lineage::of(&every_stage(plan)?),
        date: dates.first().copied(),
        filled: HashSet::new(),
        loads_later: false,
    })
}

/// Prints how the tables differ from the plan; returns whether a run would be refused.
fn print_findings(
    looked: Result<Findings, StageError>,
    permits: Permits,
    say: &mut impl FnMut(String) -> Result<(), CliError>,
) -> Result<bool, CliError> {
    let findings = looked?;
    findings.notes().into_iter().try_for_each(&mut *say)?;
    let problems = findings.problems(permits);
    let foreign = findings.foreign_rows();
    let is_refused = !problems.is_empty() || !foreign.is_empty() && !permits.replace_existing;
    if is_refused {
        say("a run would be refused:".to_owned())?;
    }
    for problem in problems {
        say(format!("  {problem}"))?;
    }
    for line in foreign {
        say(format!(
            "  {line}, and no plan owns it; --replace-existing replaces the rows of every date it runs"
        ))?;
    }
    for table in findings.tables.iter().filter(|_| permits.migrate && !is_refused) {
        for found in table.differences.iter().filter(|found| found.change().is_some()) {
            let what = found.statement.as_deref().unwrap_or(&found.what);
            say(format!("would alter {}: {what}", table.path))?;
        }
    }
    Ok(is_refused)
}

fn described(stage: &str, dates: usize, found: &StagePreview) -> String {
    let following = match found.following {
        0 => String::new(),
        number => format!(
            "; {} more if the rows of earlier stages change",
            counted(number, "date")
        ),
    };
    let outdated = match found.outdated {
        0 => String::new(),
        number => format!(" ({number} outdated)"),
    };
    format!(
        "{stage}: {}, {} to do, {} already done{outdated}, {} without work{}{following}",
        counted(dates, "date"),
        found.to_do.len(),
        found.done,
        found.skipped,
        found.replaces.clause(),
    )
}

/// What a run would do in a stage on these dates; every check of it runs if any date does.
fn planned_stage(plan: &Plan, stage: Arc<dyn Stage>, dates: Vec<NaiveDate>) -> PlannedStage {
    let checks = plan.checks.iter().filter(|check| check.stage == stage.name());
    let asked = checks.filter(|_| !dates.is_empty());
    PlannedStage {
        checks: asked
            .map(|check| (check.name.clone(), check.sql.clone()))
            .collect(),
        stage,
        dates,
    }
}
