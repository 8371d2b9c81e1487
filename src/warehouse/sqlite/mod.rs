//! The embedded warehouse: a folder with one `SQLite` file per dataset, attached under the dataset's name. Queries are
//! written in `GoogleSQL` and translated (`googlesql/`) to `SQLite` with registered functions (`functions/`).

mod cell;
mod connection;
mod ends;
mod fault;
mod fence;
mod fill;
mod folder;
mod functions;
mod googlesql;
mod heartbeat;
mod import;
mod insert;
mod lease;
mod owner;
mod pool;
mod query;
mod read;
mod record;
mod refill;
mod replace;
mod schema;
mod source;
#[cfg(test)]
mod tests;
mod trial;

pub use import::{ImportMode, TableImport};

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension};

use super::{
    Answer, Claim, Ensured, Entry, Filling, HeartbeatTiming, Holder, Kept, Lease, Leases, OwnedPart, Owner,
    OwnerRecord, Owners, Read, Records, Refill, Refilled, Replace, SourceLook, SourceState, Trial, Tried,
    Warehouse, WarehouseError, refuse_differences,
};
use crate::partition::{Partition, Timezone};
use crate::sql::parameters;
use crate::table::{Dialect, Row, Schema, SchemaChange, TableDef, differences, sqlite_path, sqlite_schema};
use connection::AccessMode;
use fault::SqliteFault;
use fence::{FenceSlot, SqliteFence};
use folder::{WarehouseFolder, checked};
use googlesql::TableCatalog;
use pool::{Pool, blocking};
use read::OwnedRead;
use refill::Refilling;
use replace::Replacement;

/// Interval between progress updates of a fill.
const PROGRESS: Duration = Duration::from_millis(50);

/// An embedded warehouse.
#[derive(Debug)]
pub struct SqliteWarehouse {
    name: String,
    pool: Arc<Pool>,
    held: FenceSlot,
}

impl SqliteWarehouse {
    /// Opens the folder `dir` with its existing dataset files. If it doesn't exist, it is created with access for this
    /// user only.
    ///
    /// # Errors
    /// If the folder or one of its files can't be used: no permission, damaged, not a database. The message names the
    /// path; nothing is overwritten.
    pub fn open(dir: &Path) -> Result<Self, WarehouseError> {
        let folder =
            WarehouseFolder::open(dir).map_err(|fault| fault.in_context("opening the warehouse", dir))?;
        Ok(Self {
            name: format!("sqlite:{}", dir.display()),
            pool: Arc::new(Pool::open(folder)?),
            held: FenceSlot::default(),
        })
    }

    /// Opens an existing folder read-only. Nothing in it is created or changed, and other processes are not blocked.
    ///
    /// # Errors
    /// If the folder or one of its files can't be read: missing, no permission, damaged, not a database.
    pub fn open_to_read(dir: &Path) -> Result<Self, WarehouseError> {
        let folder = WarehouseFolder::open_to_read(dir)
            .map_err(|fault| fault.in_context("opening the warehouse", dir))?;
        Ok(Self {
            name: format!("sqlite:{}", dir.display()),
            pool: Arc::new(Pool::open(folder)?),
            held: FenceSlot::default(),
        })
    }

    /// The tables that the translation of a query depends on: nearly always none.
    async fn catalog(&self, sql: &str, planned: &[&TableDef]) -> Result<TableCatalog, WarehouseError> {
        if !googlesql::needs_catalog(sql) {
            return Ok(TableCatalog::new());
        }
        let planned: Vec<TableDef> = planned.iter().map(|table| (*table).clone()).collect();
        self.pool
            .read("listing the tables".to_owned(), move |connection| {
                trial::shapes(connection, &planned)
            })
            .await
    }

    /// Runs a translated query for these dates.
    async fn answer(
        &self,
        sql: String,
        dates: Vec<Partition>,
        zone: Timezone,
    ) -> Result<Answer, WarehouseError> {
        self.pool
            .read("querying".to_owned(), move |connection| {
                query::answer(connection, &sql, &dates, zone)
            })
            .await
    }

    /// Runs `work` with the held lease, if there is one.
    async fn with_lease(
        &self,
        work: impl FnOnce(&WarehouseFolder, &SqliteFence) -> Result<(), SqliteFault> + Send + 'static,
    ) -> Result<(), WarehouseError> {
        match self.held.fence() {
            Some(fence) => self.about_leases(move |folder| work(folder, &fence)).await,
            None => Ok(()),
        }
    }

