//! Replaces the rows of given dates of one table, in one transaction.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::cell::Reader;
use super::fault::Fault;
use super::folder::checked;
use super::insert::Insert;
use super::lease::Fence;
use super::record;
use crate::table::{Row, Stamp, TableDef, Value, sql_name, sql_names, sqlite_path};
use crate::warehouse::keep::is_not_less;
use crate::warehouse::{Kept, Recording, Replace};

/// An owned [`Replace`], to move to a blocking thread.
pub(super) struct Replacement {
    table: TableDef,
    dates: Vec<NaiveDate>,
    rows: Vec<Row>,
    short: Vec<NaiveDate>,
    now: DateTime<Utc>,
    record: Option<Recording>,
}

impl From<Replace<'_>> for Replacement {
    fn from(replace: Replace<'_>) -> Self {
        Self {
            table: replace.table.clone(),
            dates: replace.dates.to_vec(),
            rows: replace.rows.to_vec(),
            short: replace.short.to_vec(),
            now: replace.now,
            record: replace.record.cloned(),
        }
    }
}

/// The creation timestamp of each key, in stored form.
type Born = HashMap<Vec<String>, String>;

impl Replacement {
    /// Deletes, inserts and stamps in one transaction. Returns the dates whose stored rows were kept.
    pub(super) fn commit(
        &self,
        connection: &mut Connection,
        fence: Option<&Fence>,
    ) -> Result<Vec<Kept>, Fault> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        fence.map_or(Ok(()), |fence| fence.hold(&transaction))?;
        let kept = self.within(&transaction)?;
        if let Some(recording) = &self.record {
            let stayed = |date| kept.iter().find(|kept| kept.date == date).map(|kept| kept.rows);
            let entries: Vec<_> = (recording.dates.iter())
                .map(|draft| recording.entry(draft, draft.came, stayed(draft.date), self.now))
                .collect();
            record::put(&transaction, &recording.plan, &entries)?;
        }
        transaction.commit()?;
        Ok(kept)
    }

    /// The same inside a transaction that the caller commits.
    pub(super) fn within(&self, transaction: &Transaction<'_>) -> Result<Vec<Kept>, Fault> {
        checked(&self.table)?;
        self.refuse_other_dates()?;
        let kept = self.kept(transaction)?;
        let born = self.born(transaction)?;
        let replaced = |date: NaiveDate| kept.iter().all(|kept| kept.date != date);
        self.delete(transaction, replaced)?;
        self.insert(transaction, &born, replaced)?;
        Ok(kept)
    }

    /// The short dates with at least as many stored rows as new ones.
    fn kept(&self, transaction: &Transaction<'_>) -> Result<Vec<Kept>, Fault> {
        let mut kept = Vec::new();
        if self.short.is_empty() {
            return Ok(kept);
        }
        let mut statement = transaction.prepare_cached(&format!(
            "SELECT COUNT(*) FROM {} WHERE {} = ?1",
            sqlite_path(&self.table.dataset, &self.table.name),
            sql_name(&self.table.date_column)
        ))?;
        for &date in &self.short {
            let stored: u32 = statement.query_row([date.to_string()], |row| row.get(0))?;
            let came = self
                .rows
                .iter()
                .filter(|row| self.date_of(row) == Some(date))
                .count();
            if is_not_less(stored, u32::try_from(came).unwrap_or(u32::MAX)) {
                kept.push(Kept { date, rows: stored });
            }
        }
        Ok(kept)
    }

    fn date_of(&self, row: &Row) -> Option<NaiveDate> {
        let at = self.table.position(&self.table.date_column)?;
        row.get(at)?.as_date()
    }

    fn refuse_other_dates(&self) -> Result<(), Fault> {
        let Some(at) = self.table.position(&self.table.date_column) else {
            return Err(Fault::code(format!(
                "{} has no column {}",
                self.table.path(),
                self.table.date_column
            )));
        };
        let stray = self.rows.iter().find(|row| {
            row.get(at)
                .and_then(Value::as_date)
                .is_none_or(|date| !self.dates.contains(&date))
        });
        match stray {
            None => Ok(()),
            Some(row) => Err(Fault::code(format!(
                "{}: got a row of {} while replacing other dates",
                self.table.path(),
                row.get(at).unwrap_or(&Value::Null)
            ))),
        }
    }

    fn born(&self, transaction: &Transaction<'_>) -> Result<Born, Fault> {
        let mut born = Born::new();
        let key = self.table.key_positions();
        let created = match self.table.stamp_position(Stamp::Created) {
            Some(created) if !key.is_empty() => created,
            _ => return Ok(born),
        };
        let mut statement = transaction.prepare_cached(&format!(
            "SELECT {}, {} FROM {} WHERE {} = ?1",
            sql_name(&self.table.columns[created].name),
            sql_names(self.table.key.iter()),
            sqlite_path(&self.table.dataset, &self.table.name),
            sql_name(&self.table.date_column)
        ))?;
        let mut readers: Vec<Reader<'_>> = key
            .iter()
            .map(|&at| Reader::new(&self.table, &self.table.columns[at]))
            .collect();
        for date in &self.dates {
            let mut rows = statement.query([date.to_string()])?;
            while let Some(row) = rows.next()? {
                let values: Result<Vec<Value>, Fault> = readers
                    .iter_mut()
                    .enumerate()
                    .map(|(at, reader)| reader.value(row.get_ref(at + 1)?))
                    .collect();
                if let Some(first) = row.get(0)? {
                    born.insert(key_of(values?.iter()), first);
                }
            }
        }
        Ok(born)
    }

    fn delete(
        &self,
        transaction: &Transaction<'_>,
        replaced: impl Fn(NaiveDate) -> bool,
    ) -> Result<(), Fault> {
        let mut statement = transaction.prepare_cached(&format!(
            "DELETE FROM {} WHERE {} = ?1",
            sqlite_path(&self.table.dataset, &self.table.name),
            sql_name(&self.table.date_column)
        ))?;
        for date in self.dates.iter().filter(|date| replaced(**date)) {
            statement.execute([date.to_string()])?;
        }
        Ok(())
    }

    fn insert(
        &self,
        transaction: &Transaction<'_>,
        born: &Born,
        replaced: impl Fn(NaiveDate) -> bool,
    ) -> Result<(), Fault> {
        let now = Value::Timestamp(self.now).to_string();
        let key = self.table.key_positions();
        let created = self.table.stamp_position(Stamp::Created);
        let processed = self.table.stamp_position(Stamp::Processed);
        let mut insert = Insert::prepare(transaction, &self.table)?;
        for row in self
            .rows
            .iter()
            .filter(|row| self.date_of(row).is_none_or(&replaced))
        {
            let first = born.get(&key_of(key.iter().filter_map(|&at| row.get(at))));
            let first = first.unwrap_or(&now);
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
