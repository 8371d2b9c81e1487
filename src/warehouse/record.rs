//! What a warehouse keeps of the progress of a plan, so that another host can continue it: rows that are only added, in
//! the order of their numbers. Those about the dates of a commit are added in its transaction, so that data and progress
//! never disagree; all others follow in batches. What an entry means is known by the ledger.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};

use super::{RowsExpected, WarehouseError};

/// Kind of the entries that a commit adds.
pub const COMMIT: &str = "commit";
/// Kind of the entries about a date that follow a commit, or that no commit belongs to.
pub const UNIT: &str = "unit";

/// One entry: of those with the same kind, subject and date the one with the highest number counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Grows with each entry of a plan.
    pub number: i64,
    /// What it is about: a date of a stage, a check, a waiver. A reader leaves out kinds it doesn't know.
    pub kind: String,
    /// The stage, the check or the item.
    pub subject: String,
    /// The date, where it is about one.
    pub date: Option<NaiveDate>,
    /// The state in one word.
    pub state: String,
    /// Rows that came for the date.
    pub rows: Option<u32>,
    /// Rows stored before that stayed in their place; none if they were replaced.
    pub kept: Option<u32>,
    /// Rows that were quarantined.
    pub quarantined: Option<u32>,
    /// Another number for other rows.
    pub digest: Option<u64>,
    /// The definition it was computed by.
    pub fingerprint: Option<String>,
    /// The run.
    pub run: String,
    /// The host of the run, for people.
    pub host: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Everything else, as JSON.
    pub body: String,
}

/// What is recorded with a commit, in its transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The plan.
    pub plan: String,
    /// The stage.
    pub stage: String,
    /// The run.
    pub run: String,
    /// The host of the run.
    pub host: String,
    /// The definition the dates are computed by.
    pub fingerprint: Option<String>,
    /// The dates of the commit, each once.
    pub dates: Vec<Draft>,
}

/// What is recorded of one date of a commit. What the transaction decides is filled in there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The number of its entry.
    pub number: i64,
    /// The date.
    pub date: NaiveDate,
    /// What its rows must come to; never [`RowsExpected::Any`].
    pub owed: RowsExpected,
    /// Whether nothing is known to be missing.
    pub is_whole: bool,
    /// What came for it, where that is known before the transaction.
    pub came: Came,
    /// Everything else, as JSON.
    pub body: String,
}

/// What came for a date.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Came {
    /// Rows that fit the table.
    pub rows: u32,
    /// Rows that were quarantined.
    pub quarantined: u32,
    /// Another number for other rows.
    pub digest: u64,
}

impl Recording {
    /// What is recorded of these dates, of which a large commit sends only some at once.
    pub(super) fn of(&self, dates: &[NaiveDate]) -> impl Iterator<Item = &Draft> {
        self.dates.iter().filter(|draft| dates.contains(&draft.date))
    }

    /// The entry of a date, from what came for it and how many rows stayed in the place of it.
    pub(super) fn entry(&self, draft: &Draft, came: Came, kept: Option<u32>, at: DateTime<Utc>) -> Entry {
        Entry {
            number: draft.number,
            kind: COMMIT.to_owned(),
            subject: self.stage.clone(),
            date: Some(draft.date),
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

/// The entries a warehouse keeps.
#[async_trait]
pub trait Records: Send + Sync {
    /// The entries of a plan with a higher number than this, in order: of those about a date the one that counts, of all
    /// others every one. Nothing is created.
    async fn entries(&self, plan: &str, after: i64) -> Result<Vec<Entry>, WarehouseError>;

    /// Adds entries, all or none. The class of the error is `auth` once another process has the lease of the plan.
    async fn append(&self, plan: &str, entries: &[Entry]) -> Result<(), WarehouseError>;

    /// Removes entries about dates that newer ones have replaced, where that is worth it; `dates` is how many dates the
    /// stages of the plan have together. Only for the holder of the lease.
    async fn prune(&self, _plan: &str, _dates: usize) -> Result<(), WarehouseError> {
        Ok(())
    }
}
