//! Computes the snapshot of a run from its events. The engine does so too while it writes events, and records the
//! difference to its own snapshot as deltas. No files and no clock here.

mod check;
mod delta;
mod group;
mod list;
mod stage;

use std::sync::Arc;

use super::{Event, Fact, Question, Snapshot, WorkerView};
use crate::ledger::RunState;
pub use delta::{SnapshotDelta, StageDelta};
pub use group::UnitGroup;
pub use list::ListDelta;

/// A run as described by its events so far.
#[derive(Debug, Clone, Default)]
pub struct Projector(Option<Snapshot>);

impl Projector {
    /// The snapshot; `None` before the first event.
    #[must_use]
    pub const fn snapshot(&self) -> Option<&Snapshot> {
        self.0.as_ref()
    }

    /// Applies the next event.
    pub fn take(&mut self, fact: &Fact) {
        let snapshot = self.0.get_or_insert_with(|| Snapshot::blank(&fact.run, fact.at));
        let is_at_work = matches!(snapshot.run.state, RunState::Running | RunState::Draining);
        if is_at_work {
            snapshot.run.active_seconds += (fact.at - snapshot.at).as_seconds_f64().max(0.0);
        }
        snapshot.at = fact.at;
        snapshot.version += 1;
        fold(snapshot, fact);
    }

    /// What `now` adds to the events so far; later deltas start from `now`.
    pub(super) fn diff(&mut self, now: &Snapshot) -> SnapshotDelta {
        let untold = SnapshotDelta::between(self.0.as_ref(), now);
        self.0 = Some(now.clone());
        untold
    }
}

fn fold(snapshot: &mut Snapshot, fact: &Fact) {
    match &fact.event {
        Event::RunStarted {
            plan,
            warehouse,
            source,
            workers,
            pid,
            control,
        } => {
            let run = &mut snapshot.run;
            run.title.clone_from(plan);
            run.warehouse.clone_from(warehouse);
            run.source.clone_from(source);
            run.pid = *pid;
            run.control.clone_from(control);
            staff(&mut snapshot.workers, *workers);
        }
        Event::Prepared { .. } => snapshot.run.preparing = None,
        Event::Estimated {
            awaiting_approval,
            estimate,
            ..
        } => {
            // Runs recorded before questions existed have no other event for this one.
            snapshot.run.question = awaiting_approval.then(|| Arc::new(Question::cost()));
            snapshot.estimate = Some(Arc::new(estimate.clone()));
        }
        Event::QuestionAsked(question) => snapshot.run.question = Some(Arc::new(question.clone())),
        Event::QuestionAnswered { .. } => snapshot.run.question = None,
        Event::UnitSampled(_) | Event::SampleFinished { .. } => {
            Arc::make_mut(snapshot.sample.get_or_insert_default()).apply(&fact.event);
        }
        Event::WorkersChanged { to, .. } => staff(&mut snapshot.workers, *to),
        Event::Paused => {
            snapshot.run.pausing = false;
            snapshot.run.state = RunState::Paused;
        }
        Event::Resumed => {
            snapshot.run.question = None;
            snapshot.run.state = RunState::Running;
            snapshot.run.ending = None;
        }
        Event::RunFinished { state, message, .. } => {
            snapshot.run.state = *state;
            snapshot.run.ending = Some(message.clone());
            snapshot.workers.iter_mut().for_each(|worker| worker.task = None);
            stage::all_judged(snapshot);
        }
        Event::StageStarted { .. }
        | Event::UnitFinished { .. }
        | Event::UnitRetried { .. }
        | Event::RerunQueued { .. }
        | Event::UnitsInvalidated { .. }
        | Event::StageFinished { .. } => stage::fold(snapshot, &fact.event),
        Event::CheckStarted { .. }
        | Event::CheckFinished { .. }
        | Event::SourceChecked { .. }
        | Event::CheckWaived { .. } => check::fold(snapshot, fact),
        Event::SnapshotDelta(delta) => delta.apply(snapshot),
        // The effect of these shows in the events and deltas that follow.
        Event::Continued { .. }
        | Event::PlanRefused { .. }
        | Event::TableTakenOver { .. }
        | Event::TableAltered { .. }
        | Event::FeedCorrected { .. }
        | Event::DatesOutdated { .. }
        | Event::StagesApproved { .. }
        | Event::StageThrottled { .. }
        | Event::StageStopped { .. }
        | Event::ItemTicked { .. }
        | Event::WorkerPanicked { .. } => {}
    }
}

/// Adjusts the list to `number` workers; new ones are idle.
fn staff(workers: &mut Vec<WorkerView>, number: usize) {
    workers.truncate(number);
    for slot in workers.len() + 1..=number {
        workers.push(WorkerView {
            slot,
            task: None,
            units_done: 0,
            busy: 0.0,
        });
    }
}
