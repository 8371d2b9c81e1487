//! A warehouse that returns nothing and records every query. It shows what a stage reads by running the stage itself,
//! so that the estimate matches the run.

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

/// The dates of a read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Days {
    /// Only these dates.
    Only(Vec<NaiveDate>),
    /// From the first to the last, inclusive.
    Between(NaiveDate, NaiveDate),
}

/// A recorded query.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RecordedQuery {
    /// A read of these columns of a table (`dataset.table`).
    Read {
        table: String,
        columns: Vec<String>,
        days: Days,
    },
    /// A query.
    Query(String),
    /// A query for these dates.
    About(String, Vec<NaiveDate>),
}

#[derive(Debug, Default)]
pub(super) struct RecordingWarehouse {
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    asked: Vec<RecordedQuery>,
    tables: BTreeMap<String, TableDef>,
}

impl RecordingWarehouse {
    /// Takes the queries recorded since the last call.
    pub(super) fn take(&self) -> Vec<RecordedQuery> {
        mem::take(&mut self.pages().asked)
    }

    /// Every table that was read, by path.
    pub(super) fn into_tables(self) -> BTreeMap<String, TableDef> {
        mem::take(&mut self.pages().tables)
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, asked: RecordedQuery) {
        self.pages().asked.push(asked);
    }
}

#[async_trait]
impl Warehouse for RecordingWarehouse {
    fn name(&self) -> String {
        "a notebook".to_owned()
    }

    fn lanes(&self) -> usize {
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
        let mut pages = self.pages();
        if !pages.tables.contains_key(&path) {
            pages.tables.insert(path.clone(), read.table.clone());
        }
        pages.asked.push(RecordedQuery::Read {
            table: path,
            columns: read.columns.iter().map(ToString::to_string).collect(),
            days: match read.dates {
                Dates::Only(dates) => Days::Only(dates.to_vec()),
                Dates::Between(from, to) => Days::Between(from, to),
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
        self.note(RecordedQuery::Query(sql.to_owned()));
        Ok(Answer::default())
    }

    async fn query_about(&self, sql: &str, dates: &[NaiveDate]) -> Result<Answer, WarehouseError> {
        self.note(RecordedQuery::About(sql.to_owned(), dates.to_vec()));
        Ok(Answer::default())
    }
}
