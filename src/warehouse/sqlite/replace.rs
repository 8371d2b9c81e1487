//! Replaces the rows of given dates of one table, in one transaction.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::cell::CellReader;
use super::ends::ends;
use super::fault::SqliteFault;
use super::fence::SqliteFence;
use super::folder::checked;
use super::insert::Insert;
use super::record;
use crate::partition::Partition;
use crate::table::{Dialect, Row, Stamp, TableDef, Value, sql_name, sql_names, sqlite_path};
use crate::warehouse::keep::is_not_less;
use crate::warehouse::{Kept, Recording, Replace};

/// An owned [`Replace`], to move to a blocking thread.
pub(super) struct Replacement {
    table: TableDef,
    dates: Vec<Partition>,
    rows: Arc<Vec<Row>>,
    short: Vec<Partition>,
    now: DateTime<Utc>,
    record: Option<Recording>,
}

impl From<Replace<'_>> for Replacement {
    fn from(replace: Replace<'_>) -> Self {
        Self {
            table: replace.table.clone(),
            dates: replace.dates.to_vec(),
            rows: replace.rows,
            short: replace.short.to_vec(),
            now: replace.now,
            record: replace.record.cloned(),
        }
    }
}

/// The creation timestamp of each key, in stored form.
type CreatedAt = HashMap<Vec<String>, String>;

