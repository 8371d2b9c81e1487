//! What the dispatcher has to remember about the dates of a stage, besides what it shows of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::UnitRecord;
use crate::partition::Partition;

/// A date of a stage. Dates outside the run have one too, if an earlier run recorded them.
#[derive(Debug, Clone, Default)]
pub(super) struct Unit {
    /// Failed attempts in this run, while it waits for a retry.
    pub(super) attempts: u32,
    /// The source to compute it from, where it isn't the run's.
    pub(super) source: Option<String>,
    /// The source of its stored rows, where it isn't the run's.
    pub(super) stored_source: Option<String>,
    /// Whether the operator accepts rows that miss the expectation in place of stored ones.
    pub(super) accepts_short: bool,
    /// Whether it was computed with another definition of the stage, completely or not.
    pub(super) is_outdated: bool,
    /// Why its inputs have changed since it started; only while it is in flight.
    pub(super) invalidated: Option<String>,
    /// Who recorded its final state, if it has one in the ledger.
    pub(super) recorded: Option<RecordedBy>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordedBy {
    /// An earlier run, or this one without computing anything.
    Earlier,
    /// This run; the state may need attention.
    ThisRun { needs_attention: bool },
}

#[derive(Debug, Default)]
pub(super) struct UnitsByDate(BTreeMap<Partition, Unit>);

impl UnitsByDate {
    /// The unit of a date, if there is anything to remember about it.
    pub(super) fn get(&self, date: Partition) -> Option<&Unit> {
        self.0.get(&date)
    }

    pub(super) fn get_mut(&mut self, date: Partition) -> &mut Unit {
        self.0.entry(date).or_default()
    }

    /// Remembers what the ledger has on a date before this run computes it.
    pub(super) fn remember(&mut self, record: &UnitRecord) {
        self.get_mut(record.date).recorded = (!record.state.is_open()).then_some(RecordedBy::Earlier);
    }

    pub(super) fn source(&self, date: Partition) -> Option<&str> {
        self.get(date)?.source.as_deref()
    }

    pub(super) fn is_outdated(&self, date: Partition) -> bool {
        self.get(date).is_some_and(|unit| unit.is_outdated)
    }

    pub(super) fn is_recorded(&self, date: Partition) -> bool {
        self.get(date).is_some_and(|unit| unit.recorded.is_some())
    }

    pub(super) fn recorded(&self) -> BTreeSet<Partition> {
        let recorded = self.0.iter().filter(|(_, unit)| unit.recorded.is_some());
        recorded.map(|(date, _)| *date).collect()
    }

    /// Number of dates that this run ended in a state that needs attention.
    pub(super) fn failed(&self) -> usize {
        let failed = Some(RecordedBy::ThisRun {
            needs_attention: true,
        });
        self.0.values().filter(|unit| unit.recorded == failed).count()
    }
}
