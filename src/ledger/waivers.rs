//! Waivers: who let a failed check pass, when and why. They are never deleted.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

use super::{CheckRecord, CheckState, Ledger, LedgerError, Target};

/// One decision to go on although a check is not met. It counts as long as the check measures the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// Check name.
    pub check: String,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What the check measured.
    pub value: String,
    /// What it should have measured.
    pub target: String,
}

impl Ledger {
    /// Waives a failed answer of a check: the waiver and the answer that now reads as waived, in one step.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    #[allow(clippy::too_many_arguments, reason = "one waiver is one flat record")]
    pub fn waive(
        &mut self,
        target: Target,
        run: &str,
        failed: &CheckRecord,
        expected: &str,
        reason: &str,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<Waiver, LedgerError> {
        let waiver = Waiver {
            check: failed.name.clone(),
            reason: reason.to_owned(),
            by: by.to_owned(),
            at: now,
            value: failed.value.clone().unwrap_or_default(),
            target: expected.to_owned(),
        };
        let waived = CheckRecord {
            state: CheckState::Waived,
            ..failed.clone()
        };
        self.transaction(|ledger| {
            super::checks::put(ledger, target, run, &waived)?;
            ledger
                .execute(
                    "INSERT INTO waiver (target, name, run, reason, operator, value, expected, at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    params![
                        target.0,
                        waiver.check,
                        run,
                        waiver.reason,
                        waiver.by,
                        waiver.value,
                        waiver.target,
                        waiver.at,
                    ],
                )
                .map(drop)
        })?;
        Ok(waiver)
    }

    /// The newest waiver of every check that was ever waived, by name.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn newest_waivers(&self, target: Target) -> Result<HashMap<String, Waiver>, LedgerError> {
        let read = || -> rusqlite::Result<Vec<Waiver>> {
            self.db
                .prepare_cached(
                    "SELECT name, reason, operator, at, value, expected FROM waiver
                     WHERE id IN (SELECT MAX(id) FROM waiver WHERE target = ?1 GROUP BY name)",
                )?
                .query_map([target.0], waiver)?
                .collect()
        };
        let waivers = self.sqlite(read())?;
        Ok(waivers
            .into_iter()
            .map(|waiver| (waiver.check.clone(), waiver))
            .collect())
    }

    /// Every waiver there ever was, oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn waivers(&self, target: Target) -> Result<Vec<Waiver>, LedgerError> {
        let read = || {
            self.db
                .prepare_cached(
                    "SELECT name, reason, operator, at, value, expected FROM waiver WHERE target = ?1 ORDER BY id",
                )?
                .query_map([target.0], waiver)?
                .collect()
        };
        self.sqlite(read())
    }
}

fn waiver(row: &Row<'_>) -> rusqlite::Result<Waiver> {
    Ok(Waiver {
        check: row.get(0)?,
        reason: row.get(1)?,
        by: row.get(2)?,
        at: row.get(3)?,
        value: row.get(4)?,
        target: row.get(5)?,
    })
}
