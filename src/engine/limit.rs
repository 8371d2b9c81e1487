//! The bottleneck of a run in words, and how many workers are enough for it. Independent of the dispatcher.

use std::fmt;

use crate::figures::counted;

/// What limits the speed of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Limit {
    /// Steps before the first unit.
    Preparing,
    /// Awaiting approval of the cost.
    Cost,
    /// Paused for review of the sample.
    Sample,
    /// Waiting for the answer to a question.
    Answer,
    /// Paused by the operator.
    Operator,
    /// Draining: no new batches start.
    Draining,
    /// The run has ended.
    Ended,
    /// A stage is throttled: the quota of its table is used up.
    Quota {
        /// Stage name.
        stage: String,
        /// Until when and why, in words.
        rest: String,
        /// Workers with a batch of another stage.
        busy: usize,
    },
    /// The outcome of a commit is unknown.
    Connection {
        /// Stage name.
        stage: String,
        /// Workers with a batch.
        busy: usize,
    },
    /// The writer: batches held by workers wait for it.
    Commits {
        /// Batches waiting.
        waiting: usize,
        /// Workers with a batch, except those that wait for a read slot.
        busy: usize,
    },
    /// Read slots: an in-process warehouse reads this many batches at once, one per core.
    ReadSlots(usize),
    /// The workers: all are busy.
    Workers {
        /// Number of workers.
        busy: usize,
        /// Batches that can be read at once.
        slots: usize,
    },
    /// Dates waiting for a retry.
    Retries {
        /// Number of dates.
        resting: usize,
        /// Workers with a batch.
        busy: usize,
    },
    /// A stage that depends on its past: one batch at a time.
    Order {
        /// Stage name.
        stage: String,
        /// Workers with a batch.
        busy: usize,
    },
    /// Checks in flight.
    Checks {
        /// Number of checks.
        asked: usize,
        /// Workers with a batch.
        busy: usize,
    },
    /// Fewer batches are left than there are workers.
    Queue(usize),
}

impl Limit {
    /// Number of workers beyond which more don't help, by estimate; `None` if each one helps.
    #[must_use]
    pub fn enough_workers(&self) -> Option<usize> {
        let enough = match *self {
            Self::Preparing
            | Self::Cost
            | Self::Sample
            | Self::Answer
            | Self::Operator
            | Self::Draining
            | Self::Ended => 1,
            // Workers whose batch already waits are not needed to keep the writer busy.
            Self::Commits { waiting, busy } => busy.saturating_sub(waiting),
            // More busy workers than read slots do other work than reading; readers would be seen waiting.
            Self::Workers { busy, slots } if busy >= slots || slots == usize::MAX => return None,
            Self::Workers { slots, .. } | Self::ReadSlots(slots) => slots,
            // One stage waits; these workers are enough for the others.
            Self::Quota { busy, .. }
            | Self::Connection { busy, .. }
            | Self::Retries { busy, .. }
            | Self::Order { busy, .. }
            | Self::Checks { busy, .. }
            | Self::Queue(busy) => busy,
        };
        Some(enough.max(1))
    }
}

/// How many times as long the rest takes with `wanted` instead of `now` workers; more than `enough` don't help.
#[allow(clippy::cast_precision_loss, reason = "far fewer than 2^53 workers")]
pub(super) fn times_as_long(enough: Option<usize>, now: usize, wanted: usize) -> f64 {
    let at_work = |workers: usize| workers.min(enough.unwrap_or(usize::MAX)).max(1);
    at_work(now) as f64 / at_work(wanted) as f64
}

impl fmt::Display for Limit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preparing => out.write_str("preparing"),
            Self::Cost => out.write_str("awaiting approval of the cost"),
            Self::Sample => out.write_str("paused for review of the sample"),
            Self::Answer => out.write_str("awaiting your answer"),
            Self::Operator => out.write_str("paused by the operator"),
            Self::Draining => out.write_str("draining; nothing new starts"),
            Self::Ended => out.write_str("the run has ended"),
            Self::Quota { stage, rest, .. } => write!(out, "quota: {stage} {rest}"),
            Self::Connection { stage, .. } => {
                write!(out, "connection: outcome of a commit of {stage} unknown")
            }
            Self::Commits { waiting, .. } => write!(
                out,
                "warehouse: one commit at a time per table, {} queued",
                counted(*waiting, "batch")
            ),
            Self::ReadSlots(slots) => write!(
                out,
                "read slots: {} at once; more workers won't help",
                counted(*slots, "batch")
            ),
            Self::Workers { busy: 1, .. } => out.write_str("workers: the only one is busy; add one"),
            Self::Workers { busy, .. } => write!(out, "workers: all {busy} busy; add more"),
            Self::Retries { resting, .. } => write!(
                out,
                "retries: {} waiting for the next attempt",
                counted(*resting, "date")
            ),
            Self::Order { stage, .. } => {
                write!(out, "order: each date of {stage} waits for the previous one")
            }
            Self::Checks { asked, .. } => {
                write!(out, "checks: {} running", counted(*asked, "query"))
            }
            Self::Queue(_) => out.write_str("none, finishing the last dates"),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Limit::Workers { busy: 4, slots: usize::MAX }, None)]
    #[case(Limit::Workers { busy: 1, slots: 2 }, Some(2))]
    #[case(Limit::Workers { busy: 4, slots: 2 }, None)]
    #[case(Limit::Commits { waiting: 11, busy: 15 }, Some(4))]
    #[case(Limit::Commits { waiting: 15, busy: 15 }, Some(1))]
    #[case(Limit::ReadSlots(2), Some(2))]
    #[case(Limit::Queue(3), Some(3))]
    #[case(Limit::Order { stage: "a".to_owned(), busy: 1 }, Some(1))]
    #[case(Limit::Checks { asked: 2, busy: 0 }, Some(1))]
    #[case(Limit::Operator, Some(1))]
    #[case(Limit::Quota { stage: "a".to_owned(), rest: "rests".to_owned(), busy: 15 }, Some(15))]
    #[case(Limit::Connection { stage: "a".to_owned(), busy: 0 }, Some(1))]
    fn only_worker_bound_runs_benefit_from_more_workers(#[case] limit: Limit, #[case] enough: Option<usize>) {
        assert_eq!(limit.enough_workers(), enough);
    }

    #[rstest]
    #[case(None, 4, 8, 0.5)]
    #[case(None, 4, 3, 4.0 / 3.0)]
    #[case(Some(2), 1, 4, 0.5)]
    #[case(Some(4), 15, 16, 1.0)]
    #[case(Some(4), 15, 5, 1.0)]
    #[case(Some(4), 15, 2, 2.0)]
    fn speedup_stops_at_the_useful_number_of_workers(
        #[case] enough: Option<usize>,
        #[case] now: usize,
        #[case] wanted: usize,
        #[case] times: f64,
    ) {
        assert!((times_as_long(enough, now, wanted) - times).abs() < 1e-9);
    }
}
