//! `backcourt run --dry-run`: shows what a run would do, and its estimated cost where the warehouse bills.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::engine::preflight::{Examination, invalidate_claimed};
use crate::engine::{
    Demand, Lineage, Planned, PlannedStage, Preview, PreviewError, SeenSource, Stage, StagePreview,
    dates_of_sources, look_at_sources, record_look, take_over,
};
use crate::escape::EscapedText;
use crate::feeds;
use crate::figures::counted;
use crate::ledger::{CheckRecord, CheckState, Ledger, Target};
use crate::partition::Partition;
use crate::plan::{CheckSpec, Plan};
use crate::warehouse::{JobPurpose, Warehouse};

use super::StateDir;
use super::error::{CliError, cannot_print, no_threads};
use super::home::Home;
use super::progress::waiting;
use super::query_columns::with_columns;
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
    dates: &[Partition],
    source: Option<&str>,
) -> Result<u8, CliError> {
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let home = arguments.place.warehouse.home(&folder)?.of(plan)?;
    home.refuse_foreign_queries(plan)?;
    let then = format!("then {} in {}", counted(dates.len(), "date"), names.join(", "));
    if home.is_missing() {
        let loads = if plan.uses_nba_feeds() {
            " and load the shipped box scores"
        } else {
            ""
        };
        say(format!("{home} doesn't exist yet: a run would create it{loads}"))?;
        return say(then).map(|()| 0);
    }
    let warehouse = home.open()?;
    let plan = &with_columns(plan.clone(), names, dates.first().copied(), &warehouse)?;
    let run = RunPreview {
        arguments,
        plan,
        dates,
        source,
        place: home.to_string(),
        warehouse,
        runtime: tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(no_threads)?,
    };
    if plan.uses_nba_feeds() && !run.wait_for(feeds::is_loaded(run.warehouse.as_ref()))? {
        say(format!(
            "{home} has no raw data yet: a run would load the shipped box scores"
        ))?;
        return say(then).map(|()| 0);
    }
    let (mut ledger, target) = run.progress(&folder, &home)?;
    let seen = run.look_at_sources(ledger.as_mut().zip(target))?;
    let stages = resolve(plan, names)?;
    let is_refused = run.print_findings(&stages, ledger.as_mut().zip(target))?;
    let known = ledger.as_ref().zip(target);
    let planned = run.print_stages(stages, known, seen)?;
    run.print_estimate(planned, known)?;
    Ok(if is_refused { REFUSED } else { 0 })
}

fn say(line: String) -> Result<(), CliError> {
    EscapedText::of(line).print().map_err(cannot_print)
}

/// A run that is only looked at.
struct RunPreview<'a> {
    arguments: &'a RunArgs,
    plan: &'a Plan,
    dates: &'a [Partition],
    /// The source given by the operator, if any.
    source: Option<&'a str>,
    /// The warehouse, as shown while it is waited for.
    place: String,
    warehouse: Arc<dyn Warehouse>,
    runtime: Runtime,
}

