//! The progress of a plan, stored in the warehouse so that another host can resume it. Entries are append-only and
//! numbered. Entries for the dates of a commit are written in its transaction, so that data and progress never
//! disagree; all others follow in batches. The ledger interprets them.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};

use super::{RowsExpected, WarehouseError};
use crate::partition::Partition;

/// Kind of the entries written by a commit.
pub const COMMIT: &str = "commit";
/// Kind of the entries about a date that follow a commit or have none.
pub const UNIT: &str = "unit";

/// One entry. For each kind, subject and date, the entry with the highest number is current.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Sequence number, increasing within a plan.
    pub number: i64,
    /// What it is about: a date of a stage, a check, a waiver. Readers skip kinds they don't know.
    pub kind: String,
    /// The stage, check or runbook item.
    pub subject: String,
    /// The first day of the partition, if it is about one. Its length and hour are part of `body`.
    pub date: Option<NaiveDate>,
    /// The state as one word.
    pub state: String,
    /// New rows for the date.
    pub rows: Option<u32>,
    /// Number of stored rows that were kept instead; `None` if they were replaced.
    pub kept: Option<u32>,
    /// Number of quarantined rows.
    pub quarantined: Option<u32>,
    /// A hash of the rows.
    pub digest: Option<u64>,
    /// Fingerprint of the definition that computed it.
    pub fingerprint: Option<String>,
    /// Id of the run.
    pub run: String,
    /// Host of the run, for display.
    pub host: String,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// All other fields, as JSON.
    pub body: String,
}

/// The progress entries to write with a commit, in its transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// Name of the plan.
    pub plan: String,
    /// Name of the stage.
    pub stage: String,
    /// Id of the run.
    pub run: String,
    /// Host of the run.
    pub host: String,
    /// Fingerprint of the definition that computes the dates.
    pub fingerprint: Option<String>,
    /// The dates of the commit, each once.
    pub dates: Vec<Draft>,
}

/// The entry for one date of a commit, without the fields that the transaction decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Sequence number of the entry.
    pub number: i64,
    /// The date.
    pub date: Partition,
    /// The rows expected; never [`RowsExpected::Any`].
    pub owed: RowsExpected,
    /// Whether nothing is known to be missing.
    pub is_whole: bool,
    /// The new rows for the date, if known before the transaction.
    pub came: Came,
    /// All other fields, as JSON.
    pub body: String,
}

/// The new rows for a date.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Came {
    /// Number of rows that match the table.
    pub rows: u32,
    /// Number of quarantined rows.
    pub quarantined: u32,
    /// A hash of the rows.
    pub digest: u64,
}

impl Recording {
    /// The drafts for these dates. A large commit sends its dates in parts.
    pub(super) fn of(&self, dates: &[Partition]) -> impl Iterator<Item = &Draft> {
        self.dates.iter().filter(|draft| dates.contains(&draft.date))
    }

    /// The entry for a date, from its new rows and the number of stored rows kept instead.
    pub(super) fn entry(&self, draft: &Draft, came: Came, kept: Option<u32>, at: DateTime<Utc>) -> Entry {
        Entry {
            number: draft.number,
            kind: COMMIT.to_owned(),
            subject: self.stage.clone(),
            date: Some(draft.date.first_day()),
            state: draft
                .owed
                .state(came.rows, came.quarantined, draft.is_whole, kept)
                .to_owned(),
            rows: Some(came.rows),
            kept,
            quarantined: Some(came.quarantined),
            digest: Some(came.digest),
            fingerprint: self.fingerprint.clone(),
            run: self.run.clone(),
            host: self.host.clone(),
            at,
            body: draft.body.clone(),
        }
    }
}

/// The progress entries stored in a warehouse.
#[async_trait]
pub trait Records: Send + Sync {
    /// The entries of a plan numbered above `after`, in order: the current one for each date, and all of the others.
    /// Creates nothing.
    async fn entries(&self, plan: &str, after: i64) -> Result<Vec<Entry>, WarehouseError>;

    /// Identifies the state of all recorded progress: while it stays the same, no plan has new entries. `None` if a query
    /// would have to find out. Creates nothing.
    async fn revision(&self) -> Result<Option<String>, WarehouseError> {
        Ok(None)
    }

    /// Appends entries, all or none. The error class is `auth` if another process holds the plan's lease.
    async fn append(&self, plan: &str, entries: &[Entry]) -> Result<(), WarehouseError>;

    /// Deletes superseded entries about dates when it is worth it. `dates` is the total number of dates in the plan's
    /// stages. Only the lease holder may call this.
    async fn prune(&self, _plan: &str, _dates: usize) -> Result<(), WarehouseError> {
        Ok(())
    }
}