    async fn about_leases<T: Send + 'static>(
        &self,
        work: impl FnOnce(&WarehouseFolder) -> Result<T, SqliteFault> + Send + 'static,
    ) -> Result<T, WarehouseError> {
        self.about_folder("updating the lease", work).await
    }

    async fn about_progress<T: Send + 'static>(
        &self,
        work: impl FnOnce(&WarehouseFolder) -> Result<T, SqliteFault> + Send + 'static,
    ) -> Result<T, WarehouseError> {
        self.about_folder("updating the recorded progress", work).await
    }

    async fn about_folder<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&WarehouseFolder) -> Result<T, SqliteFault> + Send + 'static,
    ) -> Result<T, WarehouseError> {
        let pool = Arc::clone(&self.pool);
        blocking(move || {
            let folder = pool.folder();
            work(folder).map_err(|fault| fault.in_context(doing, folder.path()))
        })
        .await
    }

    /// Creates the file of the table's dataset.
    fn create_dataset(&self, table: &TableDef, doing: &str) -> Result<(), WarehouseError> {
        let folder = self.pool.folder();
        checked(table)
            .and_then(|()| folder.create(&table.dataset))
            .map_err(|fault| fault.in_context(doing, folder.path()))
    }
}

#[async_trait]
impl Warehouse for SqliteWarehouse {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn read_slots(&self) -> usize {
        std::thread::available_parallelism().map_or(2, usize::from)
    }

    fn leases(&self) -> Option<&dyn Leases> {
        Some(self)
    }

    async fn ensure(&self, table: &TableDef) -> Result<Ensured, WarehouseError> {
        let doing = doing("creating", table);
        self.create_dataset(table, &doing)?;
        let (table, fence) = (table.clone(), self.held.fence());
        self.pool
            .run(AccessMode::Writer, doing, move |connection| {
                fence.iter().try_for_each(|fence| fence.verify(connection))?;
                ensure(connection, &table)
            })
            .await
    }

    fn owners(&self) -> Option<&dyn Owners> {
        Some(self)
    }

    fn records(&self) -> Option<&dyn Records> {
        Some(self)
    }

    async fn schema(&self, path: &str) -> Result<Option<Schema>, WarehouseError> {
        let (doing, path) = (format!("inspecting {path}"), path.to_owned());
        self.pool
            .read(doing, move |connection| schema::schema(connection, &path))
            .await
    }

    async fn migrate(&self, table: &TableDef, changes: &[SchemaChange]) -> Result<(), WarehouseError> {
        let (doing, table, changes) = (doing("altering", table), table.clone(), changes.to_vec());
        let fence = self.held.fence();
        self.pool
            .run(AccessMode::Writer, doing, move |connection| {
                schema::migrate(connection, &table, &changes, fence.as_ref())
            })
            .await
    }

    fn unsupported(&self, table: &TableDef) -> Vec<String> {
        folder::unsupported(table)
    }

    async fn try_out(&self, trial: Trial<'_>) -> Result<Tried, WarehouseError> {
        let catalog = self.catalog(trial.sql, trial.planned).await?;
        let sql = googlesql::translate_about(trial.sql, chrono::Utc::now(), &catalog)?;
        let planned: Vec<TableDef> = trial.planned.iter().map(|table| (*table).clone()).collect();
        self.pool
            .read("trying the query".to_owned(), move |connection| {
                trial::tried(connection, &sql, &planned)
            })
            .await
    }

    async fn look_at(&self, look: SourceLook<'_>) -> Result<SourceState, WarehouseError> {
        let (table, date) = (look.table.to_owned(), look.date.to_owned());
        let SourceLook {
            mark,
            first,
            last,
            zone,
            ..
        } = look;
        let read = move |connection: &mut Connection| {
            let look = SourceLook {
                table: &table,
                date: &date,
                mark,
                first,
                last,
                zone,
            };
            source::state(connection, look)
        };
        self.pool
            .read(format!("looking at source {}", look.table), read)
            .await
    }