impl RunPreview<'_> {
    fn wait_for<T>(&self, work: impl Future<Output = T>) -> T {
        waiting(&self.place, || self.runtime.block_on(work))
    }

    fn source(&self) -> &str {
        self.source.unwrap_or(&self.plan.source)
    }

    /// The recorded progress, with what a run would import: the records of another host, or of a process that was
    /// killed.
    fn progress(&self, folder: &StateDir, home: &Home) -> Result<(Option<Ledger>, Option<Target>), CliError> {
        let ledger = Ledger::open_to_read(&folder.ledger())?;
        let target = self.target(ledger.as_ref())?;
        if let (Some(known), Some(target)) = (&ledger, target) {
            let mut copy = known.copy()?;
            let importing = take_over(&mut copy, target, self.plan, self.warehouse.as_ref());
            self.wait_for(importing)?;
            return Ok((Some(copy), Some(target)));
        }
        match recorded(home, self.plan)? {
            Some(recorded) => {
                let target = self.target(Some(&recorded.ledger))?;
                Ok((Some(recorded.ledger), target))
            }
            None => Ok((ledger, target)),
        }
    }

    fn target(&self, ledger: Option<&Ledger>) -> Result<Option<Target>, CliError> {
        match ledger {
            Some(ledger) => Ok(ledger.known_target(&self.plan.name, &self.warehouse.name())?),
            None => Ok(None),
        }
    }

    /// Looks at the declared sources and prints which of them have changed since the dates were computed. The copy of the
    /// ledger has these dates as stale from then on.
    fn look_at_sources(&self, known: Option<(&mut Ledger, Target)>) -> Result<Vec<SeenSource>, CliError> {
        let lineage = Lineage::of(&every_stage(self.plan)?);
        let recorded = known.as_ref().map(|(ledger, target)| (&**ledger, *target));
        let dates = dates_of_sources(self.plan, self.dates, recorded)?;
        let looking = look_at_sources(self.plan, &lineage, dates, self.warehouse.as_ref());
        let seen = self.wait_for(looking)?;
        if let Some((ledger, target)) = known {
            for change in record_look(seen.clone(), lineage, ledger, target)? {
                say(change.message())?;
            }
        }
        Ok(seen)
    }

    /// Prints how the tables differ from the plan; returns whether a run would be refused.
    fn print_findings(
        &self,
        stages: &[Arc<dyn Stage>],
        known: Option<(&mut Ledger, Target)>,
    ) -> Result<bool, CliError> {
        let mut examination = examination(self.plan, stages, self.dates)?;
        if let Some((ledger, target)) = &known {
            examination.filled = ledger.filled_stages(*target)?;
        }
        let findings = self.wait_for(examination.look(self.warehouse.as_ref()))?;
        if let Some((ledger, target)) = known {
            for found in invalidate_claimed(ledger, target, &findings.claimed_stages())? {
                let dates = counted(found.dates.len(), "date");
                say(format!(
                    "{dates} of {} would become stale: {}",
                    found.stage, found.reason
                ))?;
            }
        }
        let permits = self.arguments.permits();
        findings.notes().into_iter().try_for_each(say)?;
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
                say(format!("would alter {}: {what}", table.path()))?;
            }
        }
        Ok(is_refused)
    }

    /// Prints what a run would do in each stage.
    fn print_stages(
        &self,
        stages: Vec<Arc<dyn Stage>>,
        known: Option<(&Ledger, Target)>,
        seen: Vec<SeenSource>,
    ) -> Result<Vec<PlannedStage>, CliError> {
        let work = self.arguments.work();
        let demand = Demand {
            work: &work,
            source: self.source(),
            source_is_explicit: self.source.is_some(),
            on_change: self.arguments.on_change().unwrap_or_default(),
        };
        let lineage = Lineage::of(&every_stage(self.plan)?);
        let mut preview = Preview::of(self.dates, demand, lineage, self.plan, known, seen)?;
        let mut planned = Vec::new();
        for stage in stages {
            let every = self.plan.dates_of(stage.name(), self.dates);
            let dates = match self.wait_for(preview.stage(stage.as_ref(), self.warehouse.as_ref())) {
                Ok(found) => {
                    say(described(stage.name(), every.len(), &found))?;
                    found.to_do
                }
                Err(PreviewError::Ledger(error)) => return Err(error.into()),
                // Its inputs may not exist until earlier stages have run.
                Err(PreviewError::Stage(error)) => {
                    let dates = counted(every.len(), "date");
                    say(format!("{}: {dates}, not known yet: {error}", stage.name()))?;
                    every
                }
            };
            planned.push(planned_stage(self.plan, stage, dates));
        }
        Ok(planned)
    }

    /// Prints the estimated cost, if the warehouse bills.
    fn print_estimate(
        &self,
        stages: Vec<PlannedStage>,
        known: Option<(&Ledger, Target)>,
    ) -> Result<(), CliError> {
        let billed = self.warehouse.charging(Arc::default(), JobPurpose::default());
        if billed.is_none() {
            return Ok(());
        }
        let answers = match known {
            Some((ledger, target)) => ledger.newest_checks(target, self.plan)?,
            None => HashMap::new(),
        };
        let planned = Planned {
            stages,
            sources: source_queries(self.plan, &answers),
            workers: self.arguments.workers(self.plan),
            largest_batch: MAX_BATCH_DATES,
            source: self.source().to_owned(),
        };
        let estimate = self.wait_for(planned.dry_run(Arc::clone(&self.warehouse), Arc::default()));
        let lines = [String::new(), estimate.message()];
        lines.into_iter().chain(estimate.lines()).try_for_each(say)
    }
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

fn examination(plan: &Plan, stages: &[Arc<dyn Stage>], dates: &[Partition]) -> Result<Examination, CliError> {
    Ok(Examination {
        plan: plan.name.clone(),
        stages: stages.to_vec(),
        lineage: Lineage::of(&every_stage(plan)?),
        date: dates.first().copied(),
        filled: HashSet::new(),
        loads_later: false,
    })
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
    let waiting = match found.waiting {
        0 => String::new(),
        number => format!(", {number} waiting for a source"),
    };
    format!(
        "{stage}: {}, {} to do{waiting}, {} already done{outdated}, {} without work{}{following}",
        counted(dates, "date"),
        found.to_do.len(),
        found.done,
        found.skipped,
        found.replaces.clause(),
    )
}

/// What a run would do in a stage on these dates; every check of it runs if any date does.
fn planned_stage(plan: &Plan, stage: Arc<dyn Stage>, dates: Vec<Partition>) -> PlannedStage {
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
