//! The cost estimate before the first unit. With a screen, the run waits for the operator's approval; without one, it
//! continues unless the estimate exceeds a `--max…-bytes-billed` limit.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::super::board::is_open;
use super::super::worklist::may_be_due;
use super::super::{
    Checks, Estimate, Event, Expected, Meter, OnChange, Planned, PlannedStage, Question, Work,
};
use super::preflight::{EarlyEstimate, Step};
use super::{Dispatcher, Fatal, Refresh, TaskKind, TaskOutcome};
use crate::figures::bytes;
use crate::ledger::{CurrentUnits, RunState, UnitRecord};
use crate::partition::Partition;

const ESTIMATING: &str = "estimating the cost";

/// Exit code of a run whose estimate exceeds a limit.
const NOT_ALLOWED: u8 = 2;

impl Dispatcher {
    /// Runs the steps before the first unit, one at a time: a look at the sources, the preflight, open questions, raw data, the cost estimate
    /// (if the warehouse bills), the sample (if requested), and last any changes to the plan's tables.
    pub(super) fn continue_preflight(&mut self) -> Result<(), Fatal> {
        if self.start_looking()? {
            return Ok(());
        }
        if matches!(self.preflight.step, Step::NotStarted) {
            self.start_examination()?;
            return self.start_early_estimate();
        }
        if self.ask_next() || self.start_preparation() {
            return Ok(());
        }
        if self.bills.are_opened() && self.preflight.estimate.is_none() {
            match std::mem::take(&mut self.preflight.early_estimate) {
                EarlyEstimate::Arrived(estimate, seconds) => return self.on_estimated(estimate, seconds),
                EarlyEstimate::Requested(meter) => {
                    self.preflight.preparing = Some((ESTIMATING.to_owned(), meter));
                    return Ok(());
                }
                EarlyEstimate::NotRequested => {}
            }
            let planned = self.planned()?;
            if !planned.is_idle() {
                let meter = self.start_estimate(planned);
                self.preflight.preparing = Some((ESTIMATING.to_owned(), meter));
                self.request_refresh(Refresh::Now);
                return Ok(());
            }
        }
        match self.preflight.sample.take() {
            Some((known, sample)) => self.start_sample(sample, known),
            None if self.start_table_changes() => {}
            None => {
                self.report_outdated()?;
                self.start_units()?;
            }
        }
        Ok(())
    }

    /// The dates of a stage that may be due, judged from the ledger alone.
    pub(super) fn due_by_ledger(&self, stage: &str) -> Result<Vec<Partition>, Fatal> {
        let CurrentUnits { units, changed, .. } = self.current_units(stage)?;
        let recorded: HashMap<Partition, UnitRecord> =
            units.into_iter().map(|unit| (unit.date, unit)).collect();
        let (demand, failing) = (self.options.demand(), self.failing_dates(stage));
        let is_due =
            |date: &Partition| may_be_due(demand, *date, recorded.get(date), changed.contains(date), failing);
        let dates = self.plan.dates_of(stage, &self.options.dates);
        Ok(dates.into_iter().filter(is_due).collect())
    }

    /// What the run is about to do, from the ledger alone; no query is sent.
    fn planned(&self) -> Result<Planned, Fatal> {
        let mut stages = Vec::with_capacity(self.stages.len());
        for work in &self.stages {
            let name = &work.board.name;
            let dates = self.due_by_ledger(name)?;
            stages.push(PlannedStage {
                stage: Arc::clone(&work.stage),
                checks: self.checks_to_come(name, !dates.is_empty()),
                dates,
            });
        }
        let sources = self.sources.views.iter().filter(|view| is_open(view));
        let sources = match self.options.work {
            Work::Only(_) => Vec::new(),
            Work::Missing | Work::All => sources
                .filter_map(|view| Some((view.name.clone(), self.plan.source(&view.name)?.sql.clone())))
                .collect(),
        };
        Ok(Planned {
            stages,
            sources,
            workers: self.options.workers,
            largest_batch: self.options.largest_batch,
            source: self.options.source.clone(),
        })
    }

