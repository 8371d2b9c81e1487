//! Computes the snapshot of a run from its events. The engine does so too while it writes events, and records the
//! difference to its own snapshot as deltas. No files and no clock here.

mod check;
mod run;
mod stage;

use std::sync::Arc;

use super::{Event, Fact, SampleView, Snapshot, SnapshotDelta};
use crate::ledger::RunState;

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
        let delta = SnapshotDelta::between(self.0.as_ref(), now);
        self.0 = Some(now.clone());
        delta
    }
}

fn fold(snapshot: &mut Snapshot, fact: &Fact) {
    match &fact.event {
        Event::RunStarted { .. }
        | Event::Prepared { .. }
        | Event::Estimated { .. }
        | Event::QuestionAsked(_)
        | Event::QuestionAnswered { .. }
        | Event::WorkersChanged { .. }
        | Event::Paused
        | Event::Resumed
        | Event::RunFinished { .. } => run::fold(snapshot, &fact.event),
        Event::UnitSampled(unit) => sample_of(snapshot).units.push(unit.clone()),
        Event::SampleFinished { message, nulls, .. } => sample_of(snapshot).finish(message, nulls),
        Event::StageStarted { .. }
        | Event::UnitFinished { .. }
        | Event::UnitRetried { .. }
        | Event::CallRetried { .. }
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
        | Event::OutputIncomplete { .. }
        | Event::EventsMissing { .. }
        | Event::PlanRefused { .. }
        | Event::TableTakenOver { .. }
        | Event::TableAltered { .. }
        | Event::FeedCorrected { .. }
        | Event::SourceChanged { .. }
        | Event::DatesOutdated { .. }
        | Event::Committed { .. }
        | Event::CommitRetried { .. }
        | Event::StagesApproved { .. }
        | Event::StageThrottled { .. }
        | Event::StageStopped { .. }
        | Event::ItemTicked { .. }
        | Event::WorkerPanicked { .. } => {}
    }
}

fn sample_of(snapshot: &mut Snapshot) -> &mut SampleView {
    Arc::make_mut(snapshot.sample.get_or_insert_default())
}
