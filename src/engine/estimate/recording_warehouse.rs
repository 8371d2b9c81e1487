//! A warehouse that returns nothing and records every query that a stage really makes.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::partition::{Grain, Partition, Timezone};
use crate::table::{Row, Schema, TableDef};
use crate::warehouse::{
    Answer, Dates, Ensured, Filling, Kept, Read, Refill, Refilled, Replace, Warehouse, WarehouseError,
};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RecordedDates {
    Only(Vec<Partition>),
    /// From the first to the last, inclusive.
    Between(Partition, Partition),
    /// Whole months of shared reads.
    Months(BTreeSet<Partition>),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RecordedQuery {
    /// A read of these columns of a table (`dataset.table`).
    Read {
        table: String,
        columns: Vec<String>,
        days: RecordedDates,
    },
    Query(String),
    /// A query for these dates.
    About(String, Vec<Partition>, Timezone),
}

#[derive(Debug)]
pub(super) struct RecordingWarehouse {
    /// Whether it shares reads, like the warehouse it stands for.
    shares_reads: bool,
    recorded: Mutex<RecordedQueries>,
}

#[derive(Debug, Default)]
struct RecordedQueries {
    queries: Vec<RecordedQuery>,
    tables: BTreeMap<String, TableDef>,
    /// The months that shared reads have read, by table and columns.
    months: BTreeMap<(String, Vec<String>), BTreeSet<Partition>>,
}

impl RecordingWarehouse {
    pub(super) fn new(shares_reads: bool) -> Self {
        Self {
            shares_reads,
            recorded: Mutex::default(),
        }
    }

    pub(super) fn take(&self) -> Vec<RecordedQuery> {
        mem::take(&mut self.recorded().queries)
    }

    pub(super) fn into_tables(self) -> BTreeMap<String, TableDef> {
        mem::take(&mut self.recorded().tables)
    }

    fn recorded(&self) -> MutexGuard<'_, RecordedQueries> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, queries: RecordedQuery) {
        self.recorded().queries.push(queries);
    }
}

impl RecordedQueries {
    fn add(&mut self, read: Read<'_>, days: RecordedDates) {
        let table = read.table.path();
        if !self.tables.contains_key(&table) {
            self.tables.insert(table.clone(), read.table.clone());
        }
        let columns = names(&read);
        self.queries.push(RecordedQuery::Read { table, columns, days });
    }
}

fn names(read: &Read<'_>) -> Vec<String> {
    read.columns.iter().map(ToString::to_string).collect()
}

/// The months from the first day of one partition to the last of another.
fn months_of(from: Partition, to: Partition) -> impl Iterator<Item = Partition> {
    let month = |day| Partition::containing(day, Grain::Month);
    month(from.first_day()).up_to(month(to.last_day()))
}

#[async_trait]
impl Warehouse for RecordingWarehouse {
    fn name(&self) -> String {
        "a recording".to_owned()
    }

    fn read_slots(&self) -> usize {
        1
    }

    async fn ensure(&self, _table: &TableDef) -> Result<Ensured, WarehouseError> {
        Ok(Ensured::Existed)
    }

    async fn schema(&self, _path: &str) -> Result<Option<Schema>, WarehouseError> {
        Ok(None)
    }

    /// If a table seems empty, a stage may not query it further.
    async fn holds_rows(&self, _table: &TableDef) -> Result<bool, WarehouseError> {
        Ok(true)
    }

    async fn read(&self, read: Read<'_>) -> Result<Vec<Row>, WarehouseError> {
        let days = match read.dates {
            Dates::Only(dates) => RecordedDates::Only(dates.to_vec()),
            Dates::Between(from, to) => RecordedDates::Between(from, to),
        };
        self.recorded().add(read, days);
        Ok(Vec::new())
    }

    fn shares_reads(&self) -> bool {
        self.shares_reads
    }

    /// Records only the months that no shared read has read before.
    async fn read_shared(&self, read: Read<'_>, upcoming: &[Partition]) -> Result<Vec<Row>, WarehouseError> {
        if !self.shares_reads {
            return self.read(read).await;
        }
        let mut months: BTreeSet<Partition> =
            upcoming.iter().flat_map(|date| months_of(*date, *date)).collect();
        match read.dates {
            Dates::Only(dates) => months.extend(dates.iter().flat_map(|date| months_of(*date, *date))),
            Dates::Between(from, to) => months.extend(months_of(from, to)),
        }
        let mut recorded = self.recorded();
        let known = recorded
            .months
            .entry((read.table.path(), names(&read)))
            .or_default();
        months.retain(|month| known.insert(*month));
        if !months.is_empty() {
            recorded.add(read, RecordedDates::Months(months));
        }
        Ok(Vec::new())
    }

    async fn replace(&self, _replace: Replace<'_>) -> Result<Vec<Kept>, WarehouseError> {
        Ok(Vec::new())
    }

    async fn fill(&self, _tables: Vec<Filling>, _written: &AtomicUsize) -> Result<(), WarehouseError> {
        Ok(())
    }

    async fn refill(&self, _refill: Refill<'_>) -> Result<Vec<Refilled>, WarehouseError> {
        Ok(Vec::new())
    }

    async fn query(&self, sql: &str) -> Result<Answer, WarehouseError> {
        self.record(RecordedQuery::Query(sql.to_owned()));
        Ok(Answer::default())
    }

    async fn query_about(
        &self,
        sql: &str,
        dates: &[Partition],
        zone: Timezone,
    ) -> Result<Answer, WarehouseError> {
        self.record(RecordedQuery::About(sql.to_owned(), dates.to_vec(), zone));
        Ok(Answer::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Partition {
        text.parse().unwrap()
    }

    /// The dates recorded of two batches and of another stage that reads the same columns.
    async fn recorded(shares_reads: bool) -> Vec<RecordedDates> {
        let table = TableDef::new("raw", "games", "Games.", Vec::new(), "game_date");
        let recording_warehouse = RecordingWarehouse::new(shares_reads);
        let dates = ["2023-12-30", "2024-01-01", "2024-02-01"].map(day);
        for batch in [&dates[..1], &dates[1..], &dates[..]] {
            let read = Read {
                table: &table,
                columns: &["game_date"],
                dates: Dates::Only(batch),
            };
            (recording_warehouse.read_shared(read, &dates[..2]).await).unwrap();
        }
        let days = |query| match query {
            RecordedQuery::Read { days, .. } => days,
            other => panic!("{other:?}"),
        };
        recording_warehouse.take().into_iter().map(days).collect()
    }

    #[tokio::test]
    async fn a_month_of_shared_reads_is_recorded_once() {
        let months = |months: &[&str]| RecordedDates::Months(months.iter().copied().map(day).collect());
        assert_eq!(
            recorded(true).await,
            [months(&["2023-12", "2024-01"]), months(&["2024-02"])]
        );
        let dates = |dates: &[&str]| RecordedDates::Only(dates.iter().copied().map(day).collect());
        assert_eq!(
            recorded(false).await,
            [
                dates(&["2023-12-30"]),
                dates(&["2024-01-01", "2024-02-01"]),
                dates(&["2023-12-30", "2024-01-01", "2024-02-01"]),
            ]
        );
    }
}
