//! One commit at a time per table. Whatever waits when the writer is free goes into the next commit together,
//! so that many small batches become few transactions.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use tokio::time::Instant;

use crate::table::Row;
use crate::warehouse::{Refill, Replace, Warehouse, WarehouseError};

use super::landing::{Landing, Stored};
use super::stored::counted_rows;
use super::worker::Batch;
use super::{Fills, Stage};

/// The most dates one commit takes.
const LARGEST_COMMIT: usize = 96;

/// A computed batch that waits to be written, with what the ledger will say of its dates.
#[derive(Debug)]
pub(super) struct Waiting {
    /// The batch.
    pub(super) batch: Batch,
    /// Its dates, computed.
    pub(super) landings: Vec<Landing>,
}

/// Batches that go, or went, into one transaction.
#[derive(Debug, Default)]
pub(super) struct Commit {
    /// The batches.
    pub(super) parts: Vec<Waiting>,
    /// Failed attempts so far.
    pub(super) attempts: u32,
}

impl Waiting {
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
}

impl Commit {
    pub(super) fn landings(&self) -> impl Iterator<Item = &Landing> {
        self.parts.iter().flat_map(|part| &part.landings)
    }

    /// What turned out to be stored for one of its dates.
    fn learn(&mut self, date: NaiveDate, stored: Stored) {
        let landing = self
            .landings_mut()
            .find(|landing| landing.settled.unit.date == date);
        if let Some(landing) = landing {
            landing.learn(stored);
        }
    }

    fn landings_mut(&mut self) -> impl Iterator<Item = &mut Landing> {
        self.parts.iter_mut().flat_map(|part| &mut part.landings)
    }
}

/// The writer of one table.
#[derive(Debug, Default)]
pub(super) struct Writer {
    waiting: VecDeque<Waiting>,
    /// Commits that failed once and go again as they are, from a moment on.
    again: VecDeque<(Instant, Commit)>,
    busy: bool,
}

impl Writer {
    /// A computed batch joins the line.
    pub(super) fn join(&mut self, waiting: Waiting) {
        self.waiting.push_back(waiting);
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
                    attempts: 0,
                },
            ));
        }
    }

    /// The next commit, if the writer is free and something is due. It is busy from then on.
    pub(super) fn take(&mut self, now: Instant) -> Option<Commit> {
        if self.busy {
            return None;
        }
        let commit = match self.again.iter().position(|(due, _)| *due <= now) {
            Some(at) => self.again.remove(at).map(|(_, commit)| commit),
            None => self.next_from_line(),
        };
        self.busy = commit.is_some();
        commit
    }

    fn next_from_line(&mut self) -> Option<Commit> {
        let mut commit = Commit::default();
        let mut dates = 0;
        while let Some(first) = self.waiting.front() {
            dates += first.landings.len();
            if dates > LARGEST_COMMIT && !commit.parts.is_empty() {
                break;
            }
            commit.parts.extend(self.waiting.pop_front());
        }
        (!commit.parts.is_empty()).then_some(commit)
    }

    /// The commit that was taken has ended, in whatever way.
    pub(super) const fn free(&mut self) {
        self.busy = false;
    }

    /// Whether a commit is under way.
    pub(super) const fn is_busy(&self) -> bool {
        self.busy
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

/// Writes a commit: exactly its dates are replaced, all or nothing. What another program wrote is counted.
pub(super) async fn write(
    mut commit: Commit,
    stage: Arc<dyn Stage>,
    warehouse: Arc<dyn Warehouse>,
    now: DateTime<Utc>,
) -> (Commit, Result<(), WarehouseError>) {
    let dates: Vec<_> = commit
        .landings()
        .map(|landing| landing.settled.unit.date)
        .collect();
    let result = if dates.is_empty() {
        Ok(())
    } else {
        put(&mut commit, stage.fills(), warehouse.as_ref(), &dates, now).await
    };
    (commit, result)
}

async fn put(
    commit: &mut Commit,
    fills: Fills<'_>,
    warehouse: &dyn Warehouse,
    dates: &[NaiveDate],
    now: DateTime<Utc>,
) -> Result<(), WarehouseError> {
    match fills {
        Fills::Computed(table) => {
            let lengths: Vec<usize> = commit.landings().map(|landing| landing.rows.len()).collect();
            let rows: Vec<Row> = commit
                .landings_mut()
                .flat_map(|landing| mem::take(&mut landing.rows))
                .collect();
            let replace = Replace {
                table,
                dates,
                rows: &rows,
                now,
            };
            let result = warehouse.replace(replace).await;
            if result.is_err() {
                // They will go again; what was written is let go.
                let mut rows = rows.into_iter();
                for (landing, length) in commit.landings_mut().zip(lengths) {
                    landing.rows = rows.by_ref().take(length).collect();
                }
            }
            result
        }
        Fills::Query(table, sql, asking) => {
            let refill = Refill {
                table,
                dates,
                sql,
                asking,
                now,
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
