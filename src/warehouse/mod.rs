//! Where tables live. One trait, one folder per kind of warehouse.
//! This room knows tables and dates; it knows nothing of basketball, plans or runs.

mod abandoned;
pub mod bigquery;
mod cost;
mod error;
mod keep;
mod lease;
mod owner;
mod query;
mod record;
pub mod sqlite;
mod trial;

pub use abandoned::{AbandonedJob, JobEnd};
pub use cost::{Bill, Charge, Cost, DryRun, Purpose};
pub use error::{ErrorClass, WarehouseError};
pub use keep::{Kept, RowsExpected};
pub use lease::{Holder, Lease, Leases, Rhythm};
pub use owner::{Claim, Owner, Owners};
pub use query::{Answer, Asking, Dates, Question, Read, Refill, Refilled};
pub use record::{COMMIT, Came, Draft, Entry, Recording, Records, UNIT};
pub use trial::{Trial, Tried};

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};

use crate::table::{Change, Dialect, Difference, Row, Schema, Site, TableDef, Weight, differences};

/// One atomic replace: the rows of exactly these dates.
#[derive(Debug)]
pub struct Replace<'a> {
    /// The table written to.
    pub table: &'a TableDef,
    /// The dates whose old rows go; a date with no new row ends empty.
    pub dates: &'a [NaiveDate],
    /// The new rows, admitted by [`crate::table::admit`], all on one of `dates`.
    pub rows: &'a [Row],
    /// Those of `dates` whose new rows are short: their stored rows stay where they are at least as many.
    pub short: &'a [NaiveDate],
    /// What the stamped columns receive; the creation stamp of a surviving key is kept.
    pub now: DateTime<Utc>,
    /// What its sender calls it, if he can say it again: two replaces of one name are one, however often it is sent.
    pub name: Option<&'a str>,
    /// What is recorded of the dates in the same transaction, where that is wanted.
    pub record: Option<&'a Recording>,
}

/// How a table came to exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ensured {
    /// This call created it, so it holds no rows.
    Created,
    /// It existed before.
    Existed,
}

/// A place where tables live. Every call may fail with a classed error; none changes anything twice.
#[async_trait]
pub trait Warehouse: Send + Sync + std::fmt::Debug {
    /// How the operator named it, for the header: `sqlite:DIR` or `bigquery:PROJECT`.
    fn name(&self) -> String;

    /// How many batches are read and computed at once with profit: as many as there are processors where the tables are
    /// on this machine, any number where they are far away and most of the time is waiting.
    fn lanes(&self) -> usize;

    /// About how many values one transaction carries; what waits for the writer is put together up to there.
    fn values_at_once(&self) -> usize {
        1_000_000
    }

    /// The same warehouse, with every job it is given charged to this bill and marked with what it is for; none where
    /// work costs nothing.
    fn charging(&self, _bill: Arc<Bill>, _purpose: Purpose<'_>) -> Option<Arc<dyn Warehouse>> {
        None
    }

    /// What a question is going to be billed, found out without asking it; nothing where work costs nothing.
    async fn dry_run(&self, _question: Question<'_>) -> Result<DryRun, WarehouseError> {
        Ok(DryRun::default())
    }

    /// How long a table is left alone when its quota is used up; none where waiting does not help.
    fn rest(&self) -> Option<Duration> {
        None
    }

    /// Waits until a replace that another process sent under this name is over, so that it cannot land on top of what
    /// is written next; says whether there was one. Where a dead process's write dies with it there never is.
    async fn await_orphaned_write(&self, _name: &str) -> Result<bool, WarehouseError> {
        Ok(false)
    }

    /// Cancels the jobs that no task waits for any more and returns what became of each, within some seconds. Where work
    /// ends with its task there are none.
    async fn cancel_abandoned(&self) -> Vec<AbandonedJob> {
        Vec::new()
    }

    /// The owners of its tables; none where nobody else could fill them.
    fn owners(&self) -> Option<&dyn Owners> {
        None
    }

