//! Computes the stages of a rehearsal with the ordinary engine, one run per stage. A date that is incomplete here may
//! be incomplete there too, so no gate stops the next stage. Checks cover whole tables and aren't run.

use std::sync::Arc;

use chrono::Utc;
use serde::Serialize;

use super::super::StateDir;
use super::super::error::{CliError, no_threads};
use super::super::operator::operator;
use super::super::progress::ProgressLine;
use super::super::start::MAX_BATCH_DATES;
use crate::engine::{
    Ceilings, Engine, Lineage, Losses, OnChange, Options, Permits, RetryPolicy, Setup, Snapshot, Stage, Work,
};
use crate::figures::counted;
use crate::ledger::{Ledger, RunState, UnitState};
use crate::partition::Partition;
use crate::plan::Plan;
use crate::warehouse::Warehouse;

/// What all stages of a rehearsal share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Computing<'a> {
    pub(super) plan: &'a Plan,
    pub(super) dates: &'a [Partition],
    pub(super) source: &'a str,
    pub(super) warehouse: &'a Arc<dyn Warehouse>,
    pub(super) folder: &'a StateDir,
}

#[derive(Debug, Clone, Default)]
pub(super) struct StageResult {
    /// Why nothing was computed, if so.
    pub(super) stopped: Option<String>,
    /// Dates without all their rows.
    pub(super) attention: Vec<IncompleteUnit>,
}

/// A date without all its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct IncompleteUnit {
    pub(super) date: Partition,
    pub(super) state: UnitState,
    pub(super) reason: Option<String>,
}

impl Computing<'_> {
    /// Runs every stage and returns a result for each. Stages downstream of one that stopped don't run.
    pub(super) fn stages(
        self,
        stages: &[Arc<dyn Stage>],
        progress: &ProgressLine,
    ) -> Result<Vec<StageResult>, CliError> {
        let begun = Utc::now().format("%Y%m%dT%H%M%S%.3f").to_string();
        let lineage = Lineage::of(stages);
        let mut all: Vec<StageResult> = Vec::with_capacity(stages.len());
        for (at, stage) in stages.iter().enumerate() {
            let before = stages
                .iter()
                .zip(&all)
                .find(|(_, computed)| computed.stopped.is_some());
            if let Some((before, _)) = before {
                all.push(StageResult {
                    stopped: Some(format!("{} did not run", before.name())),
                    attention: Vec::new(),
                });
                continue;
            }
            let what = format!(
                "computing {}, stage {} of {}, {}",
                stage.name(),
                at + 1,
                stages.len(),
                counted(self.dates.len(), "date")
            );
            progress.step(&what);
            all.push(self.stage(stage, &lineage, format!("{begun}-{}", at + 1), progress)?);
        }
        Ok(all)
    }

    fn stage(
        self,
        stage: &Arc<dyn Stage>,
        lineage: &Lineage,
        run_id: String,
        progress: &ProgressLine,
    ) -> Result<StageResult, CliError> {
        let engine = Engine::launch(Setup {
            plan: Arc::new(self.plan_without_checks()),
            stages: vec![Arc::clone(stage)],
            lineage: lineage.clone(),
            warehouse: Arc::clone(self.warehouse),
            // The folder is private to this rehearsal, so no lease is needed.
            lease_guard: None,
            origin: None,
            ledger: Ledger::open(&self.folder.ledger())?,
            events: self.folder.events(),
            in_use: Vec::new(),
            losses: Losses::default(),
            prepare: None,
            sample: None,
            options: self.options(stage.name(), run_id),
        })?;
        let ending = await_end(engine, stage.name(), progress)?;
        Ok(match ending {
            Some(stopped) => StageResult {
                stopped: Some(stopped),
                attention: Vec::new(),
            },
            None => StageResult {
                stopped: None,
                attention: self.attention(stage.name())?,
            },
        })
    }

    fn plan_without_checks(self) -> Plan {
        let mut plan = self.plan.clone();
        plan.checks.clear();
        plan.sources.clear();
        plan.source_tables.clear();
        plan.breakdowns.clear();
        plan.runbook.clear();
        plan
    }

    fn options(self, stage: &str, run_id: String) -> Options {
        Options {
            run_id,
            dates: self.dates.to_vec(),
            source: self.source.to_owned(),
            source_is_explicit: true,
            workers: self.plan.workers,
            largest_batch: MAX_BATCH_DATES,
            operator: operator(),
            paused: false,
            work: Work::All,
            accept_short: false,
            on_change: OnChange::default(),
            ask: None,
            released: vec![stage.to_owned()],
            fail_fast: None,
            // The copied rows have no owner.
            permits: Permits {
                replace_existing: true,
                ..Permits::default()
            },
            ceilings: Ceilings::default(),
            stay: false,
            control: None,
            retry: RetryPolicy::over(self.warehouse.as_ref()),
        }
    }

    /// The dates of a stage without all their rows.
    fn attention(self, stage: &str) -> Result<Vec<IncompleteUnit>, CliError> {
        let ledger = Ledger::open(&self.folder.ledger())?;
        let Some(target) = ledger.known_target(&self.plan.name, &self.warehouse.name())? else {
            return Ok(Vec::new());
        };
        let units = ledger.units(target, stage)?.into_iter();
        let short = units.filter(|unit| unit.state.needs_attention());
        let unmade = short.map(|unit| IncompleteUnit {
            date: unit.date,
            state: unit.state,
            reason: unit.reason,
        });
        Ok(unmade.collect())
    }
}

/// Follows a run to its end; returns why it ended early, if it did.
fn await_end(mut engine: Engine, stage: &str, progress: &ProgressLine) -> Result<Option<String>, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(no_threads)?;
    runtime.block_on(async {
        let link = &mut engine.link;
        loop {
            tokio::select! {
                fact = link.facts.recv() => if fact.is_none() { break },
                Ok(()) = link.snapshots.changed() => {
                    let how_far = progress_text(&link.snapshots.borrow_and_update(), stage);
                    progress.update(&how_far);
                }
            }
        }
    });
    let ending = engine.join();
    Ok((ending.state != RunState::Finished).then_some(ending.message))
}

fn progress_text(snapshot: &Snapshot, stage: &str) -> String {
    let done = snapshot.run.progress;
    format!(
        "computing {stage}: {} of {}",
        done.done,
        counted(done.total, "date")
    )
}
