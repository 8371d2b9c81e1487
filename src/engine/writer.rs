//! One commit at a time per table. All batches waiting when the writer becomes free go into the next commit together,
//! so that many small batches need few transactions.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use tokio::time::Instant;

use crate::table::Row;
use crate::warehouse::{Kept, Refill, Replace, RowsExpected, Warehouse, WarehouseError};

use super::dispatcher::CommitRecord;
use super::stored::counted_rows;
use super::unit_result::{Stored, UnitResult};
use super::worker::Batch;
use super::{Fills, Stage};

/// Maximum number of dates per commit: at first, and after it has grown.
const COMMIT_DATES: (usize, usize) = (96, 384);

/// A computed batch waiting to be written.
#[derive(Debug)]
pub(super) struct Waiting {
    /// The batch.
    pub(super) batch: Batch,
    /// The results of its dates.
    pub(super) unit_results: Vec<UnitResult>,
    /// How often a commit under this batch's name was sent and is known to have failed.
    pub(super) sends: u32,
    /// Whether its worker waits with it, because the next commit is full.
    pub(super) is_held: bool,
}

/// Batches written in one transaction.
#[derive(Debug, Default)]
pub(super) struct Commit {
    /// The batches.
    pub(super) parts: Vec<Waiting>,
    /// Failed attempts so far.
    pub(super) attempts: u32,
    /// How often in a row its outcome was unknown.
    pub(super) lost: u32,
    /// The progress record written with it.
    pub(super) record: Option<CommitRecord>,
}

impl Waiting {
    /// A batch just computed; its worker waits until [`Writer::release`].
    pub(super) const fn new(batch: Batch, unit_results: Vec<UnitResult>) -> Self {
        Self {
            batch,
            unit_results,
            sends: 0,
            is_held: true,
        }
    }

    /// The batch for a retry, with only the dates that computed successfully. Dates that failed are already queued for
    /// their own retry.
    pub(super) fn to_try_again(&self) -> Batch {
        Batch {
            dates: self
                .unit_results
                .iter()
                .map(|unit_result| unit_result.settled.unit.date)
                .collect(),
            ..self.batch.clone()
        }
    }

    /// Number of values in its rows.
    fn values(&self) -> usize {
        self.unit_results
            .iter()
            .flat_map(|unit_result| &unit_result.rows)
            .map(Vec::len)
            .sum()
    }
}

impl Commit {
    pub(super) fn unit_results(&self) -> impl Iterator<Item = &UnitResult> {
        self.parts.iter().flat_map(|part| &part.unit_results)
    }

    /// Sets what is stored for one of its dates.
    fn learn(&mut self, date: NaiveDate, stored: Stored) {
        if let Some(unit_result) = self.on(date).next() {
            unit_result.learn(stored);
        }
    }

    fn on(&mut self, date: NaiveDate) -> impl Iterator<Item = &mut UnitResult> {
        (self.unit_results_mut()).filter(move |unit_result| unit_result.settled.unit.date == date)
    }

    fn unit_results_mut(&mut self) -> impl Iterator<Item = &mut UnitResult> {
        self.parts.iter_mut().flat_map(|part| &mut part.unit_results)
    }

    /// The job name of the next attempt, from the first batch's intent and its failed sends.
    pub(super) fn name(&self, run: &str) -> String {
        let first = self.parts.first();
        name(
            run,
            first.map_or(0, |part| part.batch.intent),
            first.map_or(0, |part| part.sends),
        )
    }

    /// Records that the commit is known to have failed; the next attempt gets a new name.
    pub(super) fn was_refused(&mut self) {
        self.lost = 0;
        if let Some(first) = self.parts.first_mut() {
            first.sends += 1;
        }
    }
}

/// The name of a commit attempt. It is built from values that are in the ledger before anything is sent, so that after
/// a crash the next process can look up the outcome.
pub(super) fn name(run: &str, intent: i64, sends: u32) -> String {
    format!("{run}-{intent}-{sends}")
}

/// The writer of one table.
#[derive(Debug)]
pub(super) struct Writer {
    waiting: VecDeque<Waiting>,
    /// Failed commits to be sent again unchanged, each from its due time on.
    again: VecDeque<(Instant, Commit)>,
    busy: bool,
    /// Maximum number of dates in the next commit.
    most_dates: usize,
    /// Maximum number of values per commit; exceeded only by a single batch, which is never split.
    most_values: usize,
}

