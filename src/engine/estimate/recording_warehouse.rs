//! A warehouse that returns nothing and records every query that a stage really makes.

use std::collections::BTreeMap;
use std::mem;
use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::NaiveDate;

use crate::table::{Row, Schema, TableDef};
use crate::warehouse::{
    Answer, Dates, Ensured, Filling, Kept, Read, Refill, Refilled, Replace, Warehouse, WarehouseError,
};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RecordedDates {
    Only(Vec<NaiveDate>),
    /// From the first to the last, inclusive.
    Between(NaiveDate, NaiveDate),
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
    About(String, Vec<NaiveDate>),
}

#[derive(Debug, Default)]
pub(super) struct RecordingWarehouse {
    recorded: Mutex<RecordedQueries>,
}

#[derive(Debug, Default)]
struct RecordedQueries {
    queries: Vec<RecordedQuery>,
    tables: BTreeMap<String, TableDef>,
}

impl RecordingWarehouse {
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
        let path = read.table.path();
        let mut recorded = self.recorded();
        if !recorded.tables.contains_key(&path) {
            recorded.tables.insert(path.clone(), read.table.clone());
        }
        recorded.queries.push(RecordedQuery::Read {
            table: path,
            columns: read.columns.iter().map(ToString::to_string).collect(),
            days: match read.dates {
                Dates::Only(dates) => RecordedDates::Only(dates.to_vec()),
                Dates::Between(from, to) => RecordedDates::Between(from, to),
            },
        });
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

    async fn query_about(&self, sql: &str, dates: &[NaiveDate]) -> Result<Answer, WarehouseError> {
        self.record(RecordedQuery::About(sql.to_owned(), dates.to_vec()));
        Ok(Answer::default())
    }
}
