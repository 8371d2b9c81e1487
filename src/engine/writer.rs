//! One commit at a time per table. All batches waiting when the writer becomes free go into the next commit together,
//! so that many small batches need few transactions.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use crate::ledger::{Settled, UnitState};
use crate::partition::Partition;
use crate::table::{Row, TableDef};
use crate::warehouse::{Kept, Recording, Refill, Replace, RowsExpected, Warehouse, WarehouseError};

use super::stored::counted_rows;
use super::unit_result::{StoredDate, UnitResult};
use super::worker::WorkerBatch;
use super::{Fills, Stage};

/// Maximum number of dates per commit: at first, and after it has grown.
const COMMIT_DATES: (usize, usize) = (96, 384);

#[derive(Debug)]
pub(super) struct QueuedBatch {
    pub(super) batch: WorkerBatch,
    pub(super) results: Vec<UnitResult>,
    /// How often a commit under this batch's name was sent and is known to have failed.
    pub(super) sends: u32,
    /// Whether its worker waits with it, because the next commit is full.
    pub(super) worker_waits: bool,
    /// The read slot of a worker that waits.
    read_slot: Option<OwnedSemaphorePermit>,
}

/// Batches written in one transaction.
#[derive(Debug, Default)]
pub(super) struct Commit {
    pub(super) parts: Vec<QueuedBatch>,
    pub(super) attempts: u32,
    /// How often in a row its outcome was unknown.
    pub(super) unknown_sends: u32,
    /// Whether its date has none before it, so that the seed of the stage computes it.
    pub(super) is_first: bool,
    pub(super) record: Option<CommitRecord>,
}

/// The record written with a commit, and the digests of its dates' inputs.
#[derive(Debug, Clone)]
pub(super) struct CommitRecord {
    pub(super) recording: Recording,
    pub(super) inputs: BTreeMap<Partition, u64>,
}

impl CommitRecord {
    /// Settled dates that the commit's record describes completely: `ok`, with the same input digest.
    pub(super) fn complete(&self, settled: &[Settled]) -> Vec<Partition> {
        let is_complete = |settled: &&Settled| {
            let input = self.inputs.get(&settled.unit.date);
            settled.unit.state == UnitState::Ok
                && input.is_some()
                && settled.digests.map(|digests| digests.input).as_ref() == input
        };
        let complete = settled.iter().filter(is_complete);
        complete.map(|settled| settled.unit.date).collect()
    }

    pub(super) fn last(&self) -> i64 {
        let numbers = self.recording.dates.iter().map(|draft| draft.number);
        numbers.max().unwrap_or(0)
    }
}

impl QueuedBatch {
    /// A batch just computed; its worker waits until [`TableWriter::release`].
    pub(super) const fn new(
        batch: WorkerBatch,
        results: Vec<UnitResult>,
        read_slot: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self {
            batch,
            results,
            sends: 0,
            worker_waits: true,
            read_slot,
        }
    }

    /// The batch for a retry. Dates that could not be computed are already queued for their own.
    pub(super) fn for_retry(&self) -> WorkerBatch {
        WorkerBatch {
            dates: self.results.iter().map(UnitResult::date).collect(),
            ..self.batch.clone()
        }
    }

    fn values(&self) -> usize {
        let rows = self.results.iter().flat_map(|result| &result.rows);
        rows.map(Vec::len).sum()
    }
}

impl Commit {
    pub(super) fn results(&self) -> impl Iterator<Item = &UnitResult> {
        self.parts.iter().flat_map(|part| &part.results)
    }

    /// Its dates, in order.
    pub(super) fn dates(&self) -> Vec<Partition> {
        let mut dates: Vec<Partition> = self.results().map(UnitResult::date).collect();
        dates.sort_unstable();
        dates
    }

    fn recording(&self) -> Option<&Recording> {
        self.record.as_ref().map(|record| &record.recording)
    }

