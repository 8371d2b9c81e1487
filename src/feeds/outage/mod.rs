//! A warehouse wrapper whose feeds fail at first, for learning the console, tests and demo recordings. Callers can't
//! distinguish such an outage from a real one.

mod table;
#[cfg(test)]
mod tests;

pub use table::feed_outages;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use async_trait::async_trait;
use chrono::{NaiveDate, Utc};
use tokio::sync::{Mutex, OnceCell};

use super::Feed;
use super::faults::{Outage, Profile};
use crate::partition::{Partition, Timezone};
use crate::table::{Row, Schema, SchemaChange, TableDef};
use crate::warehouse::{
    Answer, Dates, Ensured, ErrorClass, Filling, Kept, Leases, Owners, Read, Records, Refill, Refilled,
    Replace, SourceLook, SourceState, Trial, Tried, Warehouse, WarehouseError,
};

/// The error of a read during an outage.
#[must_use]
pub fn unavailable(feed: Feed, date: NaiveDate) -> WarehouseError {
    WarehouseError::new(
        ErrorClass::Transient,
        format!("the {feed} feed is unavailable for {date} (503 Service Unavailable); retry this date later"),
    )
}

#[derive(Debug)]
struct FlakyWarehouse {
    inner: Arc<dyn Warehouse>,
    /// The stored outages, read at the first read because they are loaded with the feeds.
    outages: OnceCell<Mutex<Vec<Outage>>>,
}

/// Wraps the warehouse with the outages that were loaded with the feeds.
#[must_use]
pub fn with_outages(inner: Arc<dyn Warehouse>) -> Arc<dyn Warehouse> {
    Arc::new(FlakyWarehouse {
        inner,
        outages: OnceCell::new(),
    })
}

async fn stored(warehouse: &dyn Warehouse) -> Result<Mutex<Vec<Outage>>, WarehouseError> {
    if !warehouse.holds_rows(feed_outages()).await? {
        return Ok(Mutex::default());
    }
    let ever = Dates::Between(day(1900).into(), day(2999).into());
    let rows = warehouse
        .read(Read {
            table: feed_outages(),
            columns: &table::NAMES,
            dates: ever,
        })
        .await?;
    let outages: Result<Vec<_>, _> = rows.iter().map(table::outage).collect();
    let outages = outages.map_err(|error| {
        let path = feed_outages().path();
        WarehouseError::new(ErrorClass::Data, format!("{path}: {error}; load the feeds again"))
    })?;
    Ok(Mutex::new(outages.into_iter().flatten().collect()))
}

/// The outages of a profile, to be stored with the feeds.
pub(super) fn filling(faults: &Profile) -> Filling {
    let rows: Vec<Row> = faults.outages.iter().copied().map(table::row).collect();
    Filling {
        table: feed_outages().clone(),
        rows: Box::new(rows.into_iter()),
    }
}

impl FlakyWarehouse {
    /// Fails if a feed is out on one of the dates. Only a read of that single date counts down the outage; a read of
    /// many doesn't, so that batching has no effect.
    async fn ask(&self, read: &Read<'_>) -> Result<(), WarehouseError> {
        let mut outages = self
            .outages
            .get_or_try_init(|| stored(self.inner.as_ref()))
            .await?
            .lock()
            .await;
        let stands = |outage: &&mut Outage| {
            outage.failing_reads > 0
                && outage.feed.table().path() == read.table.path()
                && touches(read.dates, outage.date)
        };
        let Some(outage) = outages.iter_mut().find(stands) else {
            return Ok(());
        };
        let Outage { feed, date, .. } = *outage;
        let refusal = unavailable(feed, date);
        if read.dates != Dates::Only(&[date.into()]) {
            return Err(refusal);
        }
        outage.failing_reads -= 1;
        let left: Vec<Row> = outages
            .iter()
            .filter(|outage| outage.date == date && outage.failing_reads > 0)
            .map(|&outage| table::row(outage))
            .collect();
        let replace = Replace {
            table: feed_outages(),
            dates: &[date.into()],
            rows: Arc::new(left),
            short: &[],
            now: Utc::now(),
            name: None,
            record: None,
        };
        self.inner.replace(replace).await?;
        Err(refusal)
    }
}

fn touches(dates: Dates<'_>, date: NaiveDate) -> bool {
    match dates {
        Dates::Only(dates) => dates.iter().any(|one| one.touches(date)),
        Dates::Between(first, last) => first.first_day() <= date && date <= last.last_day(),
    }
}

fn day(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default()
}

#[async_trait]
impl Warehouse for FlakyWarehouse {
    fn name(&self) -> String {
        self.inner.name()
    }

    fn read_slots(&self) -> usize {
        self.inner.read_slots()
    }

    fn leases(&self) -> Option<&dyn Leases> {
        self.inner.leases()
    }

    async fn ensure(&self, table: &TableDef) -> Result<Ensured, WarehouseError> {
        self.inner.ensure(table).await
    }

    fn records(&self) -> Option<&dyn Records> {
        self.inner.records()
    }

    fn owners(&self) -> Option<&dyn Owners> {
        self.inner.owners()
    }

    async fn schema(&self, path: &str) -> Result<Option<Schema>, WarehouseError> {
        self.inner.schema(path).await
    }

    async fn migrate(&self, table: &TableDef, changes: &[SchemaChange]) -> Result<(), WarehouseError> {
        self.inner.migrate(table, changes).await
    }

    async fn try_out(&self, trial: Trial<'_>) -> Result<Tried, WarehouseError> {
        self.inner.try_out(trial).await
    }

    async fn look_at(&self, look: SourceLook<'_>) -> Result<SourceState, WarehouseError> {
        self.inner.look_at(look).await
    }

    fn unsupported(&self, table: &TableDef) -> Vec<String> {
        self.inner.unsupported(table)
    }

    async fn infer(&self, trial: Trial<'_>) -> Result<Tried, WarehouseError> {
        self.inner.infer(trial).await
    }

    async fn holds_rows(&self, table: &TableDef) -> Result<bool, WarehouseError> {
        self.inner.holds_rows(table).await
    }

    async fn read(&self, read: Read<'_>) -> Result<Vec<Row>, WarehouseError> {
        self.ask(&read).await?;
        self.inner.read(read).await
    }

    async fn replace(&self, replace: Replace<'_>) -> Result<Vec<Kept>, WarehouseError> {
        self.inner.replace(replace).await
    }

    async fn fill(&self, tables: Vec<Filling>, written: &AtomicUsize) -> Result<(), WarehouseError> {
        self.inner.fill(tables, written).await
    }

    async fn refill(&self, refill: Refill<'_>) -> Result<Vec<Refilled>, WarehouseError> {
        self.inner.refill(refill).await
    }

    async fn query(&self, sql: &str) -> Result<Answer, WarehouseError> {
        self.inner.query(sql).await
    }

    async fn query_about(
        &self,
        sql: &str,
        dates: &[Partition],
        zone: Timezone,
    ) -> Result<Answer, WarehouseError> {
        self.inner.query_about(sql, dates, zone).await
    }
}
