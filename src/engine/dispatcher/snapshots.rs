//! The snapshot for readers, and what limits the run's speed.

use chrono::Utc;

use super::super::limit::Limit;
use super::super::{Phase, Preparing, RunView, Snapshot, Topic};
use super::{Dispatcher, Mode, ScopeState, StageRun};
use crate::ledger::RunState;

impl Dispatcher {
    /// The whole state of the run, now.
    pub(in crate::engine) fn snapshot(&self) -> Snapshot {
        let active_seconds = self.time.seconds();
        let moving = self.mode == Mode::Going;
        let limit = self.limit();
        Snapshot {
            version: self.version,
            at: Utc::now(),
            run: RunView {
                id: self.run.id.clone(),
                title: self.plan.title.clone(),
                warehouse: self.run.warehouse.clone(),
                source: self.run.source.clone(),
                pid: self.run.pid,
                control: self.options.control.clone(),
                state: self.run.state,
                pausing: self.mode == Mode::Holding && self.run.state == RunState::Running,
                preparing: self.preparing.as_ref().map(|(what, meter)| Preparing {
                    what: what.clone(),
                    share: meter.share(),
                }),
                active_seconds,
                progress: self.eta.progress(moving, &self.to_come()),
                limit: limit.to_string(),
                workers: self.workers,
                enough_workers: limit.enough_workers(),
                billed: self.billed(),
                elsewhere: self.elsewhere.view(),
                question: self.question.clone(),
                ending: self.ending.as_ref().map(|ending| ending.message.clone()),
            },
            stages: self
                .stage_runs
                .iter()
                .map(|stage_run| stage_run.board.view())
                .collect(),
            workers: (self.slots.iter().enumerate())
                .map(|(at, slot)| slot.view(at, active_seconds))
                .collect(),
            checks: self.checks_shown(),
            runbook: self.runbook.items(),
            sources: self.sources.views.clone(),
            breakdowns: self.breakdowns.clone(),
            estimate: self.estimate.clone(),
            sample: self.sampled.clone(),
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
        let tasks = || self.slots.iter().filter_map(|slot| slot.task.as_ref());
        let at_work =
            |stage_run: &StageRun| tasks().filter(|task| task.stage == stage_run.board.name).count();
        let workers = self.stage_runs.iter().map(at_work);
        self.eta.at_work(self.time.seconds(), workers);
    }

    /// What limits the run's speed now.
    pub(super) fn limit(&self) -> Limit {
        match self.mode {
            Mode::Preparing => return Limit::Preparing,
            Mode::Holding => {
                return match self.question.as_ref().map(|question| question.topic) {
                    Some(Topic::Cost) => Limit::Cost,
                    Some(Topic::Sample) => Limit::Sample,
                    Some(Topic::ExistingRows | Topic::Outdated) => Limit::Answer,
                    None => Limit::Operator,
                };
            }
            Mode::Draining => return Limit::Draining,
            Mode::Over => return Limit::Ended,
            Mode::Going => {}
        }
        let busy = self.slots.iter().filter(|slot| slot.task.is_some()).count();
        let resting = self
            .stage_runs
            .iter()
            .find_map(|stage_run| Some((stage_run, stage_run.trouble.backoff_message()?)));
        if let Some((stage_run, rest)) = resting {
            let stage = stage_run.board.name.clone();
            return Limit::Quota { stage, rest, busy };
        }
        if let Some(stage_run) = self
            .stage_runs
            .iter()
            .find(|stage_run| stage_run.writer.is_in_doubt())
        {
            let stage = stage_run.board.name.clone();
            return Limit::Connection { stage, busy };
        }
        let waiting: usize = self
            .stage_runs
            .iter()
            .map(|stage_run| stage_run.writer.in_line())
            .sum();
        let resting: usize = self
            .stage_runs
            .iter()
            .map(|stage_run| stage_run.queue.resting())
            .sum();
        let lanes = self.warehouse.lanes();
        if waiting * 2 > self.workers {
            return Limit::Commits { waiting, busy };
        }
        let queueing = (self.slots.iter().filter_map(|slot| slot.task.as_ref()))
            .filter(|task| task.phase == Phase::Queue)
            .count();
        if queueing > 0 && busy > lanes {
            return Limit::Lanes(lanes);
        }
        if busy >= self.workers {
            return Limit::Workers { busy, lanes };
        }
        if resting > 0 {
            return Limit::Retries { resting, busy };
        }
        if self.checking > 0 {
            let asked = self.checking;
            return Limit::Checks { asked, busy };
        }
        Limit::Queue(busy)
    }
}
