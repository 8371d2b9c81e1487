//! The runs in an event log.

use crate::engine::{Event, Fact};

/// A run in an event log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRun {
    /// Its id.
    pub run: String,
    /// Whether it computed, checked or changed anything.
    pub did_something: bool,
    /// Number of events that couldn't be recorded.
    pub missing: u64,
    /// How it ended, in one sentence; `None` if that wasn't recorded.
    pub ended: Option<String>,
}

/// Adds an event to the list; returns whether it is the first of its run.
pub(super) fn note(runs: &mut Vec<RecordedRun>, fact: &Fact) -> bool {
    // Events of a run are adjacent, and the newest run is last.
    let known = runs.iter().rposition(|run| run.run == fact.run);
    let at = known.unwrap_or_else(|| {
        runs.push(RecordedRun {
            run: fact.run.clone(),
            did_something: false,
            missing: 0,
            ended: None,
        });
        runs.len() - 1
    });
    runs[at].did_something |= is_work(&fact.event);
    if let Event::EventsMissing { events, .. } = &fact.event {
        runs[at].missing += events;
    }
    if let Event::RunFinished { state, message, .. } = &fact.event {
        runs[at].ended = Some(format!("{}: {message}", state.word()));
    }
    known.is_none()
}

/// Whether the event shows that its run did work, unlike a run that starts, finds nothing to do and ends.
const fn is_work(event: &Event) -> bool {
    matches!(
        event,
        Event::UnitFinished { .. }
            | Event::UnitRetried { .. }
            | Event::CallRetried { .. }
            | Event::Committed { .. }
            | Event::CommitRetried { .. }
            | Event::UnitSampled(_)
            | Event::CheckFinished { .. }
            | Event::SourceChecked { .. }
            | Event::FeedCorrected { .. }
            | Event::CheckWaived { .. }
            | Event::ItemTicked { .. }
    )
}
