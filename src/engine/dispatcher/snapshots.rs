//! The snapshot for readers, and what limits the run's speed.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::sync::watch;
use tokio::time::Instant;

use super::super::limit::Limit;
use super::super::{Ending, Phase, Preparing, RunView, Snapshot, StageState, StageView};
use super::{Dispatcher, ScopeState, StageWorkload};
use crate::ledger::RunState;

/// Minimum time between snapshots; [`Refresh::Now`] ignores it.
const REFRESH_GAP: Duration = Duration::from_millis(100);

/// How soon the next snapshot must be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Refresh {
    Current,
    Soon,
    Now,
}

/// The latest snapshot published, and how soon it must be replaced.
#[derive(Debug)]
pub(super) struct Published {
    version: u64,
    at: Instant,
    pub(super) refresh: Refresh,
}

impl Default for Published {
    fn default() -> Self {
        Self {
            version: 0,
            at: Instant::now(),
            refresh: Refresh::Current,
        }
    }
}

impl Published {
    fn is_due(&self) -> bool {
        match self.refresh {
            Refresh::Current => false,
            Refresh::Soon => self.at.elapsed() >= REFRESH_GAP,
            Refresh::Now => true,
        }
    }

    /// When to replace it; `None` if it is current and doesn't show a step `under_way`.
    pub(super) fn next_due(&self, under_way: bool) -> Option<Instant> {
        let is_behind = self.refresh != Refresh::Current || under_way;
        is_behind.then(|| self.at + REFRESH_GAP)
    }
}

impl Dispatcher {
    pub(super) fn request_refresh(&mut self, refresh: Refresh) {
        self.published.refresh = self.published.refresh.max(refresh);
    }

    pub(super) fn publish_if_due(&mut self, snapshots: &watch::Sender<Arc<Snapshot>>) {
        if self.published.is_due() {
            self.publish(snapshots, false);
        }
    }

    pub(super) fn publish(&mut self, snapshots: &watch::Sender<Arc<Snapshot>>, is_last: bool) {
        let snapshot = self.show(snapshots);
        self.events.checkpoint(&snapshot, is_last);
    }

    pub(super) fn show(&mut self, snapshots: &watch::Sender<Arc<Snapshot>>) -> Arc<Snapshot> {
        self.published = Published {
            version: self.published.version + 1,
            at: Instant::now(),
            refresh: Refresh::Current,
        };
        let snapshot = Arc::new(self.snapshot());
        snapshots.send_replace(Arc::clone(&snapshot));
        snapshot
    }

    pub(in crate::engine) fn snapshot(&self) -> Snapshot {
        let (stages, slots) = (self.stages.iter(), self.workers.slots.iter().enumerate());
        let active_seconds = self.time.seconds();
        let etas = self.eta.of_stages(self.mode.is_running(), &self.to_come());
        let stage = |(work, eta): (&StageWorkload, Option<(f64, f64)>)| StageView {
            eta,
            ..work.board.view()
        };
        Snapshot {
            version: self.published.version,
            at: Utc::now(),
            run: self.run_view(active_seconds),
            stages: stages.zip(etas).map(stage).collect(),
            workers: slots.map(|(at, slot)| slot.view(at, active_seconds)).collect(),
            checks: self.checks_shown(),
            runbook: self.runbook.items(),
            sources: self.sources.views.clone(),
            breakdowns: self.breakdowns.views(),
            estimate: self.preflight.estimate.clone(),
            sample: self.preflight.sampled.clone(),
        }
    }

    fn run_view(&self, active_seconds: f64) -> RunView {
        let limit = self.limit();
        let preparing = self.preflight.preparing.as_ref();
        RunView {
            id: self.run.id.clone(),
            plan: self.plan.name.clone(),
            title: self.plan.title.clone(),
            environment: self.plan.environment.clone(),
            warehouse: self.run.warehouse.clone(),
            source: self.plan.shown_source(&self.run.source),
            first_month: self.plan.first_month,
            pid: self.run.pid,
            control: self.options.control.clone(),
            state: self.run.state,
            pausing: self.mode.is_holding() && self.run.state == RunState::Running,
            preparing: preparing.map(|(what, meter)| Preparing {
                what: what.clone(),
                share: meter.share(),
            }),
            active_seconds,
            progress: self.eta.progress(self.mode.is_running(), &self.to_come()),
            bottleneck: limit.to_string(),
            workers: self.workers.wanted,
            enough_workers: limit.enough_workers(),
            billed: self.billed(),
            elsewhere: self.elsewhere.view(),
            question: self.mode.question().cloned(),
            ending: self.mode.ending().map(Ending::sentence),
            missing: self.files.missing.clone(),
        }
    }

    /// An estimate of the units per stage that has not started: as many as the largest stage that has, if it has as many.
    fn to_come(&self) -> Vec<u64> {
        let largest = self.stages.iter().map(|work| work.to_do).max().unwrap_or(0);
        let is_to_come = |work: &StageWorkload| work.scope != ScopeState::Known;
        (self.stages.iter())
            .map(|work| {
                let units = work.board.units().len() as u64;
                if is_to_come(work) { largest.min(units) } else { 0 }
            })
            .collect()
    }

    pub(super) fn report_workers(&mut self) {
        let stages = self.stages.iter();
        let workers = stages.map(|work| self.workers.busy_with(&work.board.name));
        self.eta.at_work(self.time.seconds(), workers);
    }

    pub(super) fn limit(&self) -> Limit {
        if let Some(limit) = self.mode.limit() {
            return limit;
        }
        let busy = self.workers.tasks().count();
        if let Some(limit) = self.limit_of_a_table(busy) {
            return limit;
        }
        let waiting: usize = (self.stages.iter()).map(|work| work.writer.queued()).sum();
        let slots = self.warehouse.read_slots();
        // Batches that wait for a commit keep their read slots, so others wait for those: the writer is the cause.
        if waiting * 2 > self.workers.wanted || self.stages.iter().any(|work| work.writer.is_full()) {
            let busy = busy.min(slots.saturating_add(waiting));
            return Limit::Commits { waiting, busy };
        }
        let is_queueing = self.workers.tasks().any(|task| task.phase == Phase::Queue);
        if is_queueing && busy > slots {
            return Limit::ReadSlots(slots);
        }
        if busy >= self.workers.wanted {
            return Limit::Workers { busy, slots };
        }
        let resting: usize = (self.stages.iter()).map(|work| work.queue.retries()).sum();
        if resting > 0 {
            return Limit::Retries { resting, busy };
        }
        let in_order = |work: &&StageWorkload| {
            work.stage.depends_on_past() && work.board.state == StageState::Running && !work.queue.is_empty()
        };
        if let Some(work) = self.stages.iter().find(in_order) {
            let stage = work.board.name.clone();
            return Limit::Order { stage, busy };
        }
        match self.checks.in_flight() {
            0 => Limit::Queue(busy),
            asked => Limit::Checks { asked, busy },
        }
    }

    /// A table that is throttled, or that has a commit with an unknown outcome.
    fn limit_of_a_table(&self, busy: usize) -> Option<Limit> {
        let throttled = self.stages.iter().find_map(|work| {
            let (stage, rest) = (work.board.name.clone(), work.errors.backoff_message()?);
            Some(Limit::Quota { stage, rest, busy })
        });
        let unknown = || {
            let work = (self.stages.iter()).find(|work| work.writer.has_unknown_outcome())?;
            let stage = work.board.name.clone();
            Some(Limit::Connection { stage, busy })
        };
        throttled.or_else(unknown)
    }
}
