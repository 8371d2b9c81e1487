//! One commit at a time per table. Whatever waits when the writer is free goes into the next commit together,
//! so that many small batches become few transactions.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use tokio::time::Instant;

use crate::table::Row;
use crate::warehouse::{Kept, Refill, Replace, RowsExpected, Warehouse, WarehouseError};

use super::dispatcher::CommitRecord;
use super::landing::{Landing, Stored};
use super::stored::counted_rows;
use super::worker::Batch;
use super::{Fills, Stage};

/// The most dates one commit takes at first, and after it has grown.
const COMMIT_DATES: (usize, usize) = (96, 384);

/// A computed batch that waits to be written, with what the ledger will say of its dates.
#[derive(Debug)]
pub(super) struct Waiting {
    /// The batch.
    pub(super) batch: Batch,
    /// Its dates, computed.
    pub(super) landings: Vec<Landing>,
    /// How often a commit was sent under this batch's name and surely did not happen.
    pub(super) sends: u32,
    /// Whether its worker waits with it, because the line is full.
    pub(super) is_held: bool,
}

/// Batches that go, or went, into one transaction.
#[derive(Debug, Default)]
pub(super) struct Commit {
    /// The batches.
    pub(super) parts: Vec<Waiting>,
    /// Failed attempts so far.
    pub(super) attempts: u32,
    /// How often in a row nobody could say what became of it.
    pub(super) lost: u32,
    /// What is recorded with it.
    pub(super) record: Option<CommitRecord>,
}

impl Waiting {
    /// A batch that was just computed.
    pub(super) const fn new(batch: Batch, landings: Vec<Landing>) -> Self {
        Self {
            batch,
            landings,
            sends: 0,
            is_held: true,
        }
    }

    /// The batch with just the dates that came through, for when they must be tried again: those that failed by
    /// themselves already wait for their own next attempt.
    pub(super) fn to_try_again(&self) -> Batch {
        Batch {
            dates: self
                .landings
                .iter()
                .map(|landing| landing.settled.unit.date)
                .collect(),
            ..self.batch.clone()
        }
    }

    /// How many values its rows hold.
    fn values(&self) -> usize {
        self.landings
            .iter()
            .flat_map(|landing| &landing.rows)
            .map(Vec::len)
            .sum()
    }
}

impl Commit {
    pub(super) fn landings(&self) -> impl Iterator<Item = &Landing> {
        self.parts.iter().flat_map(|part| &part.landings)
    }

    /// What turned out to be stored for one of its dates.
    fn learn(&mut self, date: NaiveDate, stored: Stored) {
        if let Some(landing) = self.on(date).next() {
            landing.learn(stored);
        }
    }

    fn on(&mut self, date: NaiveDate) -> impl Iterator<Item = &mut Landing> {
        (self.landings_mut()).filter(move |landing| landing.settled.unit.date == date)
    }

    fn landings_mut(&mut self) -> impl Iterator<Item = &mut Landing> {
        self.parts.iter_mut().flat_map(|part| &mut part.landings)
    }

    /// What it is called by the run that sends it: by its first promise, and how often that was in vain.
    pub(super) fn name(&self, run: &str) -> String {
        let first = self.parts.first();
        name(
            run,
            first.map_or(0, |part| part.batch.intent),
            first.map_or(0, |part| part.sends),
        )
    }

    /// It surely did not happen: the next attempt is another one, by another name.
    pub(super) fn was_refused(&mut self) {
        self.lost = 0;
        if let Some(first) = self.parts.first_mut() {
            first.sends += 1;
        }
    }
}

/// What the commit of a promise is called, attempt by attempt. The ledger knows all of it before anything is sent, so
/// that the next process can ask what became of what a dead one sent.
pub(super) fn name(run: &str, intent: i64, sends: u32) -> String {
    format!("{run}-{intent}-{sends}")
}

/// The writer of one table.
#[derive(Debug)]
pub(super) struct Writer {
    waiting: VecDeque<Waiting>,
    /// Commits that failed once and go again as they are, from a moment on.
    again: VecDeque<(Instant, Commit)>,
    busy: bool,
    /// The most dates the next commit takes.
    most_dates: usize,
    /// The most values a commit takes; a batch is never cut.
    most_values: usize,
}

