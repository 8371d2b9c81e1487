//! Check results. Every result is kept; the newest of each check counts.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use rusqlite::{Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::error::invalid_text;
use super::state::read_state;
use super::{CheckState, Definition, GateCheck, Ledger, LedgerError, Target};
use crate::partition::Partition;
use crate::plan::{Fingerprint, Plan, Severity};

/// One result of a check.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckRecord {
    /// Check name.
    pub name: String,
    /// Outcome of the run.
    pub state: CheckState,
    /// The measured value; `None` if the query failed.
    pub value: Option<String>,
    /// The check's failing dates.
    pub failing_dates: Vec<Partition>,
    /// What else the query returned, in one sentence: dates not run yet, or dates outside the plan.
    pub note: Option<String>,
    /// Query time in seconds.
    pub seconds: f64,
    /// When the check was run.
    pub at: DateTime<Utc>,
    /// Fingerprint of the check definition that was run; `None` in ledgers older than fingerprints.
    pub fingerprint: Option<Fingerprint>,
}

impl CheckRecord {
    /// The result as the gate of its stage sees it.
    #[must_use]
    pub fn at_gate(&self, severity: Severity) -> GateCheck<'_> {
        GateCheck {
            severity,
            state: self.state,
            failing_dates: &self.failing_dates,
        }
    }
}

/// A past result of a check, without its failing dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastAnswer {
    /// When the check was run.
    pub at: DateTime<Utc>,
    /// The run that ran it.
    pub run: String,
    /// The recorded outcome.
    pub state: CheckState,
    /// The measured value.
    pub value: Option<String>,
    /// Number of failing dates.
    #[serde(alias = "offending")]
    pub failing_dates: usize,
}

/// How many results of a check are shown; the ledger keeps all of them.
pub const ANSWERS_SHOWN: u16 = 20;

impl Ledger {
    /// Adds a result to a check's history.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_check(
        &mut self,
        target: Target,
        run: &str,
        check: &CheckRecord,
    ) -> Result<(), LedgerError> {
        self.transaction(|ledger| put(ledger, target, run, check))
    }

    /// Marks the newest results of these checks as outdated, because a unit they read has changed.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn outdate_checks(&mut self, target: Target, names: &[&str]) -> Result<(), LedgerError> {
        self.transaction(|ledger| names.iter().try_for_each(|name| outdate(ledger, target, name)))
    }

    /// The checks that have ever passed or been waived, whatever their newest result is.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn once_met(&self, target: Target) -> Result<HashSet<String>, LedgerError> {
        self.select(
            "SELECT DISTINCT name FROM check_result WHERE target = ?1 AND answer IN ('PASS', 'WAIVED')",
            [target.0],
            |row| row.get(0),
        )
    }

    /// The newest result of every check, by name. A result of another definition than the plan's is outdated.
    ///
    /// # Errors
    /// When the ledger cannot be read or contains an unknown value.
    pub fn newest_checks(
        &self,
        target: Target,
        plan: &Plan,
    ) -> Result<HashMap<String, CheckRecord>, LedgerError> {
        let mut records: Vec<CheckRecord> = self.select(
            "SELECT name, state, value, offending, seconds, at, fingerprint, note FROM check_result
             WHERE id IN (SELECT MAX(id) FROM check_result WHERE target = ?1 GROUP BY name)",
            [target.0],
            check_record,
        )?;
        for record in &mut records {
            let check = plan.check(&record.name).or_else(|| plan.source(&record.name));
            if check.is_some_and(|check| {
                Definition::of(record.fingerprint, check.fingerprint) == Definition::Changed
            }) {
                record.state = CheckState::Outdated;
            }
        }
        Ok(records
            .into_iter()
            .map(|record| (record.name.clone(), record))
            .collect())
    }

    /// The newest [`ANSWERS_SHOWN`] results of every check, by name, oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read or contains an unknown value.
    pub fn past_answers(&self, target: Target) -> Result<HashMap<String, Vec<PastAnswer>>, LedgerError> {
        let newest: Vec<(String, PastAnswer)> = self.select(
            "SELECT name, at, run, state, value, offending FROM
               (SELECT *, ROW_NUMBER() OVER (PARTITION BY name ORDER BY id DESC) AS back
                FROM check_result WHERE target = ?1)
             WHERE back <= ?2 ORDER BY id",
            params![target.0, ANSWERS_SHOWN],
            past_answer,
        )?;
        let mut answers: HashMap<String, Vec<PastAnswer>> = HashMap::new();
        for (name, answer) in newest {
            answers.entry(name).or_default().push(answer);
        }
        Ok(answers)
    }
}

impl PastAnswer {
    /// Converts a check result of `run` to a history entry.
    #[must_use]
    pub fn of(run: &str, check: &CheckRecord) -> Self {
        Self {
            at: check.at,
            run: run.to_owned(),
            state: check.state,
            value: check.value.clone(),
            failing_dates: check.failing_dates.len(),
        }
    }
}

/// Marks the newest result of a check as outdated.
pub(super) fn outdate(ledger: &Transaction<'_>, target: Target, name: &str) -> rusqlite::Result<()> {
    ledger
        .prepare_cached(
            "UPDATE check_result SET state = 'OUTDATED', synced = 0 WHERE id =
               (SELECT MAX(id) FROM check_result WHERE target = ?1 AND name = ?2)",
        )?
        .execute(params![target.0, name])
        .map(drop)
}

fn past_answer(row: &Row<'_>) -> rusqlite::Result<(String, PastAnswer)> {
    let failing_dates: String = row.get(5)?;
    let answer = PastAnswer {
        at: row.get(1)?,
        run: row.get(2)?,
        state: read_state(row, 3, CheckState::from_word)?,
        value: row.get(4)?,
        failing_dates: failing_dates.split_terminator(',').count(),
    };
    Ok((row.get(0)?, answer))
}

pub(super) fn put(
    ledger: &Transaction<'_>,
    target: Target,
    run: &str,
    check: &CheckRecord,
) -> rusqlite::Result<()> {
    let failing_dates: Vec<String> = check.failing_dates.iter().map(ToString::to_string).collect();
    ledger
        .execute(
            "INSERT INTO check_result (target, name, run, state, answer, value, offending, seconds, at, fingerprint, note)
             VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                target.0,
                check.name,
                run,
                check.state.word(),
                check.value,
                failing_dates.join(","),
                check.seconds,
                check.at,
                check.fingerprint.map(|fingerprint| fingerprint.to_string()),
                check.note,
            ],
        )
        .map(drop)
}

fn check_record(row: &Row<'_>) -> rusqlite::Result<CheckRecord> {
    let failing_dates: String = row.get(3)?;
    let dates = failing_dates.split_terminator(',').map(str::parse);
    Ok(CheckRecord {
        name: row.get(0)?,
        state: read_state(row, 1, CheckState::from_word)?,
        value: row.get(2)?,
        failing_dates: dates
            .collect::<Result<_, _>>()
            .map_err(|cause| invalid_text(3, cause))?,
        seconds: row.get(4)?,
        at: row.get(5)?,
        fingerprint: super::definition::fingerprint(row, 6)?,
        note: row.get(7)?,
    })
}