    async fn infer(&self, trial: Trial<'_>) -> Result<Tried, WarehouseError> {
        let catalog = self.catalog(trial.sql, trial.planned).await?;
        let sql = googlesql::translate_about(trial.sql, chrono::Utc::now(), &catalog)?;
        let google = trial.sql.to_owned();
        let planned: Vec<TableDef> = trial.planned.iter().map(|table| (*table).clone()).collect();
        self.pool
            .read("trying the query".to_owned(), move |connection| {
                trial::inferred(connection, [&google, &sql], &planned)
            })
            .await
    }

    async fn holds_rows(&self, table: &TableDef) -> Result<bool, WarehouseError> {
        let (doing, table) = (doing("inspecting", table), table.clone());
        self.pool
            .read(doing, move |connection| holds_rows(connection, &table))
            .await
    }

    async fn read(&self, read: Read<'_>) -> Result<Vec<Row>, WarehouseError> {
        let (doing, reading) = (doing("reading", read.table), OwnedRead::from(read));
        self.pool
            .read(doing, move |connection| reading.rows(connection))
            .await
    }

    async fn replace(&self, replace: Replace<'_>) -> Result<Vec<Kept>, WarehouseError> {
        let (doing, replacement) = (doing("writing", replace.table), Replacement::from(replace));
        let fence = self.held.fence();
        self.pool
            .run(AccessMode::Writer, doing, move |connection| {
                replacement.commit(connection, fence.as_ref())
            })
            .await
    }

    async fn fill(&self, tables: Vec<Filling>, written: &AtomicUsize) -> Result<(), WarehouseError> {
        let counted = Arc::new(AtomicUsize::new(0));
        let (counter, fence) = (Arc::clone(&counted), self.held.fence());
        let filling = self
            .pool
            .alone(move |folder| fill::fill(folder, tables, &counter, fence.as_ref()));
        tokio::pin!(filling);
        let mut in_context = 0;
        loop {
            let done = tokio::time::timeout(PROGRESS, &mut filling).await;
            let now = counted.load(Ordering::Relaxed);
            written.fetch_add(now - in_context, Ordering::Relaxed);
            in_context = now;
            if let Ok(result) = done {
                return result;
            }
        }
    }

    async fn refill(&self, refill: Refill<'_>) -> Result<Vec<Refilled>, WarehouseError> {
        let catalog = self.catalog(refill.sql, &[]).await?;
        let (doing, refilling) = (doing("writing", refill.table), Refilling::of(&refill, &catalog)?);
        let fence = self.held.fence();
        self.pool
            .run(AccessMode::Writer, doing, move |connection| {
                refilling.commit(connection, fence.as_ref())
            })
            .await
    }

    async fn query(&self, sql: &str) -> Result<Answer, WarehouseError> {
        let catalog = self.catalog(sql, &[]).await?;
        let sql = googlesql::translate(sql, chrono::Utc::now(), &catalog)?;
        self.answer(sql, Vec::new(), Timezone::UTC).await
    }

    async fn query_about(
        &self,
        sql: &str,
        dates: &[Partition],
        zone: Timezone,
    ) -> Result<Answer, WarehouseError> {
        let catalog = self.catalog(sql, &[]).await?;
        let sql = googlesql::translate_about(sql, chrono::Utc::now(), &catalog)?;
        self.answer(sql, dates.to_vec(), zone).await
    }
}

#[async_trait]
impl Leases for SqliteWarehouse {
    fn heartbeat_timing(&self) -> HeartbeatTiming {
        lease::HEARTBEAT_TIMING
    }

    async fn look(&self, plan: &str) -> Result<Option<Lease>, WarehouseError> {
        let plan = plan.to_owned();
        self.about_leases(move |folder| lease::look(folder, &plan)).await
    }

    async fn take(&self, plan: &str, seen: Option<&Lease>, by: &Holder) -> Result<bool, WarehouseError> {
        let (plan, seen, by) = (plan.to_owned(), seen.cloned(), by.clone());
        let taken = self
            .about_leases(move |folder| {
                folder.create(folder::OWN_DATASET)?;
                lease::take(folder, &plan, seen.as_ref(), &by)
            })
            .await?;
        let has = taken.is_some();
        if has {
            self.held.set(taken);
        }
        Ok(has)
    }

    async fn heartbeat(&self) -> Result<(), WarehouseError> {
        self.with_lease(lease::heartbeat).await
    }