impl Replacement {
    /// Deletes, inserts and stamps in one transaction. Returns the dates whose stored rows were kept.
    pub(super) fn commit(
        &self,
        connection: &mut Connection,
        fence: Option<&SqliteFence>,
    ) -> Result<Vec<Kept>, SqliteFault> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        fence.map_or(Ok(()), |fence| fence.verify(&transaction))?;
        let kept = self.within(&transaction)?;
        if let Some(recording) = &self.record {
            let kept_rows = |date| kept.iter().find(|kept| kept.date == date).map(|kept| kept.rows);
            let entries: Vec<_> = (recording.dates.iter())
                .map(|draft| recording.entry(draft, draft.came, kept_rows(draft.date), self.now))
                .collect();
            record::put(&transaction, &recording.plan, &entries)?;
        }
        transaction.commit()?;
        Ok(kept)
    }

    /// The same inside a transaction that the caller commits.
    pub(super) fn within(&self, transaction: &Transaction<'_>) -> Result<Vec<Kept>, SqliteFault> {
        checked(&self.table)?;
        self.refuse_other_dates()?;
        self.refuse_other_slices()?;
        let kept = self.kept(transaction)?;
        let created_at = self.created_at(transaction)?;
        let replaced = |date: Partition| kept.iter().all(|kept| kept.date != date);
        self.delete(transaction, replaced)?;
        self.insert(transaction, &created_at, replaced)?;
        Ok(kept)
    }

    /// The short dates with at least as many stored rows as new ones.
    fn kept(&self, transaction: &Transaction<'_>) -> Result<Vec<Kept>, SqliteFault> {
        let mut kept = Vec::new();
        if self.short.is_empty() {
            return Ok(kept);
        }
        let mut statement = transaction.prepare_cached(&format!(
            "SELECT COUNT(*) FROM {} WHERE {} BETWEEN ?1 AND ?2{}",
            sqlite_path(&self.table.dataset, &self.table.name),
            sql_name(&self.table.date_column),
            self.table.slice.and_condition(Dialect::Sqlite)
        ))?;
        for &date in &self.short {
            let stored: u32 = statement.query_row(ends(&self.table, date), |row| row.get(0))?;
            let fresh = self
                .rows
                .iter()
                .filter(|row| self.table.partition_of(row) == Some(date))
                .count();
            if is_not_less(stored, u32::try_from(fresh).unwrap_or(u32::MAX)) {
                kept.push(Kept { date, rows: stored });
            }
        }
        Ok(kept)
    }

    fn refuse_other_dates(&self) -> Result<(), SqliteFault> {
        let Some(at) = self.table.position(&self.table.date_column) else {
            return Err(SqliteFault::code(format!(
                "{} has no column {}",
                self.table.path(),
                self.table.date_column
            )));
        };
        let replaced: HashSet<Partition> = self.dates.iter().copied().collect();
        let stray = self.rows.iter().find(|row| {
            let date = self.table.partition_of(row);
            date.is_none_or(|date| !replaced.contains(&date))
        });
        match stray {
            None => Ok(()),
            Some(row) => Err(SqliteFault::code(format!(
                "{}: got a row of {} while replacing other dates",
                self.table.path(),
                row.get(at).unwrap_or(&Value::Null)
            ))),
        }
    }

    fn refuse_other_slices(&self) -> Result<(), SqliteFault> {
        let stray = (self.rows.iter()).find_map(|row| self.table.slice.fault(&self.table, row));
        stray.map_or(Ok(()), |fault| {
            let path = self.table.path();
            Err(SqliteFault::code(format!(
                "{path}: got a row of another slice: {}",
                fault.sentence(None)
            )))
        })
    }

    fn created_at(&self, transaction: &Transaction<'_>) -> Result<CreatedAt, SqliteFault> {
        let mut created_at = CreatedAt::new();
        let key = self.table.key_positions();
        let created = match self.table.stamp_position(Stamp::Created) {
            Some(created) if !key.is_empty() => created,
            _ => return Ok(created_at),
        };
        let mut statement = transaction.prepare_cached(&format!(
            "SELECT {}, {} FROM {} WHERE {} BETWEEN ?1 AND ?2{}",
            sql_name(&self.table.columns[created].name),
            sql_names(self.table.key.iter()),
            sqlite_path(&self.table.dataset, &self.table.name),
            sql_name(&self.table.date_column),
            self.table.slice.and_condition(Dialect::Sqlite)
        ))?;
        let mut readers: Vec<CellReader<'_>> = key
            .iter()
            .map(|&at| CellReader::new(&self.table, &self.table.columns[at]))
            .collect();
        for date in &self.dates {
            let mut rows = statement.query(ends(&self.table, *date))?;
            while let Some(row) = rows.next()? {
                let values: Result<Vec<Value>, SqliteFault> = readers
                    .iter_mut()
                    .enumerate()
                    .map(|(at, reader)| reader.value(row.get_ref(at + 1)?))
                    .collect();
                if let Some(first) = row.get(0)? {
                    created_at.insert(key_of(values?.iter()), first);
                }
            }
        }
        Ok(created_at)
    }

    fn delete(
        &self,
        transaction: &Transaction<'_>,
        replaced: impl Fn(Partition) -> bool,
    ) -> Result<(), SqliteFault> {
        let mut statement = transaction.prepare_cached(&format!(
            "DELETE FROM {} WHERE {} BETWEEN ?1 AND ?2{}",
            sqlite_path(&self.table.dataset, &self.table.name),
            sql_name(&self.table.date_column),
            self.table.slice.and_condition(Dialect::Sqlite)
        ))?;
        for date in self.dates.iter().filter(|date| replaced(**date)) {
            statement.execute(ends(&self.table, *date))?;
        }
        Ok(())
    }

    fn insert(
        &self,
        transaction: &Transaction<'_>,
        created_at: &CreatedAt,
        replaced: impl Fn(Partition) -> bool,
    ) -> Result<(), SqliteFault> {
        let now = Value::Timestamp(self.now).to_string();
        let key = self.table.key_positions();
        let created = self.table.stamp_position(Stamp::Created);
        let processed = self.table.stamp_position(Stamp::Processed);
        let first_created = |row: &Row| {
            // In a first run there are none, and no row needs its key written out.
            let key = (!created_at.is_empty()).then(|| key_of(key.iter().filter_map(|&at| row.get(at))));
            key.and_then(|key| created_at.get(&key)).unwrap_or(&now)
        };
        let mut insert = Insert::prepare(transaction, &self.table)?;
        for row in (self.rows.iter()).filter(|row| self.table.partition_of(row).is_none_or(&replaced)) {
            let first = first_created(row);
            let stamps = [
                created.map(|at| (at, first.as_str())),
                processed.map(|at| (at, now.as_str())),
            ];
            let stamps: Vec<(usize, &str)> = stamps.into_iter().flatten().collect();
            insert.row(row, &stamps)?;
        }
        Ok(())
    }
}

/// A key for lookups: its values as strings.
fn key_of<'v>(values: impl Iterator<Item = &'v Value>) -> Vec<String> {
    values.map(Value::to_string).collect()
}
