//! The picture readers get, and the one sentence that says why it is not faster.

use chrono::Utc;

use super::super::{Phase, Preparing, RunView, Snapshot, counted};
use super::{Dispatcher, Line, Mode, ScopeState};
use crate::ledger::RunState;

impl Dispatcher {
    /// Everything as it stands now.
    pub(in crate::engine) fn draw(&self) -> Snapshot {
        let active_seconds = self.time.seconds();
        let moving = self.mode == Mode::Going;
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
                progress: self.rate.progress(moving, self.to_come()),
                limit: self.limit(),
                billed: self.billed(),
                waits_for_yes: self.waits_for_yes,
                ending: self.ending.as_ref().map(|ending| ending.message.clone()),
            },
            stages: self.lines.iter().map(|line| line.board.view()).collect(),
            workers: (self.slots.iter().enumerate())
                .map(|(at, slot)| slot.view(at, active_seconds))
                .collect(),
            checks: self.checks.clone(),
            runbook: self.runbook.items(),
            sources: self.sources.views.clone(),
            breakdowns: self.breakdowns.clone(),
            estimate: self.estimate.clone(),
        }
    }

    /// About how many units the stages have that have not begun: as many as the largest that has.
    fn to_come(&self) -> u64 {
        let is_to_come = |line: &&Line| line.scope != ScopeState::Known;
        let to_come = self.lines.iter().filter(is_to_come).count() as u64;
        let largest = self.lines.iter().map(|line| line.to_do).max().unwrap_or(0);
        if self.mode == Mode::Over {
            0
        } else {
            to_come * largest
        }
    }

    fn limit(&self) -> String {
        match self.mode {
            Mode::Preparing => return "preparing before the first unit".to_owned(),
            Mode::Holding if self.waits_for_yes => return "held for your yes to the cost".to_owned(),
            Mode::Holding if self.held_by_sample => return "held after the sample".to_owned(),
            Mode::Holding => return "held by the operator".to_owned(),
            Mode::Draining => return "draining; nothing new starts".to_owned(),
            Mode::Over => return "the run has ended".to_owned(),
            Mode::Going => {}
        }
        let resting = self
            .lines
            .iter()
            .find_map(|line| Some((line, line.trouble.rest_told()?)));
        if let Some((line, rest)) = resting {
            return format!("the quota: {} {rest}", line.board.name);
        }
        if let Some(line) = self.lines.iter().find(|line| line.writer.is_in_doubt()) {
            return format!(
                "the connection: nobody says yet what became of a commit of {}",
                line.board.name
            );
        }
        let busy = self.slots.iter().filter(|slot| slot.task.is_some()).count();
        let waiting: usize = self.lines.iter().map(|line| line.writer.in_line()).sum();
        let resting: usize = self.lines.iter().map(|line| line.queue.resting()).sum();
        if waiting * 2 > self.workers {
            let waiting = counted(waiting, "batch");
            return format!("the warehouse: one commit at a time per table, {waiting} in line");
        }
        let queueing = (self.slots.iter().filter_map(|slot| slot.task.as_ref()))
            .filter(|task| task.phase == Phase::Queue)
            .count();
        if queueing > 0 && busy > self.warehouse.lanes() {
            return format!(
                "the processor: {} at once, more workers would not help",
                counted(self.warehouse.lanes(), "batch")
            );
        }
        if busy >= self.workers {
            return match busy {
                1 => "the only worker is busy; + adds one".to_owned(),
                busy => format!("the workers: all {busy} are busy; + adds one"),
            };
        }
        if resting > 0 {
            return format!(
                "retries: {} waiting for another attempt",
                counted(resting, "date")
            );
        }
        if self.checking > 0 {
            return format!("the checks: {} under way", counted(self.checking, "query"));
        }
        "the queue: the last dates are under way".to_owned()
    }
}