    fn learn(&mut self, date: Partition, stored: StoredDate) {
        if let Some(result) = self.on(date).next() {
            result.learn(stored);
        }
    }

    fn on(&mut self, date: Partition) -> impl Iterator<Item = &mut UnitResult> {
        (self.results_mut()).filter(move |result| result.date() == date)
    }

    fn results_mut(&mut self) -> impl Iterator<Item = &mut UnitResult> {
        self.parts.iter_mut().flat_map(|part| &mut part.results)
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
        self.unknown_sends = 0;
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

#[derive(Debug)]
pub(super) struct TableWriter {
    queued_batches: VecDeque<QueuedBatch>,
    /// Failed commits to be sent again unchanged, each from its due time on.
    resends: VecDeque<(Instant, Commit)>,
    busy: bool,
    most_dates: usize,
    /// Maximum number of values per commit; exceeded only by a single batch, which is never split.
    most_values: usize,
}

impl TableWriter {
    /// A writer with about `most_values` values per commit.
    pub(super) const fn new(most_values: usize) -> Self {
        Self {
            queued_batches: VecDeque::new(),
            resends: VecDeque::new(),
            busy: false,
            most_dates: COMMIT_DATES.0,
            most_values,
        }
    }

    pub(super) fn join(&mut self, queued_batches: QueuedBatch) {
        self.queued_batches.push_back(queued_batches);
    }

    /// Whether more batches are queued than the next commit can take; further workers must wait.
    pub(super) fn is_full(&self) -> bool {
        self.queued_batches.len() > self.fitting()
    }

    /// How many batches from the front of the queue fit in one commit; at least one.
    fn fitting(&self) -> usize {
        let (mut dates, mut values) = (0, 0);
        let fits = |part: &&QueuedBatch| {
            let is_first = dates == 0;
            dates += part.results.len();
            values += part.values();
            is_first || (dates <= self.most_dates && values <= self.most_values)
        };
        self.queued_batches.iter().take_while(fits).count()
    }

    /// The slots of workers whose rows fit in the next commit. Returns each batch's slot once.
    pub(super) fn release(&mut self) -> Vec<usize> {
        let fitting = self.fitting();
        let fitting = self.queued_batches.iter_mut().take(fitting);
        let waiting_slots = fitting.filter(|part| part.worker_waits);
        waiting_slots
            .map(|part| {
                part.worker_waits = false;
                part.read_slot = None;
                part.batch.slot
            })
            .collect()
    }

    /// The slots of workers waiting with their batch.
    pub(super) fn waiting_slots(&self) -> impl Iterator<Item = usize> {
        let waiting_slots = self.queued_batches.iter().filter(|part| part.worker_waits);
        waiting_slots.map(|part| part.batch.slot)
    }

    pub(super) fn resend_at(&mut self, commit: Commit, due: Instant) {
        self.resends.push_back((due, commit));
    }

    /// Queues the batches of a failed commit one by one, to find the one at fault.
    pub(super) fn split(&mut self, commit: Commit, now: Instant) {
        let alone = |part| Commit {
            parts: vec![part],
            ..Commit::default()
        };
        let alone = commit.parts.into_iter().map(alone);
        self.resends.extend(alone.map(|commit| (now, commit)));
    }

    /// Takes the next due commit if the writer is free. One with an unknown outcome blocks all others.
    pub(super) fn take(&mut self, now: Instant) -> Option<Commit> {
        if self.busy {
            return None;
        }
        let is_next = |(due, commit): &(Instant, Commit)| {
            *due <= now && (commit.unknown_sends > 0 || !self.has_unknown_outcome())
        };
        let commit = match self.resends.iter().position(is_next) {
            Some(at) => self.resends.remove(at).map(|(_, commit)| commit),
            None if self.has_unknown_outcome() => None,
            None => self.next_queued(),
        };
        self.busy = commit.is_some();
        commit
    }

    /// Commits grow while the writer is the bottleneck: each costs about the same.
    fn next_queued(&mut self) -> Option<Commit> {
        if self.is_full() {
            self.most_dates = (self.most_dates * 2).min(COMMIT_DATES.1);
        }
        let fitting = self.fitting();
        let mut parts: Vec<_> = self.queued_batches.drain(..fitting).collect();
        for part in &mut parts {
            part.read_slot = None;
        }
        (!parts.is_empty()).then(|| Commit {
            parts,
            ..Commit::default()
        })
    }

    pub(super) const fn free(&mut self) {
        self.busy = false;
    }

    pub(super) const fn is_busy(&self) -> bool {
        self.busy
    }

    pub(super) fn has_unknown_outcome(&self) -> bool {
        self.resends.iter().any(|(_, commit)| commit.unknown_sends > 0)
    }

    pub(super) fn queued(&self) -> usize {
        self.queued_batches.len()
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.resends.iter().map(|(due, _)| *due).min()
    }

    pub(super) fn is_idle(&self) -> bool {
        !self.busy && self.queued_batches.is_empty() && self.resends.is_empty()
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
    let written = commit.results().filter(|result| result.expected().is_some());
    let dates: Vec<_> = written.map(UnitResult::date).collect();
    let result = if dates.is_empty() {
        Ok(())
    } else {
        put(
            &mut commit,
            &name,
            stage.as_ref(),
            warehouse.as_ref(),
            &dates,
            now,
        )
        .await
    };
    (commit, result)
}

async fn put(
    commit: &mut Commit,
    name: &str,
    stage: &dyn Stage,
    warehouse: &dyn Warehouse,
    dates: &[Partition],
    now: DateTime<Utc>,
) -> Result<(), WarehouseError> {
    match stage.fills() {
        Fills::Computed(table) => replace(commit, name, table, warehouse, dates, now).await,
        Fills::Query(table, sql, asking) => {
            let expected: Vec<RowsExpected> = commit.results().filter_map(UnitResult::expected).collect();
            let refill = Refill {
                table,
                dates,
                expected: &expected,
                sql: stage.seed().filter(|_| commit.is_first).unwrap_or(sql),
                asking,
                now,
                name,
                record: commit.recording(),
            };
            for refilled in warehouse.refill(refill).await? {
                commit.learn(refilled.date, refilled.into());
            }
            Ok(())
        }
        Fills::Counted(table) => {
            let rows = counted_rows(warehouse, table, dates).await?;
            for &date in dates {
                commit.learn(date, StoredDate::unseen(rows.get(&date).copied().unwrap_or(0)));
            }
            Ok(())
        }
        Fills::Nothing => Ok(()),
    }
}

async fn replace(
    commit: &mut Commit,
    name: &str,
    table: &TableDef,
    warehouse: &dyn Warehouse,
    dates: &[Partition],
    now: DateTime<Utc>,
) -> Result<(), WarehouseError> {
    let lengths: Vec<usize> = commit.results().map(|result| result.rows.len()).collect();
    let rows = (commit.results_mut()).flat_map(|result| mem::take(&mut result.rows));
    let rows: Arc<Vec<Row>> = Arc::new(rows.collect());
    let short = commit.results().filter(|result| result.is_short());
    let short: Vec<Partition> = short.map(UnitResult::date).collect();
    let replace = Replace {
        table,
        dates,
        rows: Arc::clone(&rows),
        short: &short,
        now,
        name: Some(name),
        record: commit.recording(),
    };
    match warehouse.replace(replace).await {
        Ok(kept) => {
            for Kept { date, rows } in kept {
                commit.on(date).for_each(|result| result.keep(rows));
            }
            Ok(())
        }
        Err(error) => {
            // They will be sent again, so give the rows back to their dates.
            let mut rows = Arc::unwrap_or_clone(rows).into_iter();
            for (result, length) in commit.results_mut().zip(lengths) {
                result.rows = rows.by_ref().take(length).collect();
            }
            Err(error)
        }
    }
}
