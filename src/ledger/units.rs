//! Units: the recorded state of each date of a stage, its quarantined rows and its failed attempts.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, Transaction, params};
use serde::Serialize;

use super::state::read_state;
use super::{Ledger, LedgerError, Target, UnitState};
use crate::figures::counted;
use crate::partition::{Partition, Timezone};
use crate::plan::Fingerprint;
use crate::plan::Plan;
use crate::table::FaultKind;

/// A unit as recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitRecord {
    /// The unit's date.
    pub date: Partition,
    /// State of the unit.
    pub state: UnitState,
    /// Rows the stage expects.
    pub expected: u32,
    /// Rows stored.
    pub rows: u32,
    /// Number of attempts so far.
    pub attempts: u32,
    /// Class of the last error.
    pub class: Option<String>,
    /// Why it isn't ok.
    pub reason: Option<String>,
    /// Source of its rows.
    pub source: String,
    /// Work in seconds.
    pub seconds: f64,
}

impl UnitRecord {
    /// A unit in this state, without rows or attempts.
    #[must_use]
    pub fn new(date: Partition, state: UnitState, source: &str) -> Self {
        Self {
            date,
            state,
            expected: 0,
            rows: 0,
            attempts: 0,
            class: None,
            reason: None,
            source: source.to_owned(),
            seconds: 0.0,
        }
    }
}

/// A quarantined row of a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuarantineRecord {
    /// Date.
    pub date: Partition,
    /// The row, its values in column order.
    pub row: String,
    /// The kind of its fault; `None` if it was recorded before kinds were.
    pub kind: Option<FaultKind>,
    /// Why it was quarantined.
    pub reason: String,
}

/// The quarantined rows of a stage, of one date or of all.
pub(super) fn quarantined(
    db: &Connection,
    target: Target,
    stage: &str,
    date: Option<Partition>,
) -> rusqlite::Result<Vec<QuarantineRecord>> {
    let of_date = if date.is_some() { "date = ?3" } else { "?3 IS NULL" };
    db.prepare_cached(&format!(
        "SELECT date, row, reason, kind FROM quarantined WHERE target = ?1 AND stage = ?2 AND {of_date} \
         ORDER BY date, row"
    ))?
    .query_map(params![target.0, stage, date], |row| {
        let kind: Option<String> = row.get(3)?;
        Ok(QuarantineRecord {
            date: row.get(0)?,
            row: row.get(1)?,
            reason: row.get(2)?,
            kind: kind.as_deref().and_then(FaultKind::from_word),
        })
    })?
    .collect()
}

/// Why a date without all its rows is `partial` or `empty`.
#[must_use]
pub fn shortfall(expected: u32, rows: u32) -> String {
    format!("expected {}, got {rows}", counted(expected, "row"))
}

impl Ledger {
    /// The quarantined rows of a stage, ordered by date.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn quarantined(&self, target: Target, stage: &str) -> Result<Vec<QuarantineRecord>, LedgerError> {
        self.sqlite(quarantined(&self.db, target, stage, None))
    }

    /// The recorded units of a stage, ordered by date. Dates without a record are omitted.
    ///
    /// # Errors
    /// When the ledger cannot be read or contains an unknown value.
    pub fn units(&self, target: Target, stage: &str) -> Result<Vec<UnitRecord>, LedgerError> {
        self.select(
            "SELECT date, state, expected, rows, attempts, class, reason, source, seconds
             FROM unit WHERE target = ?1 AND stage = ?2 ORDER BY date",
            params![target.0, stage],
            unit_record,
        )
    }

    /// The stages with at least one recorded date.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn begun_stages(&self, target: Target) -> Result<HashSet<String>, LedgerError> {
        self.select(
            "SELECT DISTINCT stage FROM unit WHERE target = ?1",
            [target.0],
            |row| row.get(0),
        )
    }

    /// Every date with a record in any stage, in order.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn recorded_dates(&self, target: Target) -> Result<BTreeSet<Partition>, LedgerError> {
        self.select(
            "SELECT DISTINCT date FROM unit WHERE target = ?1",
            [target.0],
            |row| row.get(0),
        )
    }

    /// Refuses a plan whose recorded partitions have another length, or days of another zone: the same rows would be
    /// counted and replaced as parts of different partitions.
    ///
    /// # Errors
    /// When there are such partitions, or the ledger cannot be read.
    pub fn require_partitions(&self, target: Target, plan: &Plan) -> Result<(), LedgerError> {
        // The form of a partition says its length.
        let of_form: Vec<(String, Partition)> = self.select(
            "SELECT stage, MIN(date) FROM unit WHERE target = ?1 GROUP BY stage, LENGTH(date)",
            [target.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let refused = |key: &str, recorded: &str, planned: &str| {
            Err(self.refuse(format!(
                "has the progress of plan '{}' with {key} = \"{recorded}\", but the plan now has \"{planned}\"; give the \
                 changed plan another name",
                plan.name
            )))
        };
        // A stage that the plan no longer has keeps its record.
        let of_plan = of_form
            .iter()
            .filter_map(|(stage, date)| Some((plan.stage(stage)?, date)));
        for (stage, date) in of_plan {
            let planned = stage.range.grain();
            if date.grain() != planned {
                return refused("partition", date.grain().name(), planned.name());
            }
        }
        let zones: Vec<String> = self.select(
            "SELECT timezone FROM target WHERE id = ?1 AND timezone IS NOT NULL",
            [target.0],
            |row| row.get(0),
        )?;
        match zones.first() {
            Some(other) if !of_form.is_empty() && other != plan.timezone.name() => {
                refused("timezone", other, plan.timezone.name())
            }
            _ => Ok(()),
        }
    }

    /// Records the zone in which the days of a target begin. The caller has made sure that no days of another zone are
    /// recorded.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn keep_timezone(&mut self, target: Target, timezone: Timezone) -> Result<(), LedgerError> {
        self.transaction(|ledger| {
            ledger.execute(
                "UPDATE target SET timezone = ?2 WHERE id = ?1 AND timezone IS NOT ?2",
                params![target.0, timezone.name()],
            )
        })?;
        Ok(())
    }

    /// Stages with stored rows on any date.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn filled_stages(&self, target: Target) -> Result<HashSet<String>, LedgerError> {
        self.select(
            "SELECT DISTINCT stage FROM unit WHERE target = ?1 AND rows > 0",
            [target.0],
            |row| row.get(0),
        )
    }

    /// Records units without an intent: skipped, requeued and failed ones.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_units(
        &mut self,
        target: Target,
        stage: &str,
        run: &str,
        units: &[UnitRecord],
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        self.transaction(|ledger| {
            units
                .iter()
                .try_for_each(|unit| put_unit(ledger, target, stage, run, unit, None, now))
        })
    }

    /// Records a failed attempt in the date's history.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    #[allow(clippy::too_many_arguments, reason = "one attempt is one flat record")]
    pub fn record_failed_attempt(
        &mut self,
        target: Target,
        stage: &str,
        run: &str,
        date: Partition,
        number: u32,
        class: &str,
        message: &str,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        self.transaction(|ledger| {
            ledger
                .execute(
                    "INSERT INTO failed_attempt (target, stage, date, run, number, class, message, at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    params![target.0, stage, date, run, number, class, message, now],
                )
                .map(drop)
        })
    }
}

