//! Gaps: missing values in the stored rows of a unit, counted when they are written. A table can have all its rows and
//! still lack the values that matter.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::error::invalid_text;
use super::{Ledger, LedgerError, Target};
use crate::partition::Partition;

/// A missing value or a data issue, counted over the rows of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The column that is NULL, or the issue named in an issues column.
    pub what: String,
    /// Number of affected rows of the unit.
    pub rows: u32,
}

impl Ledger {
    /// The gaps of a stage by date; dates without gaps are omitted.
    ///
    /// # Errors
    /// When the ledger cannot be read or contains an invalid value.
    pub fn gaps(&self, target: Target, stage: &str) -> Result<BTreeMap<Partition, Vec<Gap>>, LedgerError> {
        self.select(
            "SELECT date, gaps FROM gap WHERE target = ?1 AND stage = ?2",
            params![target.0, stage],
            |row| Ok((row.get(0)?, gaps(row, 1)?)),
        )
    }
}

/// The gaps of a unit; empty if it has none.
pub(super) fn of_unit(
    ledger: &Transaction<'_>,
    target: Target,
    stage: &str,
    date: Partition,
) -> rusqlite::Result<Vec<Gap>> {
    let gaps = ledger
        .prepare_cached("SELECT gaps FROM gap WHERE target = ?1 AND stage = ?2 AND date = ?3")?
        .query_row(params![target.0, stage, date], |row| gaps(row, 0))
        .optional()?;
    Ok(gaps.unwrap_or_default())
}

/// Parses gaps from a JSON column.
fn gaps(row: &Row<'_>, at: usize) -> rusqlite::Result<Vec<Gap>> {
    let text: String = row.get(at)?;
    serde_json::from_str(&text).map_err(|cause| invalid_text(at, cause))
}

/// Replaces the gaps of a unit; without gaps its row is deleted.
pub(super) fn put(
    ledger: &Transaction<'_>,
    target: Target,
    stage: &str,
    date: Partition,
    gaps: &[Gap],
) -> rusqlite::Result<()> {
    if gaps.is_empty() {
        return ledger
            .prepare_cached("DELETE FROM gap WHERE target = ?1 AND stage = ?2 AND date = ?3")?
            .execute(params![target.0, stage, date])
            .map(drop);
    }
    let text = serde_json::to_string(gaps)
        .map_err(|cause| rusqlite::Error::ToSqlConversionFailure(Box::new(cause)))?;
    ledger
        .prepare_cached("INSERT OR REPLACE INTO gap (target, stage, date, gaps) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![target.0, stage, date, text])
        .map(drop)
}