impl Writer {
    /// A writer with about `most_values` values per commit.
    pub(super) const fn new(most_values: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            again: VecDeque::new(),
            busy: false,
            most_dates: COMMIT_DATES.0,
            most_values,
        }
    }

    /// Queues a computed batch.
    pub(super) fn join(&mut self, waiting: Waiting) {
        self.waiting.push_back(waiting);
    }

    /// Whether more batches are queued than the next commit can take; further workers must wait.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() > self.fitting()
    }

    /// How many batches from the front of the queue fit in one commit; at least one.
    fn fitting(&self) -> usize {
        let (mut dates, mut values) = (0, 0);
        let fits = |part: &&Waiting| {
            let is_first = dates == 0;
            dates += part.unit_results.len();
            values += part.values();
            is_first || (dates <= self.most_dates && values <= self.most_values)
        };
        self.waiting.iter().take_while(fits).count()
    }

    /// The slots of workers that may continue because their rows fit in the next commit. Returns each batch's slot
    /// once.
    pub(super) fn release(&mut self) -> Vec<usize> {
        let fitting = self.fitting();
        let held = self.waiting.iter_mut().take(fitting).filter(|part| part.is_held);
        held.map(|part| {
            part.is_held = false;
            part.batch.slot
        })
        .collect()
    }

    /// The slots of workers waiting with their batch.
    pub(super) fn held(&self) -> impl Iterator<Item = usize> {
        let held = self.waiting.iter().filter(|part| part.is_held);
        held.map(|part| part.batch.slot)
    }

    /// Queues a failed commit to be sent again at `due`.
    pub(super) fn rest(&mut self, commit: Commit, due: Instant) {
        self.again.push_back((due, commit));
    }

    /// Queues the batches of a failed commit one by one, to find the one at fault.
    pub(super) fn split(&mut self, commit: Commit, now: Instant) {
        for part in commit.parts {
            self.again.push_back((
                now,
                Commit {
                    parts: vec![part],
                    ..Commit::default()
                },
            ));
        }
    }

    /// Takes the next due commit if the writer is free, and marks it busy. A commit with an unknown outcome blocks all
    /// others, because it may still be applied.
    pub(super) fn take(&mut self, now: Instant) -> Option<Commit> {
        if self.busy {
            return None;
        }
        let is_next =
            |(due, commit): &(Instant, Commit)| *due <= now && (commit.lost > 0 || !self.is_in_doubt());
        let commit = match self.again.iter().position(is_next) {
            Some(at) => self.again.remove(at).map(|(_, commit)| commit),
            None if self.is_in_doubt() => None,
            None => self.next_from_line(),
        };
        self.busy = commit.is_some();
        commit
    }

    /// Commits grow while more batches are queued than fit: the writer is the bottleneck, and each commit costs about
    /// the same.
    fn next_from_line(&mut self) -> Option<Commit> {
        if self.is_full() {
            self.most_dates = (self.most_dates * 2).min(COMMIT_DATES.1);
        }
        let fitting = self.fitting();
        let parts: Vec<_> = self.waiting.drain(..fitting).collect();
        (!parts.is_empty()).then(|| Commit {
            parts,
            ..Commit::default()
        })
    }

    /// Marks the writer free after a commit, whatever its result.
    pub(super) const fn free(&mut self) {
        self.busy = false;
    }

    /// Whether a commit is in flight.
    pub(super) const fn is_busy(&self) -> bool {
        self.busy
    }

    /// Whether there is a commit with an unknown outcome.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.again.iter().any(|(_, commit)| commit.lost > 0)
    }

    /// Number of batches waiting for the writer.
    pub(super) fn in_line(&self) -> usize {
        self.waiting.len()
    }

    /// When the next failed commit is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.again.iter().map(|(due, _)| *due).min()
    }

    /// Whether nothing is queued or in flight.
    pub(super) fn is_idle(&self) -> bool {
        !self.busy && self.waiting.is_empty() && self.again.is_empty()
    }
}

/// Writes a commit: replaces exactly its dates in one transaction. Skipped dates are left alone, and a short date keeps
/// its stored rows if there are at least as many. Rows written by another program are only counted.
pub(super) async fn write(
    mut commit: Commit,
    name: String,
    stage: Arc<dyn Stage>,
    warehouse: Arc<dyn Warehouse>,
    now: DateTime<Utc>,
) -> (Commit, Result<(), WarehouseError>) {
    let dates: Vec<_> = commit
        .unit_results()
        .filter(|unit_result| unit_result.expected().is_some())
        .map(|unit_result| unit_result.settled.unit.date)
        .collect();
    let result = if dates.is_empty() {
        Ok(())
    } else {
        put(&mut commit, &name, stage.fills(), warehouse.as_ref(), &dates, now).await
    };
    (commit, result)
}

async fn put(
    commit: &mut Commit,
    name: &str,
    fills: Fills<'_>,
    warehouse: &dyn Warehouse,
    dates: &[NaiveDate],
    now: DateTime<Utc>,
) -> Result<(), WarehouseError> {
    let record = commit.record.as_ref().map(|record| record.recording.clone());
    match fills {
        Fills::Computed(table) => {
            let lengths: Vec<usize> = commit
                .unit_results()
                .map(|unit_result| unit_result.rows.len())
                .collect();
            let rows: Vec<Row> = commit
                .unit_results_mut()
                .flat_map(|unit_result| mem::take(&mut unit_result.rows))
                .collect();
            let short: Vec<NaiveDate> = (commit.unit_results().filter(|unit_result| unit_result.is_short()))
                .map(|unit_result| unit_result.settled.unit.date)
                .collect();
            let replace = Replace {
                table,
                dates,
                rows: &rows,
                short: &short,
                now,
                name: Some(name),
                record: record.as_ref(),
            };
            match warehouse.replace(replace).await {
                Ok(kept) => {
                    for Kept { date, rows } in kept {
                        commit.on(date).for_each(|unit_result| unit_result.keep(rows));
                    }
                    Ok(())
                }
                Err(error) => {
                    // They will be sent again, so give the rows back to their dates.
                    let mut rows = rows.into_iter();
                    for (unit_result, length) in commit.unit_results_mut().zip(lengths) {
                        unit_result.rows = rows.by_ref().take(length).collect();
                    }
                    Err(error)
                }
            }
        }
        Fills::Query(table, sql, asking) => {
            let expected: Vec<RowsExpected> =
                commit.unit_results().filter_map(UnitResult::expected).collect();
            let refill = Refill {
                table,
                dates,
                expected: &expected,
                sql,
                asking,
                now,
                name,
                record: record.as_ref(),
            };
            for refilled in warehouse.refill(refill).await? {
                commit.learn(refilled.date, refilled.into());
            }
            Ok(())
        }
        Fills::Counted(table) => {
            let rows = counted_rows(warehouse, table, dates).await?;
            for &date in dates {
                commit.learn(date, Stored::unseen(rows.get(&date).copied().unwrap_or(0)));
            }
            Ok(())
        }
        Fills::Nothing => Ok(()),
    }
}
