//! Warehouse access: the [`Warehouse`] trait and one folder per backend. This module works on tables and dates and does
//! not depend on the NBA stages, plans or runs.

mod abandoned;
pub mod bigquery;
mod cost;
mod error;
mod keep;
mod lease;
mod owner;
mod query;
mod record;
mod source;
pub mod sqlite;
mod trial;

pub use abandoned::{AbandonedJob, JobEnd};
pub use cost::{Bill, Charge, Cost, DryRun, JobPurpose};
pub use error::{ErrorClass, WarehouseError};
pub use keep::{Kept, RowsExpected};
pub use lease::{HeartbeatTiming, Holder, Lease, Leases};
pub use owner::{Claim, OwnedPart, Owner, OwnerRecord, Owners};
pub use query::{Answer, Asking, Dates, DryRunQuery, MAX_DATES_OF_QUERY, Read, Refill, Refilled};
pub use record::{COMMIT, Came, Draft, Entry, Recording, Records, UNIT};
pub use source::{HeldPartition, SourceLook, SourceState};
pub use trial::{Trial, Tried};

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::partition::{Partition, Timezone};
use crate::table::{
    Dialect, Row, Schema, SchemaChange, SchemaDifference, Site, TableDef, Weight, differences,
};

/// One atomic replace: the rows of exactly these dates.
#[derive(Debug)]
pub struct Replace<'a> {
    /// The table written to.
    pub table: &'a TableDef,
    /// The dates whose stored rows are deleted. A date without new rows ends up empty.
    pub dates: &'a [Partition],
    /// The new rows, validated by [`crate::table::admit`]. Each belongs to one of `dates`.
    pub rows: Arc<Vec<Row>>,
    /// The dates in `dates` with fewer new rows than expected. Their stored rows are kept if there are at least as
    /// many.
    pub short: &'a [Partition],
    /// The timestamp for the stamped columns. A key that is replaced keeps its creation timestamp.
    pub now: DateTime<Utc>,
    /// A name the sender can repeat on a retry. Replaces with the same name are applied once, however often they are
    /// sent.
    pub name: Option<&'a str>,
    /// The progress entries to write in the same transaction, if any.
    pub record: Option<&'a Recording>,
}

/// Whether [`Warehouse::ensure`] created the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ensured {
    /// The table was created by this call and is empty.
    Created,
    /// The table already existed.
    Existed,
}

/// A backend that stores tables. Any call may fail with a classified error; no call applies a change twice.
#[async_trait]
pub trait Warehouse: Send + Sync + std::fmt::Debug {
    /// The backend as named on the command line, for the header: `sqlite:DIR` or `bigquery:PROJECT`.
    fn name(&self) -> String;

    /// The maximum useful number of concurrent batches: the number of processors for local tables, unlimited for a
    /// remote backend, where most of the time is spent waiting.
    fn read_slots(&self) -> usize;

    /// Roughly how many values fit in one transaction. Results waiting for the writer are merged up to this size.
    fn values_at_once(&self) -> usize {
        500_000
    }

    /// The same warehouse, with every job charged to `bill` and labelled with its purpose. `None` if work is free.
    fn charging(&self, _bill: Arc<Bill>, _purpose: JobPurpose<'_>) -> Option<Arc<dyn Warehouse>> {
        None
    }

    /// Estimates what a query would be billed without running it. Zero if work is free.
    async fn dry_run(&self, _question: DryRunQuery<'_>) -> Result<DryRun, WarehouseError> {
        Ok(DryRun::default())
    }

    /// How long to back off from a table when its quota is exhausted. `None` if waiting doesn't help.
    fn quota_backoff(&self) -> Option<Duration> {
        None
    }

    /// Waits for a write that another process may have left running under this name, so that it can't overwrite what is
    /// written next. Returns whether there was one. Always `false` where a write dies with its process.
    async fn await_orphaned_write(&self, _name: &str) -> Result<bool, WarehouseError> {
        Ok(false)
    }

    /// Cancels jobs that no task waits for any more and returns how each ended, within some seconds. Empty where work
    /// ends with its task.
    async fn cancel_abandoned(&self) -> Vec<AbandonedJob> {
        Vec::new()
    }

    /// The table owners. `None` if no other process could fill the tables.
    fn owners(&self) -> Option<&dyn Owners> {
        None
    }

    /// The leases of this backend. `None` if it can't exclude other hosts.
    fn leases(&self) -> Option<&dyn Leases> {
        None
    }

    /// The progress stored for plans. `None` if no other host could resume a plan.
    fn records(&self) -> Option<&dyn Records> {
        None
    }

    /// Creates the table if it doesn't exist. Fails if an existing table differs from its definition in a way that
    /// would lose values or make writes fail.
    async fn ensure(&self, table: &TableDef) -> Result<Ensured, WarehouseError>;

