//! Runbook items ticked by hand, and handoff documents written to a file. Neither is ever deleted.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, Target};

/// A runbook item that was ticked by hand, or whose tick was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tick {
    /// Number of the item.
    pub item: String,
    /// Whether it is ticked; `false` withdraws a tick.
    pub done: bool,
    /// What was done, or why the tick was withdrawn.
    pub note: String,
    /// The operator.
    pub by: String,
    /// When it was recorded.
    pub at: DateTime<Utc>,
}

impl Tick {
    /// What happened, in one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Self { item, note, by, .. } = self;
        if self.done {
            format!("item {item} is ticked by {by}: {note}")
        } else {
            format!("the tick of item {item} is withdrawn by {by}: {note}")
        }
    }
}

/// A handoff document that was written to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenReport {
    /// Path of the file.
    pub path: String,
    /// When it was written.
    pub at: DateTime<Utc>,
}

impl Ledger {
    /// Records a tick or its withdrawal.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn tick(&mut self, target: Target, tick: &Tick) -> Result<(), LedgerError> {
        self.transaction(|ledger| put(ledger, target, tick))
    }

    /// The newest tick of every item, by item.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn ticks(&self, target: Target) -> Result<HashMap<String, Tick>, LedgerError> {
        let ticks: Vec<Tick> = self.select(
            "SELECT item, done, note, operator, at FROM tick
             WHERE id IN (SELECT MAX(id) FROM tick WHERE target = ?1 GROUP BY item)",
            [target.0],
            tick,
        )?;
        Ok(ticks.into_iter().map(|tick| (tick.item.clone(), tick)).collect())
    }

    /// Records that a handoff document was written.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_report(&mut self, target: Target, report: &WrittenReport) -> Result<(), LedgerError> {
        self.transaction(|ledger| {
            ledger
                .execute(
                    "INSERT INTO report (target, path, at) VALUES (?1, ?2, ?3)",
                    params![target.0, report.path, report.at],
                )
                .map(drop)
        })
    }

    /// The handoff document written last.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn newest_report(&self, target: Target) -> Result<Option<WrittenReport>, LedgerError> {
        let read = self
            .db
            .query_row(
                "SELECT path, at FROM report WHERE target = ?1 ORDER BY id DESC LIMIT 1",
                [target.0],
                |row| {
                    Ok(WrittenReport {
                        path: row.get(0)?,
                        at: row.get(1)?,
                    })
                },
            )
            .optional();
        self.sqlite(read)
    }
}

pub(super) fn put(ledger: &Transaction<'_>, target: Target, tick: &Tick) -> rusqlite::Result<()> {
    ledger
        .execute(
            "INSERT INTO tick (target, item, done, note, operator, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![target.0, tick.item, tick.done, tick.note, tick.by, tick.at],
        )
        .map(drop)
}

pub(super) fn tick(row: &Row<'_>) -> rusqlite::Result<Tick> {
    Ok(Tick {
        item: row.get(0)?,
        done: row.get(1)?,
        note: row.get(2)?,
        by: row.get(3)?,
        at: row.get(4)?,
    })
}
