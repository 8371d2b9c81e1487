//! The settings of a run, and which units they make due. Plain data: it must not know how a run is started.

use super::{Checks, Permits, RetryPolicy, Selection};
use crate::partition::Partition;

/// Settings of a run.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub struct Options {
    /// Names the run in ledger and events.
    pub run_id: String,
    /// The dates of the run, ascending, without duplicates.
    pub dates: Vec<Partition>,
    /// The source the stages read.
    pub source: String,
    /// Whether the operator named the source; units computed from another source are then rerun.
    pub source_is_explicit: bool,
    /// Workers at the start.
    pub workers: usize,
    /// Maximum number of dates per batch.
    pub largest_batch: usize,
    /// The operator's name, recorded with commands.
    pub operator: String,
    /// Pause before the first unit.
    pub paused: bool,
    /// Which units of these dates are due.
    pub work: Work,
    /// Let rows that miss the expectation replace stored rows.
    pub accept_short: bool,
    /// What to do with outdated units.
    pub on_change: OnChange,
    /// Run these checks once the units have finished, instead of those without a current result.
    pub ask: Option<Checks>,
    /// Stages approved in advance, for a plan that asks before they start.
    pub released: Vec<String>,
    /// Drain the run once this many units have failed.
    pub fail_fast: Option<u64>,
    /// What the run may do to tables that differ from the plan or belong to others.
    pub permits: Permits,
    /// Limits on billed bytes, where the warehouse bills.
    pub ceilings: Ceilings,
    /// Keep accepting commands after the end.
    pub stay: bool,
    /// Path of the control socket, if there is one; only shown.
    pub control: Option<String>,
    /// Number of attempts and pauses between them.
    pub retry: RetryPolicy,
}

impl Options {
    /// The part of the options that decides which units are due.
    #[must_use]
    pub fn demand(&self) -> Demand<'_> {
        Demand {
            work: &self.work,
            source: &self.source,
            source_is_explicit: self.source_is_explicit,
            on_change: self.on_change,
        }
    }
}

/// Limits on billed bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ceilings {
    /// Per job; the warehouse enforces it too.
    pub of_a_job: Option<u64>,
    /// For all jobs of the run.
    pub of_the_run: Option<u64>,
}

/// Which units of a run's dates are due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Units that the ledger doesn't record as done.
    Missing,
    /// All units, whatever the ledger says.
    All,
    /// Only the selected units, whatever the ledger says.
    Only(Selection),
}

/// What a run of missing units does with outdated ones (computed with another definition of their stage).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnChange {
    /// Rerun them.
    Rerun,
    /// Keep their rows; they stay outdated.
    #[default]
    Keep,
    /// Ask the operator before the first unit.
    Ask,
}

/// What a run is asked to do.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    pub work: &'a Work,
    pub source: &'a str,
    /// Whether the operator named the source; units computed from another source are then due.
    pub source_is_explicit: bool,
    pub on_change: OnChange,
}

impl Demand<'_> {
    /// Whether the run settles the open intents of a crashed process. A run of chosen units doesn't.
    pub const fn settles_intents(self) -> bool {
        matches!(self.work, Work::Missing | Work::All)
    }
}
