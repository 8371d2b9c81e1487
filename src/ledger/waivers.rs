//! Waivers: who let a failed check pass, when and why. They are never deleted.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rusqlite::{Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::{CheckRecord, CheckState, Definition, Ledger, LedgerError, Target};
use crate::plan::{CheckSpec, Fingerprint};

/// A decision to let a failed check pass. It applies to one definition of the check and one measured value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// Check name.
    pub check: String,
    /// The operator's reason.
    pub reason: String,
    /// The operator.
    pub by: String,
    /// When it was waived.
    pub at: DateTime<Utc>,
    /// What the check measured.
    pub value: String,
    /// The expected value.
    pub target: String,
    /// Fingerprint of the definition that failed; `None` in ledgers older than fingerprints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
}

impl Waiver {
    /// Why the waiver doesn't apply to this definition and value; `None` if it applies.
    #[must_use]
    pub fn lapsed(&self, fingerprint: Fingerprint, value: &str) -> Option<String> {
        let check = &self.check;
        match Definition::of(self.fingerprint, fingerprint) {
            Definition::Unknown => Some(format!(
                "the waiver of {check} has no definition recorded; waive it again"
            )),
            Definition::Changed => Some(format!("the waiver of {check} was for another definition")),
            Definition::Current if self.value == value => None,
            Definition::Current => Some(format!(
                "the waiver of {check} was for {}, but the value is now {value}",
                self.value
            )),
        }
    }
}

impl CheckRecord {
    /// A caveat the operator needs to judge this result: another definition, or a waiver that no longer applies.
    #[must_use]
    pub fn remark(&self, check: &CheckSpec, waiver: Option<&Waiver>) -> Option<String> {
        match Definition::of(self.fingerprint, check.fingerprint) {
            Definition::Changed => Some("result of another definition; run it again".to_owned()),
            Definition::Unknown => {
                Some("definition unknown: ran before definitions were recorded".to_owned())
            }
            Definition::Current if self.state == CheckState::Fail => {
                waiver?.lapsed(check.fingerprint, self.value.as_deref().unwrap_or_default())
            }
            Definition::Current => None,
        }
    }
}

impl Ledger {
    /// Waives a failed check: records the waiver and the waived result in one transaction.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    #[allow(clippy::too_many_arguments, reason = "one waiver is one flat record")]
    pub fn waive(
        &mut self,
        target: Target,
        run: &str,
        failed: &CheckRecord,
        check: &CheckSpec,
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
            target: check.target(),
            fingerprint: failed.fingerprint,
        };
        let waived = CheckRecord {
            state: CheckState::Waived,
            ..failed.clone()
        };
        self.transaction(|ledger| {
            super::checks::put(ledger, target, run, &waived)?;
            put(ledger, target, run, &waiver)
        })?;
        Ok(waiver)
    }

    /// The newest waiver of every check, by name.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn newest_waivers(&self, target: Target) -> Result<HashMap<String, Waiver>, LedgerError> {
        let waivers: Vec<Waiver> = self.select(
            "SELECT name, reason, operator, at, value, expected, fingerprint FROM waiver
             WHERE id IN (SELECT MAX(id) FROM waiver WHERE target = ?1 GROUP BY name)",
            [target.0],
            waiver,
        )?;
        Ok(waivers
            .into_iter()
            .map(|waiver| (waiver.check.clone(), waiver))
            .collect())
    }

    /// All waivers, oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn waivers(&self, target: Target) -> Result<Vec<Waiver>, LedgerError> {
        self.select("SELECT name, reason, operator, at, value, expected, fingerprint FROM waiver WHERE target = ?1 ORDER BY id", [target.0], waiver)
    }
}

pub(super) fn put(
    ledger: &Transaction<'_>,
    target: Target,
    run: &str,
    waiver: &Waiver,
) -> rusqlite::Result<()> {
    ledger
        .execute(
            "INSERT INTO waiver (target, name, run, reason, operator, value, expected, at, fingerprint)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                target.0,
                waiver.check,
                run,
                waiver.reason,
                waiver.by,
                waiver.value,
                waiver.target,
                waiver.at,
                waiver.fingerprint.map(|fingerprint| fingerprint.to_string()),
            ],
        )
        .map(drop)
}

pub(super) fn waiver(row: &Row<'_>) -> rusqlite::Result<Waiver> {
    Ok(Waiver {
        check: row.get(0)?,
        reason: row.get(1)?,
        by: row.get(2)?,
        at: row.get(3)?,
        value: row.get(4)?,
        target: row.get(5)?,
        fingerprint: super::definition::fingerprint(row, 6)?,
    })
}