    /// Checks of a stage, and their breakdowns, that will run: all of them if the stage's rows change.
    fn checks_to_come(&self, stage: &str, changes: bool) -> Vec<(String, String)> {
        let is_asked = |name: &str| match &self.options.ask {
            Some(Checks::Named(names)) => names.iter().any(|asked| asked == name),
            Some(Checks::All) => true,
            None => false,
        };
        let of_stage = self.checks.of_stage(stage).map(|(_, view)| view);
        let asked = of_stage.filter(|view| changes || is_open(view) || is_asked(&view.name));
        let queries = asked.flat_map(|view| {
            let check = self.plan.check(&view.name).map(|spec| spec.sql.clone());
            let breakdown = self.plan.breakdown(&view.name).map(|spec| spec.sql.clone());
            let named = |sql| (view.name.clone(), sql);
            check.map(named).into_iter().chain(breakdown.map(named))
        });
        queries.collect()
    }

    /// Starts the estimate during preflight, unless raw rows or an answer may still change which dates are due.
    fn start_early_estimate(&mut self) -> Result<(), Fatal> {
        let is_settled = self.preflight.prepare.is_none() && self.options.on_change != OnChange::Ask;
        if is_settled && self.bills.are_opened() {
            let planned = self.planned()?;
            if !planned.is_idle() {
                self.preflight.early_estimate = EarlyEstimate::Requested(self.start_estimate(planned));
            }
        }
        Ok(())
    }

    fn start_estimate(&mut self, planned: Planned) -> Arc<Meter> {
        tracing::info!("{ESTIMATING}");
        let meter: Arc<Meter> = Arc::default();
        // A dry run is not a job and costs nothing, so it has no bill.
        let (warehouse, steps) = (Arc::clone(&self.warehouse), Arc::clone(&meter));
        self.spawn(TaskKind::Step("the estimate"), async move {
            let began = Instant::now();
            let estimate = planned.dry_run(warehouse, steps).await;
            TaskOutcome::Estimated(estimate, began.elapsed().as_secs_f64())
        });
        meter
    }

    pub(super) fn on_estimated(&mut self, estimate: Estimate, seconds: f64) -> Result<(), Fatal> {
        if matches!(self.preflight.early_estimate, EarlyEstimate::Requested(_)) {
            // The preflight's findings are reported first.
            self.preflight.early_estimate = EarlyEstimate::Arrived(estimate, seconds);
            return Ok(());
        }
        self.preflight.preparing = None;
        if !self.mode.is_preparing() {
            return Ok(());
        }
        let (message, all) = (estimate.message(), estimate.all());
        let refusal = self.refused(&all);
        let awaiting_approval = self.options.stay && refusal.is_none();
        tracing::info!("{message}");
        self.emit(Event::Estimated {
            message,
            awaiting_approval,
            estimate: estimate.clone(),
            seconds,
        });
        self.preflight.estimate = Some(Arc::new(estimate));
        self.request_refresh(Refresh::Now);
        match refusal {
            Some(refusal) => {
                self.sources.clear();
                self.end(RunState::Stopped, refusal, NOT_ALLOWED)
            }
            None if awaiting_approval => {
                self.put_question(Question::cost());
                self.continue_preflight()
            }
            None => self.continue_preflight(),
        }
    }

    /// Why the estimate stops the run, if it does: one job, or all of them, would exceed the operator's limit.
    fn refused(&self, all: &Expected) -> Option<String> {
        let ceilings = self.options.ceilings;
        if let (Some(most), Some((largest, what))) = (ceilings.of_a_job, &all.largest)
            && *largest > most
        {
            return Some(format!(
                "{what}: one job would be billed about {}, but --max-bytes-billed allows {}; nothing started, raise \
                 the limit or leave it out",
                bytes(*largest),
                bytes(most)
            ));
        }
        let most = ceilings.of_the_run.filter(|most| all.bytes > *most)?;
        Some(format!(
            "the run would be billed at least {}, but --max-total-bytes-billed allows {}; nothing started, raise the \
             limit or choose fewer dates or stages",
            bytes(all.bytes),
            bytes(most)
        ))
    }
}
