//! Replaces the rows of given dates by the result of a query, in one write transaction. Rows that don't fit their
//! columns are quarantined with a reason; an error of the query itself fails the whole refill.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, TransactionBehavior};
use std::sync::Arc;

use super::fault::SqliteFault;
use super::fence::SqliteFence;
use super::googlesql::{self, TableCatalog};
use super::query::answer;
use super::record;
use super::replace::Replacement;
use crate::partition::Partition;
use crate::table::{Admitted, Candidate, Row, TableDef, Value, admit_on, digest, from_answer};
use crate::warehouse::{
    Answer, Asking, Came, Recording, Refill, Refilled, Replace, RowsExpected, WarehouseError,
};

/// An owned [`Refill`] with its translated query.
pub(super) struct Refilling {
    table: TableDef,
    dates: Vec<Partition>,
    expected: Vec<RowsExpected>,
    sql: String,
    asking: Asking,
    now: DateTime<Utc>,
    record: Option<Recording>,
}

impl Refilling {
    pub(super) fn of(refill: &Refill<'_>, catalog: &TableCatalog) -> Result<Self, WarehouseError> {
        Ok(Self {
            table: refill.table.clone(),
            dates: refill.dates.to_vec(),
            expected: refill.expected.to_vec(),
            sql: googlesql::translate_about(refill.sql, refill.now, catalog)?,
            asking: refill.asking,
            now: refill.now,
            record: refill.record.cloned(),
        })
    }

    /// Runs the query, quarantines invalid rows and replaces the dates, all or nothing.
    pub(super) fn commit(
        &self,
        connection: &mut Connection,
        fence: Option<&SqliteFence>,
    ) -> Result<Vec<Refilled>, SqliteFault> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        fence.map_or(Ok(()), |fence| fence.verify(&transaction))?;
        let NewRows {
            mut refilled,
            rows,
            short,
        } = self.new_rows(&transaction)?;
        let replacement = Replacement::from(Replace {
            table: &self.table,
            dates: &self.dates,
            rows: Arc::new(rows),
            short: &short,
            now: self.now,
            name: None,
            record: None,
        });
        for kept in replacement.within(&transaction)? {
            let of_it = refilled.iter_mut().filter(|refilled| refilled.date == kept.date);
            of_it.for_each(|refilled| refilled.kept = Some(kept.rows));
        }
        if let Some(recording) = &self.record {
            let entries = (recording.dates.iter()).filter_map(|draft| {
                let of_it = refilled.iter().find(|refilled| refilled.date == draft.date)?;
                Some(recording.entry(draft, computed(of_it), of_it.kept, self.now))
            });
            record::put(&transaction, &recording.plan, &entries.collect::<Vec<_>>())?;
        }
        transaction.commit()?;
        Ok(refilled)
    }

    fn new_rows(&self, connection: &Connection) -> Result<NewRows, SqliteFault> {
        let mut new = NewRows::default();
        for (at, (date, answered)) in self.answered(connection)?.into_iter().enumerate() {
            let expected = self.expected.get(at).unwrap_or(&RowsExpected::AtLeastOne);
            let mut fresh = self.sorted_out(date, answered);
            let count = |rows: usize| u32::try_from(rows).unwrap_or(u32::MAX);
            if expected.is_missed(count(fresh.rows.len()), count(fresh.quarantined.len())) {
                new.short.push(date);
            }
            new.refilled.push(Refilled {
                date,
                rows: count(fresh.rows.len()),
                kept: None,
                digest: digest(&fresh.rows),
                set_aside: fresh.quarantined,
            });
            new.rows.append(&mut fresh.rows);
        }
        Ok(new)
    }

    /// The query's rows by date.
    fn answered(&self, connection: &Connection) -> Result<Vec<(Partition, Vec<Candidate>)>, SqliteFault> {
        let ask = |dates: &[Partition]| self.typed(answer(connection, &self.sql, dates, self.table.zone)?);
        match self.asking {
            Asking::DateByDate => {
                let one = |&date: &Partition| Ok((date, ask(&[date])?));
                self.dates.iter().map(one).collect()
            }
            Asking::AllAtOnce => {
                let mut dates: Vec<_> = self.dates.iter().map(|&date| (date, Vec::new())).collect();
                for row in ask(&self.dates)? {
                    let date = self.table.partition_of(&row.row);
                    match dates.iter_mut().find(|(asked, _)| Some(*asked) == date) {
                        Some((_, rows)) => rows.push(row),
                        None => self.stray(&mut dates, row)?,
                    }
                }
                Ok(dates)
            }
        }
    }

    /// A row of another date is assigned to the requested one, if only one was requested.
    fn stray(&self, dates: &mut [(Partition, Vec<Candidate>)], row: Candidate) -> Result<(), SqliteFault> {
        if let [(_, rows)] = dates {
            rows.push(row);
            return Ok(());
        }
        let at = self.table.position(&self.table.date_column);
        Err(SqliteFault::data(format!(
            "the query for {} returns a row of {}, which is not one of the requested dates",
            self.table.path(),
            at.and_then(|at| row.row.get(at)).unwrap_or(&Value::Null)
        )))
    }

    /// The rows in the table's column order and types. A row with a value of another type is left as returned.
    fn typed(&self, answer: Answer) -> Result<Vec<Candidate>, SqliteFault> {
        answer
            .refuse_other_columns(&self.table)
            .map_err(SqliteFault::Classified)?;
        let from: Vec<Option<usize>> = (self.table.columns.iter())
            .map(|column| answer.position(&column.name))
            .collect();
        let held =
            |row: &Row, at: &Option<usize>| at.and_then(|at| row.get(at)).cloned().unwrap_or(Value::Null);
        let typed = |row: Row| {
            let columns = self.table.columns.iter().zip(&from);
            let read = columns.map(|(column, at)| from_answer(column, held(&row, at)));
            match read.collect::<Result<Row, _>>() {
                Ok(row) => row.into(),
                Err(fault) => Candidate {
                    row: from.iter().map(|at| held(&row, at)).collect(),
                    line: None,
                    fault: Some(fault),
                },
            }
        };
        Ok(answer.rows.into_iter().map(typed).collect())
    }

    /// The valid rows of a date in an order that doesn't change from run to run, by key or else by all columns, and the
    /// invalid ones.
    fn sorted_out(&self, date: Partition, rows: Vec<Candidate>) -> Admitted {
        let mut admitted = admit_on(&self.table, date, rows);
        let mut keys = self.table.key_positions();
        if keys.is_empty() {
            keys = (0..self.table.columns.len()).collect();
        }
        let key = |row: &Row| -> Vec<String> { keys.iter().map(|&at| row[at].to_string()).collect() };
        admitted.rows.sort_by_cached_key(key);
        admitted
    }
}

/// What the query returned: the result of each date, the valid rows of all, and the dates with too few.
#[derive(Default)]
struct NewRows {
    refilled: Vec<Refilled>,
    rows: Vec<Row>,
    short: Vec<Partition>,
}

fn computed(refilled: &Refilled) -> Came {
    Came {
        rows: refilled.rows,
        quarantined: u32::try_from(refilled.set_aside.len()).unwrap_or(u32::MAX),
        digest: refilled.digest,
    }
}
