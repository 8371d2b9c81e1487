//! Sets up a run: what it is started with, and what earlier runs left in the ledger. It must not know what a run does.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::Utc;
use tokio::sync::mpsc;

use crate::fence::LeaseGuard;
use crate::ledger::{Ledger, LedgerError, Purpose, RunRecord, RunState, Target};
use crate::own_file::WatchedFile;
use crate::plan::{Advance, CheckSpec, Plan};
use crate::version::VERSION;
use crate::warehouse::Warehouse;

use super::super::board::{ActiveTime, StageBoard, check_views};
use super::super::elsewhere::Elsewhere;
use super::super::eta::EtaEstimator;
use super::super::events::EventLog;
use super::super::preflight::Catalog;
use super::super::queue::Queue;
use super::super::waiting_dates::WaitingDates;
use super::super::writer::TableWriter;
use super::super::{
    CheckView, KnownUnits, Lineage, Losses, Options, Order, Origin, Prepare, Provenance, Sample, Stage,
};
use super::breakdowns::Breakdowns;
use super::check_queue::CheckQueue;
use super::costs::Bills;
use super::files::RunFiles;
use super::mode::Mode;
use super::preflight::Preflight;
use super::recording::Recorder;
use super::snapshots::Published;
use super::stage_errors::StageErrors;
use super::tasks::Tasks;
use super::ticking::Runbook;
use super::unit::UnitsByDate;
use super::workers::WorkerPool;
use super::workload::{ScopeState, StageWorkload};
use super::{Dispatcher, checking, sources};

/// Everything the engine needs to start a run.
#[derive(Debug)]
pub struct Setup {
    /// The plan.
    pub plan: Arc<Plan>,
    /// The stages of this run in plan order, at least one.
    pub stages: Vec<Arc<dyn Stage>>,
    /// Inputs and tables of all stages in the plan, including those outside this run.
    pub lineage: Lineage,
    /// The warehouse with the plan's tables.
    pub warehouse: Arc<dyn Warehouse>,
    /// The lease that keeps other hosts from writing, if there is one.
    pub lease_guard: Option<LeaseGuard>,
    /// The origin of the raw tables, if they can be reloaded.
    pub origin: Option<Arc<dyn Origin>>,
    /// The ledger that records progress.
    pub ledger: Ledger,
    /// Path of the event log.
    pub events: PathBuf,
    /// The other files the run must not lose.
    pub in_use: Vec<WatchedFile>,
    /// What of its log is missing.
    pub losses: Losses,
    /// The preparation before the first unit, if there is any.
    pub prepare: Option<Box<dyn Prepare>>,
    /// The sample before the first unit, if requested.
    pub sample: Option<Sample>,
    /// Settings of the run.
    pub options: Options,
}

impl Setup {
    fn checks(&self, target: Target) -> Result<Vec<CheckView>, LedgerError> {
        let takes_part = |check: &&CheckSpec| self.stages.iter().any(|stage| stage.name() == check.stage);
        let checks = self.plan.checks.iter().filter(takes_part);
        check_views(&self.plan, checks, &self.ledger, target)
    }