    /// The leases it keeps; none where nothing keeps two hosts apart.
    fn leases(&self) -> Option<&dyn Leases> {
        None
    }

    /// What it keeps of the progress of plans; none where no other host could continue one.
    fn records(&self) -> Option<&dyn Records> {
        None
    }

    /// Creates the table if it doesn't exist. One that exists and differs from its definition is refused.
    async fn ensure(&self, table: &TableDef) -> Result<Ensured, WarehouseError>;

    /// How the table at `dataset.table` is; none if it is not there. Nothing is created.
    async fn schema(&self, path: &str) -> Result<Option<Schema>, WarehouseError>;

    /// Everything in which a table as it is differs from its definition, with the statements that mend it in this
    /// warehouse's words.
    fn differences(&self, table: &TableDef, held: &Schema, is_empty: bool) -> Vec<Difference> {
        let path = table.path();
        let site = Site {
            path: &path,
            dialect: Dialect::Sqlite,
        };
        differences(table, held, site, is_empty)
    }

    /// Alters a table, each change in one statement of its own where it can.
    async fn migrate(&self, table: &TableDef, _changes: &[Change]) -> Result<(), WarehouseError> {
        let sentence = format!("this warehouse cannot alter {}", table.path());
        Err(WarehouseError::new(ErrorClass::Code, sentence))
    }

    /// What a query would return. It is not run, and nothing is made.
    async fn try_out(&self, _trial: Trial<'_>) -> Result<Tried, WarehouseError> {
        Ok(Tried::Untold)
    }

    /// Whether the table is there and holds any row.
    async fn holds_rows(&self, table: &TableDef) -> Result<bool, WarehouseError>;

    /// Reads the named columns of the named dates, ordered by date and then by stored order.
    async fn read(&self, read: Read<'_>) -> Result<Vec<Row>, WarehouseError>;

    /// Replaces exactly the named dates, all or nothing, but for those whose stored rows stay; says which those are.
    async fn replace(&self, replace: Replace<'_>) -> Result<Vec<Kept>, WarehouseError>;

    /// Fills whole tables from scratch, all of them or none. `written` counts rows for a progress line.
    async fn fill(&self, tables: Vec<Filling>, written: &AtomicUsize) -> Result<(), WarehouseError>;

    /// Replaces exactly the named dates by what a query answers, all or nothing, but for those whose stored rows stay;
    /// says what came for each.
    async fn refill(&self, refill: Refill<'_>) -> Result<Vec<Refilled>, WarehouseError>;

    /// Runs a query written in `GoogleSQL` and returns everything it answers.
    async fn query(&self, sql: &str) -> Result<Answer, WarehouseError>;

    /// Runs a query about dates: `@date` in it is the first of them, `@dates` all. They get there as dates, never as text.
    async fn query_about(&self, sql: &str, dates: &[NaiveDate]) -> Result<Answer, WarehouseError>;
}

/// A table and all the rows it is to hold, for [`Warehouse::fill`].
pub struct Filling {
    /// The table; what it held before is gone afterwards.
    pub table: TableDef,
    /// Its rows, made one at a time so that half a million shots never stand in memory at once.
    pub rows: Box<dyn Iterator<Item = Row> + Send>,
}

impl std::fmt::Debug for Filling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Filling")
            .field("table", &self.table.path())
            .finish_non_exhaustive()
    }
}

/// Refuses a table that differs from its definition in a way that would lose values or fail writes.
fn refuse_differences(path: &str, found: &[Difference]) -> Result<(), WarehouseError> {
    let is_in_the_way = |found: &&Difference| found.stops() && found.weight != Weight::Scans;
    let told: Vec<String> = (found.iter().filter(is_in_the_way))
        .map(ToString::to_string)
        .collect();
    if told.is_empty() {
        return Ok(());
    }
    let sentence = format!("{path} {}", told.join("; it "));
    Err(WarehouseError::new(ErrorClass::Data, sentence))
}