pub(super) fn put_unit(
    ledger: &Transaction<'_>,
    target: Target,
    stage: &str,
    run: &str,
    unit: &UnitRecord,
    made_by: Option<Fingerprint>,
    now: DateTime<Utc>,
) -> rusqlite::Result<()> {
    ledger
        .prepare_cached(
            "INSERT INTO unit (target, stage, date, state, expected, rows, attempts, class, reason, source,
                               run, seconds, at, landed, fingerprint)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
             ON CONFLICT DO UPDATE SET state = excluded.state, expected = excluded.expected, rows = excluded.rows,
               attempts = excluded.attempts, class = excluded.class, reason = excluded.reason,
               source = excluded.source, run = excluded.run, seconds = excluded.seconds, at = excluded.at,
               landed = unit.landed + excluded.landed, synced = 0, fingerprint = COALESCE(excluded.fingerprint, unit.fingerprint)",
        )?
        .execute(params![
            target.0,
            stage,
            unit.date,
            unit.state.word(),
            unit.expected,
            unit.rows,
            unit.attempts,
            unit.class,
            unit.reason,
            unit.source,
            run,
            unit.seconds,
            now,
            !unit.state.is_open(),
            made_by.map(|fingerprint| fingerprint.to_string()),
        ])
        .map(drop)
}

/// Replaces the quarantined rows of a date: each with the kind of its fault, if known, and the reason.
pub(super) fn put_quarantined<'a>(
    ledger: &Transaction<'_>,
    target: Target,
    stage: &str,
    run: &str,
    date: Partition,
    rows: impl Iterator<Item = (&'a str, Option<FaultKind>, &'a str)>,
) -> rusqlite::Result<()> {
    ledger
        .prepare_cached("DELETE FROM quarantined WHERE target = ?1 AND stage = ?2 AND date = ?3")?
        .execute(params![target.0, stage, date])?;
    let mut insert = ledger.prepare_cached(
        "INSERT INTO quarantined (target, stage, date, row, kind, reason, run) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (row, kind, reason) in rows {
        insert.execute(params![
            target.0,
            stage,
            date,
            row,
            kind.map(FaultKind::word),
            reason,
            run
        ])?;
    }
    Ok(())
}

pub(super) fn unit_record(row: &Row<'_>) -> rusqlite::Result<UnitRecord> {
    Ok(UnitRecord {
        date: row.get(0)?,
        state: read_state(row, 1, UnitState::from_word)?,
        expected: row.get(2)?,
        rows: row.get(3)?,
        attempts: row.get(4)?,
        class: row.get(5)?,
        reason: row.get(6)?,
        source: row.get(7)?,
        seconds: row.get(8)?,
    })
}

/// The zone in which the days of a target begin, once it is known.
pub(super) fn timezone(ledger: &Transaction<'_>, target: Target) -> rusqlite::Result<Option<String>> {
    ledger
        .prepare_cached("SELECT timezone FROM target WHERE id = ?1")?
        .query_row([target.0], |row| row.get(0))
}