    async fn give_back(&self) -> Result<(), WarehouseError> {
        self.with_lease(|folder, fence| fence.give_back(folder)).await?;
        self.held.set(None);
        Ok(())
    }
}

#[async_trait]
impl Owners for SqliteWarehouse {
    async fn owners_of(&self, parts: &[OwnedPart]) -> Result<Vec<Vec<OwnerRecord>>, WarehouseError> {
        let parts = parts.to_vec();
        self.about_leases(move |folder| owner::owners(folder, &parts))
            .await
    }

    async fn claim(&self, claims: &[Claim], owner: &Owner) -> Result<bool, WarehouseError> {
        let (claims, owner) = (claims.to_vec(), owner.clone());
        self.about_leases(move |folder| {
            folder.create(folder::OWN_DATASET)?;
            owner::claim(folder, &claims, &owner)
        })
        .await
    }

    fn without_lease(&self) -> Arc<dyn Warehouse> {
        Arc::new(Self {
            name: self.name.clone(),
            pool: Arc::clone(&self.pool),
            held: FenceSlot::default(),
        })
    }
}

#[async_trait]
impl Records for SqliteWarehouse {
    async fn entries(&self, plan: &str, after: i64) -> Result<Vec<Entry>, WarehouseError> {
        let plan = plan.to_owned();
        self.about_progress(move |folder| record::entries(folder, &plan, after))
            .await
    }

    async fn append(&self, plan: &str, entries: &[Entry]) -> Result<(), WarehouseError> {
        let (plan, entries, fence) = (plan.to_owned(), entries.to_vec(), self.held.fence());
        self.about_progress(move |folder| record::append(folder, fence.as_ref(), &plan, &entries))
            .await
    }
}

/// Checks whether the embedded warehouse can translate a query with date parameters. Doesn't run it.
///
/// # Errors
/// If it can't be parsed, or has an unsupported construct; the message names it.
pub fn understands(sql: &str) -> Result<(), WarehouseError> {
    googlesql::translate_about(sql, chrono::Utc::now(), &TableCatalog::new()).map(drop)
}

/// A query as it is run for a date: translated, with the values of its parameters in a comment.
///
/// # Errors
/// As for [`understands`].
pub fn as_sent(sql: &str, date: Partition, zone: Timezone) -> Result<String, WarehouseError> {
    let mut text = String::new();
    let named = parameters(sql).unwrap_or_default();
    for (name, value) in query::parameters(&[date], zone) {
        if named.iter().any(|named| named.eq_ignore_ascii_case(&name[1..])) {
            let _ = writeln!(text, "-- {name} = '{value}'");
        }
    }
    text += &googlesql::translate_about(sql, chrono::Utc::now(), &TableCatalog::new())?;
    Ok(text)
}

fn doing(verb: &str, table: &TableDef) -> String {
    format!("{verb} {}", table.path())
}

fn is_there(connection: &Connection, table: &TableDef) -> Result<bool, SqliteFault> {
    checked(table)?;
    Ok(schema::exists(
        connection,
        &sqlite_schema(&table.dataset),
        &table.name,
    )?)
}

fn holds_rows(connection: &Connection, table: &TableDef) -> Result<bool, SqliteFault> {
    if !is_there(connection, table)? {
        return Ok(false);
    }
    let path = sqlite_path(&table.dataset, &table.name);
    let slice = table.slice.and_condition(Dialect::Sqlite);
    let any = connection
        .query_row(
            &format!("SELECT 1 FROM {path} WHERE TRUE{slice} LIMIT 1"),
            [],
            |_| Ok(()),
        )
        .optional()?;
    Ok(any.is_some())
}

/// Creates the table and its index, or rejects an existing table that differs.
fn ensure(connection: &Connection, table: &TableDef) -> Result<Ensured, SqliteFault> {
    let path = table.path();
    let ensured = match schema::schema(connection, &path)? {
        Some(_) => Ensured::Existed,
        None => Ensured::Created,
    };
    schema::create(connection, table)?;
    let held = schema::schema(connection, &path)?.unwrap_or_default();
    let found = differences(table, &held, schema::site(&path), false);
    refuse_differences(&path, &found).map_err(SqliteFault::Classified)?;
    Ok(ensured)
}
