//! The runs that an event log holds, each with what tells it apart from the others.

use crate::engine::{Event, Fact};

/// One run of an event log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its id.
    pub run: String,
    /// Whether it computed, asked or changed anything.
    pub did_something: bool,
    /// How it ended, in one sentence; none if that was not recorded.
    pub ended: Option<String>,
}

/// Takes a fact into the list; says whether it is the first of its run.
pub(super) fn note(runs: &mut Vec<Recorded>, fact: &Fact) -> bool {
    // A run's facts stand together, and the newest run last.
    let known = runs.iter().rposition(|run| run.run == fact.run);
    let at = known.unwrap_or_else(|| {
        runs.push(Recorded {
            run: fact.run.clone(),
            did_something: false,
            ended: None,
        });
        runs.len() - 1
    });
    runs[at].did_something |= does_something(&fact.event);
    if let Event::RunFinished { state, message, .. } = &fact.event {
        runs[at].ended = Some(format!("{}: {message}", state.word()));
    }
    known.is_none()
}

/// Whether it is worth a look that this happened, and not only that a run began, found nothing to do and ended.
const fn does_something(event: &Event) -> bool {
    matches!(
        event,
        Event::UnitFinished { .. }
            | Event::UnitRetried { .. }
            | Event::UnitSampled(_)
            | Event::CheckFinished { .. }
            | Event::SourceChecked { .. }
            | Event::FeedCorrected { .. }
            | Event::CheckWaived { .. }
            | Event::ItemTicked { .. }
    )
}
