//! Checks of one kind: their results, and which of them are queued or in flight. It must not know how a check is run.

use std::collections::VecDeque;

use super::super::CheckView;
use crate::ledger::CheckState;
use crate::partition::Partition;
use crate::plan::Severity;

/// Which checks a queue has.
#[derive(Debug, Clone, Copy)]
pub(super) enum CheckGroup {
    Stages,
    /// The raw-data checks.
    Sources,
}

#[derive(Debug)]
pub(super) struct CheckQueue {
    pub(super) views: Vec<CheckView>,
    queue: VecDeque<usize>,
    most_in_flight: usize,
}

impl CheckQueue {
    /// Starts from the latest recorded results.
    pub(super) const fn of(views: Vec<CheckView>, most_in_flight: usize) -> Self {
        Self {
            views,
            queue: VecDeque::new(),
            most_in_flight,
        }
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.views.iter().position(|check| check.name == name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.views.iter().map(|check| check.name.as_str())
    }

    pub(super) fn of_stage(&self, stage: &str) -> impl Iterator<Item = (usize, &CheckView)> + Clone {
        let checks = self.views.iter().enumerate();
        checks.filter(move |(_, check)| check.stage == stage)
    }

    /// The failing dates of a check, if it belongs to the stage.
    pub(super) fn failing_dates(&self, stage: &str, check: &str) -> &[Partition] {
        let of_it = |known: &&CheckView| known.name == check && known.stage == stage;
        let known = self.views.iter().find(of_it);
        known.map_or(&[], |check| check.failing_dates.as_slice())
    }

    /// Queues a check, a blocking one before the advisory ones: the next stage waits for it. Returns whether it was
    /// neither queued nor in flight before.
    pub(super) fn enqueue(&mut self, at: usize) -> bool {
        let is_new = !self.queue.contains(&at) && self.views[at].state != CheckState::Running;
        if is_new {
            let is_blocking = |check: usize| self.views[check].severity == Severity::Blocking;
            let blocking = self
                .queue
                .iter()
                .take_while(|queued| is_blocking(**queued))
                .count();
            let place = if is_blocking(at) {
                blocking
            } else {
                self.queue.len()
            };
            self.queue.insert(place, at);
        }
        is_new
    }

    /// Takes the next check to run from the queue; `None` while enough are in flight. Fewer advisory ones run beside units,
    /// which read from the same warehouse.
    pub(super) fn take_next(&mut self, is_beside_units: bool) -> Option<usize> {
        let next = *self.queue.front()?;
        let most = match self.views[next].severity {
            Severity::Advisory if is_beside_units => self.most_in_flight.div_ceil(2),
            _ => self.most_in_flight,
        };
        (self.in_flight() < most)
            .then(|| self.queue.pop_front())
            .flatten()
    }

    pub(super) fn in_flight(&self) -> usize {
        let in_flight = |check: &&CheckView| check.state == CheckState::Running;
        self.views.iter().filter(in_flight).count()
    }

    pub(super) fn are_pending(&self) -> bool {
        !self.queue.is_empty() || self.in_flight() > 0
    }

    /// Whether the gate of the stage waits for a check. Advisory ones run beside the next stage.
    pub(super) fn blocking_are_pending_for(&self, stage: &str) -> bool {
        self.of_stage(stage).any(|(at, check)| {
            check.severity == Severity::Blocking
                && (check.state == CheckState::Running || self.queue.contains(&at))
        })
    }

    pub(super) fn clear(&mut self) {
        self.queue.clear();
    }

    pub(super) fn reset_aborted(&mut self) {
        self.queue.clear();
        for check in &mut self.views {
            if check.state == CheckState::Running {
                check.state = CheckState::Pending;
            }
        }
    }

    /// Marks the current results of these checks outdated. Returns the names of the checks that had one.
    pub(super) fn outdate(&mut self, is_meant: impl Fn(&CheckView) -> bool) -> Vec<&str> {
        let mut names = Vec::new();
        for check in &mut self.views {
            if check.state.is_answer() && is_meant(check) {
                check.state = CheckState::Outdated;
                names.push(check.name.as_str());
            }
        }
        names
    }
}