impl Writer {
    /// A writer whose commits hold about so many values at the most.
    pub(super) const fn new(most_values: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            again: VecDeque::new(),
            busy: false,
            most_dates: COMMIT_DATES.0,
            most_values,
        }
    }

    /// A computed batch joins the line.
    pub(super) fn join(&mut self, waiting: Waiting) {
        self.waiting.push_back(waiting);
    }

    /// Whether the next commit is full already: who computes more has to wait with it.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() > self.fitting()
    }

    /// The batches from the front of the line that fit in one commit; one always does.
    fn fitting(&self) -> usize {
        let (mut dates, mut values) = (0, 0);
        let fits = |part: &&Waiting| {
            let is_first = dates == 0;
            dates += part.landings.len();
            values += part.values();
            is_first || (dates <= self.most_dates && values <= self.most_values)
        };
        self.waiting.iter().take_while(fits).count()
    }

    /// The slots whose workers may go on, because what they computed fits in the next commit; each is named once.
    pub(super) fn release(&mut self) -> Vec<usize> {
        let fitting = self.fitting();
        let held = self.waiting.iter_mut().take(fitting).filter(|part| part.is_held);
        held.map(|part| {
            part.is_held = false;
            part.batch.slot
        })
        .collect()
    }

    /// The slots whose workers wait with what they computed.
    pub(super) fn held(&self) -> impl Iterator<Item = usize> {
        let held = self.waiting.iter().filter(|part| part.is_held);
        held.map(|part| part.batch.slot)
    }

    /// A failed commit is tried again from `due` on.
    pub(super) fn rest(&mut self, commit: Commit, due: Instant) {
        self.again.push_back((due, commit));
    }

    /// A failed commit's batches are tried one by one, to find the one at fault.
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

    /// The next commit, if the writer is free and something is due. It is busy from then on. What nobody knows the
    /// outcome of keeps everything else waiting: it may still land.
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

    /// Commits grow while more waits than one of them takes: the writer is what binds, and each costs about the same.
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

    /// The commit that was taken has ended, in whatever way.
    pub(super) const fn free(&mut self) {
        self.busy = false;
    }

    /// Whether a commit is under way.
    pub(super) const fn is_busy(&self) -> bool {
        self.busy
    }

    /// Whether nobody knows yet what became of a commit.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.again.iter().any(|(_, commit)| commit.lost > 0)
    }

    /// Batches that wait for the writer.
    pub(super) fn in_line(&self) -> usize {
        self.waiting.len()
    }

    /// When the next failed commit may be tried again.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.again.iter().map(|(due, _)| *due).min()
    }

    /// Whether nothing waits and nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        !self.busy && self.waiting.is_empty() && self.again.is_empty()
    }
}

/// Writes a commit: exactly its dates are replaced, all or nothing. A date that is skipped is left as it is, one that is
/// short keeps stored rows that are at least as many. What another program wrote is counted.
pub(super) async fn write(
    mut commit: Commit,
    name: String,
    stage: Arc<dyn Stage>,
    warehouse: Arc<dyn Warehouse>,
    now: DateTime<Utc>,
) -> (Commit, Result<(), WarehouseError>) {
    let dates: Vec<_> = commit
        .landings()
        .filter(|landing| landing.expected().is_some())
        .map(|landing| landing.settled.unit.date)
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
            let lengths: Vec<usize> = commit.landings().map(|landing| landing.rows.len()).collect();
            let rows: Vec<Row> = commit
                .landings_mut()
                .flat_map(|landing| mem::take(&mut landing.rows))
                .collect();
            let short: Vec<NaiveDate> = (commit.landings().filter(|landing| landing.is_short()))
                .map(|landing| landing.settled.unit.date)
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
                        commit.on(date).for_each(|landing| landing.keep(rows));
                    }
                    Ok(())
                }
                Err(error) => {
                    // They will go again; what was written is let go.
                    let mut rows = rows.into_iter();
                    for (landing, length) in commit.landings_mut().zip(lengths) {
                        landing.rows = rows.by_ref().take(length).collect();
                    }
                    Err(error)
                }
            }
        }
        Fills::Query(table, sql, asking) => {
            let expected: Vec<RowsExpected> = commit.landings().filter_map(Landing::expected).collect();
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
