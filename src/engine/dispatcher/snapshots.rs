//! The snapshot for readers, and what limits the run's speed.

use chrono::Utc;

use super::super::limit::Limit;
use super::super::{Phase, Preparing, RunView, Snapshot};
use super::{Dispatcher, ScopeState, StageRun};
use crate::ledger::RunState;

impl Dispatcher {
    /// The whole state of the run, now.
    pub(in crate::engine) fn snapshot(&self) -> Snapshot {
        let active_seconds = self.time.seconds();
        let moving = self.mode.is_running();
        let limit = self.limit();
        Snapshot {
            version: self.version,
            at: Utc::now(),
            run: RunView {
                id: self.run.id.clone(),
                title: self.plan.title.clone(),
                warehouse: self.run.warehouse.clone(),
                source: self.plan.shown_source(&self.run.source),
                first_month: self.plan.first_month,
                pid: self.run.pid,
                control: self.options.control.clone(),
                state: self.run.state,
                pausing: self.mode.is_holding() && self.run.state == RunState::Running,
                preparing: self.preflight.preparing.as_ref().map(|(what, meter)| Preparing {
                    what: what.clone(),
                    share: meter.share(),
                }),
                active_seconds,
                progress: self.eta.progress(moving, &self.to_come()),
                bottleneck: limit.to_string(),
                workers: self.workers.wanted,
                enough_workers: limit.enough_workers(),
                billed: self.billed(),
                elsewhere: self.elsewhere.view(),
                question: self.mode.question().cloned(),
                ending: self.mode.ending().map(|ending| ending.message.clone()),
            },
            stages: self
                .stage_runs
                .iter()
                .map(|stage_run| stage_run.board.view())
                .collect(),
            workers: (self.workers.slots.iter().enumerate())
                .map(|(at, slot)| slot.view(at, active_seconds))
                .collect(),
            checks: self.checks_shown(),
            runbook: self.runbook.items(),
            sources: self.sources.views.clone(),
            breakdowns: self.breakdowns.views(),
            estimate: self.preflight.estimate.clone(),
            sample: self.preflight.sampled.clone(),
        }
    }

    /// An estimate of the units per stage that has not started: as many as the largest stage that has.
    fn to_come(&self) -> Vec<u64> {
        let largest = self
            .stage_runs
            .iter()
            .map(|stage_run| stage_run.to_do)
            .max()
            .unwrap_or(0);
        let is_to_come = |stage_run: &StageRun| stage_run.scope != ScopeState::Known;
        (self.stage_runs.iter())
            .map(|stage_run| if is_to_come(stage_run) { largest } else { 0 })
            .collect()
    }

    /// Reports the current workers of each stage to the ETA estimator.
    pub(super) fn report_workers(&mut self) {
        let stages = self.stage_runs.iter();
        let workers = stages.map(|stage_run| self.workers.busy_with(&stage_run.board.name));
        self.eta.at_work(self.time.seconds(), workers);
    }

    /// What limits the run's speed now.
    pub(super) fn limit(&self) -> Limit {
        if let Some(limit) = self.mode.limit() {
            return limit;
        }
        let busy = self.workers.tasks().count();
        if let Some(limit) = self.limit_of_a_table(busy) {
            return limit;
        }
        let waiting: usize = (self.stage_runs.iter())
            .map(|stage_run| stage_run.writer.in_line())
            .sum();
        if waiting * 2 > self.workers.wanted {
            return Limit::Commits { waiting, busy };
        }
        let lanes = self.warehouse.lanes();
        let is_queueing = self.workers.tasks().any(|task| task.phase == Phase::Queue);
        if is_queueing && busy > lanes {
            return Limit::Lanes(lanes);
        }
        if busy >= self.workers.wanted {
            return Limit::Workers { busy, lanes };
        }
        let resting: usize = (self.stage_runs.iter())
            .map(|stage_run| stage_run.queue.resting())
            .sum();
        if resting > 0 {
            return Limit::Retries { resting, busy };
        }
        match self.checks.in_flight() {
            0 => Limit::Queue(busy),
            asked => Limit::Checks { asked, busy },
        }
    }

    /// A table that is throttled, or that has a commit with an unknown outcome.
    fn limit_of_a_table(&self, busy: usize) -> Option<Limit> {
        let throttled = self.stage_runs.iter().find_map(|stage_run| {
            let (stage, rest) = (stage_run.board.name.clone(), stage_run.trouble.backoff_message()?);
            Some(Limit::Quota { stage, rest, busy })
        });
        let in_doubt = || {
            let stage_run = (self.stage_runs.iter()).find(|stage_run| stage_run.writer.is_in_doubt())?;
            let stage = stage_run.board.name.clone();
            Some(Limit::Connection { stage, busy })
        };
        throttled.or_else(in_doubt)
    }
}
