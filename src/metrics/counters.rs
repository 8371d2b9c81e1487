//! What happened since the start of a run, counted from its events: snapshots show only the present.

use std::collections::BTreeMap;

use crate::engine::{Event, Fact};
use crate::ledger::UnitState;
use crate::warehouse::ErrorClass;

/// What is repeated after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Retried {
    /// A date.
    Unit,
    /// A program's call for several dates.
    Call,
    /// A transaction.
    Commit,
}

impl Retried {
    /// The value of the label.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Call => "call",
            Self::Commit => "commit",
        }
    }
}

/// Totals over the events of one run, by stage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct EventTotals {
    /// Transactions that replaced rows.
    pub(super) commits: BTreeMap<String, u64>,
    /// Failed attempts that are repeated, by error class.
    pub(super) retries: BTreeMap<(String, Retried, &'static str), u64>,
    /// Units that ended, by state. One that is rerun ends again.
    pub(super) finished: BTreeMap<(String, &'static str), u64>,
    /// Events not counted, because they came faster than they were read.
    pub(super) missed: u64,
}

impl EventTotals {
    /// Counts an event.
    pub(super) fn add(&mut self, fact: &Fact) {
        match &fact.event {
            Event::Committed { stage, .. } => *self.commits.entry(stage.clone()).or_default() += 1,
            Event::UnitRetried { stage, class, .. } => self.retry(stage, Retried::Unit, *class),
            Event::CallRetried { stage, class, .. } => self.retry(stage, Retried::Call, *class),
            Event::CommitRetried { stage, class, .. } => self.retry(stage, Retried::Commit, *class),
            Event::UnitFinished { stage, state, .. } => self.finish(stage, *state),
            _ => {}
        }
    }

    fn retry(&mut self, stage: &str, what: Retried, class: ErrorClass) {
        *(self
            .retries
            .entry((stage.to_owned(), what, class.word()))
            .or_default()) += 1;
    }

    fn finish(&mut self, stage: &str, state: UnitState) {
        *(self.finished.entry((stage.to_owned(), state.word())).or_default()) += 1;
    }
}