    /// Opens a bill for everything billed separately: each stage, each check, and the rest.
    fn bills<'a>(
        &self,
        checks: impl Iterator<Item = &'a CheckView>,
        target: Target,
    ) -> Result<Bills, LedgerError> {
        let stages = self.stages.iter().map(|stage| Purpose::dates(stage.name()));
        let checks = checks.map(|check| Purpose::check(&check.stage, &check.name));
        let purposes = stages.chain(checks).chain([Purpose::default()]);
        let costs = self.ledger.costs(target)?;
        Ok(Bills::open(self.warehouse.as_ref(), purposes, costs))
    }

    /// The stages of this run, none of them started.
    fn stages(&self, target: Target) -> Result<Vec<StageWorkload>, LedgerError> {
        let begun = self.ledger.begun_stages(target)?;
        let mut done = self.ledger.tallies(target, &self.plan)?;
        let unstarted = |stage: &Arc<dyn Stage>| {
            let name = stage.name();
            let spec = self.plan.stage(name);
            let asks = spec.is_some_and(|spec| spec.advance == Advance::Ask);
            // Stages outside this run are ignored.
            let position = |need: &String| self.stages.iter().position(|stage| stage.name() == need);
            let needs = spec.map_or(&[][..], |spec| spec.needs.as_slice());
            let queue = match stage.calls() {
                Some(call) => Queue::of_program(call),
                // The next date reads what this one stores.
                None if stage.depends_on_past() => Queue::new(1),
                None => Queue::new(self.options.largest_batch),
            };
            let queue = if stage.depends_on_past() {
                queue.strict()
            } else {
                queue.in_order(self.plan.order)
            };
            let range = spec.map_or(self.plan.range, |spec| spec.range);
            let dates = self.plan.dates_of(name, &self.options.dates);
            let covered = done.remove(name).unwrap_or_default();
            StageWorkload {
                released: !asks
                    || begun.contains(name)
                    || self.options.released.iter().any(|known| known == name),
                covered_before: covered.coverage(range),
                range,
                needs: needs.iter().filter_map(position).collect(),
                board: StageBoard::new(name, stage.fills().path(), &dates),
                units: UnitsByDate::default(),
                queue,
                stage: Arc::clone(stage),
                reader: None,
                writer: TableWriter::new(self.warehouse.values_at_once()),
                errors: StageErrors::default(),
                scope: ScopeState::Unknown,
                to_do: 0,
                changes: 0,
            }
        };
        Ok(self.stages.iter().map(unstarted).collect())
    }

    fn preflight(
        &mut self,
        target: Target,
        continued: Option<String>,
        catalog: Option<Catalog>,
    ) -> Result<Preflight, LedgerError> {
        let with_known =
            |sample: Sample| Ok((KnownUnits::read(&self.ledger, target, &sample.every)?, sample));
        Ok(Preflight {
            continued,
            catalog,
            prepare: self.prepare.take(),
            sample: self.sample.take().map(with_known).transpose()?,
            ..Preflight::default()
        })
    }

    /// Progress is recorded only under a lease.
    fn recorder(&mut self, target: Target) -> Result<Option<Recorder>, LedgerError> {
        let records = self.warehouse.records().filter(|_| self.lease_guard.is_some());
        records
            .map(|_| Recorder::begin(&mut self.ledger, target))
            .transpose()
    }

    fn record(&self) -> RunRecord {
        RunRecord {
            id: self.options.run_id.clone(),
            plan: self.plan.name.clone(),
            warehouse: self.warehouse.name(),
            pid: std::process::id(),
            state: RunState::Running,
            source: self.options.source.clone(),
            workers: u32::try_from(self.options.workers).unwrap_or(u32::MAX),
            dates: self.options.dates.clone(),
            started_at: Utc::now(),
            ended_at: None,
            ending: None,
            version: Some(VERSION.to_owned()),
        }
    }
}

impl Dispatcher {
    /// Reads what earlier runs left and records the new run. `continued` is the message about the run that this one
    /// continues; `catalog` has the tables as found before the run began.
    pub(in crate::engine) fn new(
        mut setup: Setup,
        continued: Option<String>,
        catalog: Option<Catalog>,
        events: EventLog,
        orders: mpsc::Receiver<Order>,
    ) -> Result<Self, LedgerError> {
        let target = setup.ledger.target(&setup.plan.name, &setup.warehouse.name())?;
        let preflight = setup.preflight(target, continued, catalog)?;
        let run = setup.record();
        let mut dispatcher = Self::idle(setup, target, run, preflight, events, orders)?;
        dispatcher.ledger.begin_run(target, &dispatcher.run)?;
        dispatcher.show_costs();
        dispatcher.elsewhere = dispatcher.read_elsewhere()?;
        dispatcher.remember_earlier_runs()?;
        Ok(dispatcher)
    }

    fn idle(
        mut setup: Setup,
        target: Target,
        run: RunRecord,
        preflight: Preflight,
        events: EventLog,
        orders: mpsc::Receiver<Order>,
    ) -> Result<Self, LedgerError> {
        let checks = setup.checks(target)?;
        let sources = check_views(&setup.plan, setup.plan.sources.iter(), &setup.ledger, target)?;
        let stages = setup.stages(target)?;
        let before = setup.ledger.seconds_per_unit(target)?;
        Ok(Self {
            bills: setup.bills(checks.iter().chain(&sources), target)?,
            recorder: setup.recorder(target)?,
            provenance: Provenance::read(setup.lineage, &setup.ledger, target)?,
            waiting: WaitingDates::default(),
            breakdowns: Breakdowns::of(&setup.plan, &checks),
            checks: CheckQueue::of(checks, checking::MAX_IN_FLIGHT),
            sources: CheckQueue::of(sources, sources::MAX_IN_FLIGHT),
            eta: EtaEstimator::of(stages.iter().map(|run| before.get(&run.board.name).copied())),
            stages,
            workers: WorkerPool::new(setup.options.workers, setup.warehouse.read_slots()),
            plan: setup.plan,
            warehouse: setup.warehouse,
            lease_guard: setup.lease_guard,
            ledger: setup.ledger,
            target,
            options: setup.options,
            origin: setup.origin,
            run,
            mode: Mode::Preparing,
            leaving: false,
            elsewhere: Elsewhere::default(),
            raw_changes: 0,
            time: ActiveTime::default(),
            preflight,
            tasks: Tasks::default(),
            unit_samples: mpsc::unbounded_channel(),
            orders,
            runbook: Runbook::default(),
            events,
            files: RunFiles::new(setup.in_use, setup.losses),
            published: Published::default(),
        })
    }
}