    /// The schema of the table at `dataset.table`, or `None` if it doesn't exist. Creates nothing.
    async fn schema(&self, path: &str) -> Result<Option<Schema>, WarehouseError>;

    /// All differences between a stored table and its definition, with the statements that fix them in this backend's
    /// SQL dialect.
    fn differences(&self, table: &TableDef, held: &Schema, is_empty: bool) -> Vec<SchemaDifference> {
        let path = table.path();
        let site = Site {
            path: &path,
            dialect: Dialect::Sqlite,
        };
        differences(table, held, site, is_empty)
    }

    /// Alters a table, with one statement per change where possible.
    async fn migrate(&self, table: &TableDef, _changes: &[SchemaChange]) -> Result<(), WarehouseError> {
        let sentence = format!("this warehouse cannot alter {}", table.path());
        Err(WarehouseError::new(ErrorClass::Code, sentence))
    }

    /// The columns of a table that this backend can't store, one sentence each.
    fn unsupported(&self, _table: &TableDef) -> Vec<String> {
        Vec::new()
    }

    /// The columns a query would return. The query is not run and nothing is created.
    async fn try_out(&self, _trial: Trial<'_>) -> Result<Tried, WarehouseError> {
        Ok(Tried::NotReported)
    }

    /// What each partition of a source holds, from one query.
    async fn look_at(&self, look: SourceLook<'_>) -> Result<SourceState, WarehouseError> {
        Err(look.refuse("this warehouse cannot look at sources"))
    }

    /// The columns a query would return, as [`Self::try_out`] does, with their types as far as they follow from the query
    /// and the tables it reads.
    async fn infer(&self, trial: Trial<'_>) -> Result<Tried, WarehouseError> {
        self.try_out(trial).await
    }

    /// Whether the table exists and has any rows.
    async fn holds_rows(&self, table: &TableDef) -> Result<bool, WarehouseError>;

    /// Reads the given columns and dates, ordered by date and then by stored order.
    async fn read(&self, read: Read<'_>) -> Result<Vec<Row>, WarehouseError>;

    /// Whether [`Self::read_shared`] reads whole months, each once. It doesn't where a small read costs little.
    fn shares_reads(&self) -> bool {
        false
    }

    /// Reads like [`Self::read`] what other batches and stages read too. They will soon read the `upcoming` dates of the
    /// same columns, so that these may be read along.
    async fn read_shared(&self, read: Read<'_>, _upcoming: &[Partition]) -> Result<Vec<Row>, WarehouseError> {
        self.read(read).await
    }

    /// Replaces exactly the given dates in one transaction and returns the dates whose stored rows were kept.
    async fn replace(&self, replace: Replace<'_>) -> Result<Vec<Kept>, WarehouseError>;

    /// Rewrites whole tables, all of them or none. `written` counts rows for a progress line.
    async fn fill(&self, tables: Vec<Filling>, written: &AtomicUsize) -> Result<(), WarehouseError>;

    /// Replaces exactly the given dates with the result of a query, in one transaction. Returns the outcome per date,
    /// including the dates whose stored rows were kept.
    async fn refill(&self, refill: Refill<'_>) -> Result<Vec<Refilled>, WarehouseError>;

    /// Runs a query written in `GoogleSQL` and returns all rows.
    async fn query(&self, sql: &str) -> Result<Answer, WarehouseError>;

    /// Runs a query for some dates, which are the values of its parameters ([`crate::partition::Parameter`]): never
    /// as text.
    async fn query_about(
        &self,
        sql: &str,
        dates: &[Partition],
        zone: Timezone,
    ) -> Result<Answer, WarehouseError>;
}

/// A table and all its new rows, for [`Warehouse::fill`].
pub struct Filling {
    /// The table. Its previous rows are deleted.
    pub table: TableDef,
    /// The rows, produced one at a time so that half a million shots are never in memory at once.
    pub rows: Box<dyn Iterator<Item = Row> + Send>,
}

impl std::fmt::Debug for Filling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Filling")
            .field("table", &self.table.path())
            .finish_non_exhaustive()
    }
}

/// Rejects a table whose differences would lose values or make writes fail.
fn refuse_differences(path: &str, found: &[SchemaDifference]) -> Result<(), WarehouseError> {
    let is_in_the_way = |found: &&SchemaDifference| found.stops() && found.weight != Weight::Scans;
    let texts: Vec<String> = (found.iter().filter(is_in_the_way))
        .map(ToString::to_string)
        .collect();
    if texts.is_empty() {
        return Ok(());
    }
    let sentence = format!("{path} {}", texts.join("; it "));
    Err(WarehouseError::new(ErrorClass::Data, sentence))
}
