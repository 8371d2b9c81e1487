//! Units. An intent is recorded before a write, and settled once the warehouse has committed it.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::types::Type;
use rusqlite::{Connection, Row, Transaction, params};
use serde::Serialize;

use crate::plan::Fingerprint;

use super::{Digests, Gap, Ledger, LedgerError, Target, UnitState};
use crate::table::FaultKind;
use crate::warehouse::{COMMIT, Entry};

/// A unit as recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitRecord {
    /// The unit's date.
    pub date: NaiveDate,
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
    pub fn new(date: NaiveDate, state: UnitState, source: &str) -> Self {
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

/// The intent to write some dates of a stage. While it is open, it is unknown whether they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Id of the intent, never reused: its jobs are named after it.
    pub id: i64,
    /// The run that recorded it.
    pub run: String,
    /// The dates to be written.
    pub dates: Vec<NaiveDate>,
}

/// An intent that was never settled, and the newest warehouse entry known when it was recorded: a later commit entry
/// about one of its dates settles that date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsettledIntent {
    stage: String,
    dates: Vec<NaiveDate>,
    known: i64,
}

impl UnsettledIntent {
    /// The newest warehouse entry known when the intent was recorded.
    #[must_use]
    pub const fn known(&self) -> i64 {
        self.known
    }

    /// Whether this entry settles one of its dates.
    #[must_use]
    pub fn is_settled_by(&self, entry: &Entry) -> bool {
        entry.kind == COMMIT
            && entry.number > self.known
            && entry.subject == self.stage
            && entry.date.is_some_and(|date| self.dates.contains(&date))
    }
}

/// The outcome of a date, with everything recorded about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// Its new record.
    pub unit: UnitRecord,
    /// Rows that couldn't be stored.
    pub quarantined: Vec<QuarantinedRow>,
    /// Digests of rows and inputs; `None` if stored rows were kept and their inputs are unknown.
    pub digests: Option<Digests>,
    /// Missing values in its rows; `None` if stored rows were kept, whose gaps are recorded already.
    pub gaps: Option<Vec<Gap>>,
}

/// A quarantined row, as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedRow {
    /// Its values in column order.
    pub row: String,
    /// The kind of its fault.
    pub kind: FaultKind,
    /// The column, the line and what is wrong.
    pub reason: String,
}

/// The outcome of intents, written in one transaction.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settlement<'a> {
    /// The intents that are settled or dropped.
    pub intents: &'a [i64],
    /// The outcome of their dates.
    pub settled: &'a [Settled],
    /// Downstream dates whose inputs have changed.
    pub invalidated: &'a [Invalidated],
    /// Fingerprint of the definition that computed the dates. Rows that were kept keep theirs.
    pub fingerprint: Option<Fingerprint>,
    /// Dates the commit itself recorded in the warehouse in this state.
    pub synced: &'a [NaiveDate],
    /// Number of the commit's newest entry; 0 if there is none.
    pub entry: i64,
}

/// Dates of a stage that were computed from something that has changed since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalidated {
    /// Stage name.
    pub stage: String,
    /// Its dates, in order.
    pub dates: Vec<NaiveDate>,
    /// What changed, in one sentence.
    pub reason: String,
}

/// A quarantined row of a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetAside {
    /// Date.
    pub date: NaiveDate,
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
    date: Option<NaiveDate>,
) -> rusqlite::Result<Vec<SetAside>> {
    let of_date = if date.is_some() { "date = ?3" } else { "?3 IS NULL" };
    db.prepare_cached(&format!(
        "SELECT date, row, reason, kind FROM quarantined WHERE target = ?1 AND stage = ?2 AND {of_date} \
         ORDER BY date, row"
    ))?
    .query_map(params![target.0, stage, date], |row| {
        let kind: Option<String> = row.get(3)?;
        Ok(SetAside {
            date: row.get(0)?,
            row: row.get(1)?,
            reason: row.get(2)?,
            kind: kind.as_deref().and_then(FaultKind::from_word),
        })
    })?
    .collect()
}

impl Ledger {
    /// The quarantined rows of a stage, ordered by date.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn set_aside(&self, target: Target, stage: &str) -> Result<Vec<SetAside>, LedgerError> {
        self.sqlite(quarantined(&self.db, target, stage, None))
    }

    /// The recorded units of a stage, ordered by date. Dates without a record are omitted.
    ///
    /// # Errors
    /// When the ledger cannot be read or contains an unknown value.
    pub fn units(&self, target: Target, stage: &str) -> Result<Vec<UnitRecord>, LedgerError> {
        let read = || {
            self.db
                .prepare_cached(
                    "SELECT date, state, expected, rows, attempts, class, reason, source, seconds
                     FROM unit WHERE target = ?1 AND stage = ?2 ORDER BY date",
                )?
                .query_map(params![target.0, stage], unit_record)?
                .collect()
        };
        self.sqlite(read())
    }

    /// The stages with at least one recorded date.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn begun_stages(&self, target: Target) -> Result<HashSet<String>, LedgerError> {
        let read = || {
            self.db
                .prepare_cached("SELECT DISTINCT stage FROM unit WHERE target = ?1")?
                .query_map([target.0], |row| row.get(0))?
                .collect()
        };
        self.sqlite(read())
    }

    /// Every date with a record in any stage, in order.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn recorded_dates(&self, target: Target) -> Result<BTreeSet<NaiveDate>, LedgerError> {
        let read = || {
            self.db
                .prepare_cached("SELECT DISTINCT date FROM unit WHERE target = ?1")?
                .query_map([target.0], |row| row.get(0))?
                .collect()
        };
        self.sqlite(read())
    }

    /// Stages with stored rows on any date.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn filled_stages(&self, target: Target) -> Result<HashSet<String>, LedgerError> {
        let read = || {
            self.db
                .prepare_cached("SELECT DISTINCT stage FROM unit WHERE target = ?1 AND rows > 0")?
                .query_map([target.0], |row| row.get(0))?
                .collect()
        };
        self.sqlite(read())
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

    /// Records an intent for each of these batches of dates; on disk when this returns.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn intend(
        &mut self,
        target: Target,
        stage: &str,
        run: &str,
        batches: &[Vec<NaiveDate>],
        now: DateTime<Utc>,
    ) -> Result<Vec<Intent>, LedgerError> {
        self.transaction(|ledger| {
            batches
                .iter()
                .map(|dates| {
                    let list: Vec<String> = dates.iter().map(ToString::to_string).collect();
                    ledger.execute(
                        "INSERT INTO intent (target, stage, dates, run, at, known)
                         VALUES (?1, ?2, ?3, ?4, ?5, (SELECT known FROM target WHERE id = ?1))",
                        params![target.0, stage, list.join(","), run, now],
                    )?;
                    Ok(Intent {
                        id: ledger.last_insert_rowid(),
                        run: run.to_owned(),
                        dates: dates.clone(),
                    })
                })
                .collect()
        })
    }

    /// Unsettled intents of a stage: their process died, or they are in flight.
    ///
    /// # Errors
    /// When the ledger cannot be read or contains an invalid date.
    pub fn open_intents(&self, target: Target, stage: &str) -> Result<Vec<Intent>, LedgerError> {
        let read = || {
            self.db
                .prepare_cached(
                    "SELECT id, dates, run FROM intent WHERE target = ?1 AND stage = ?2 ORDER BY id",
                )?
                .query_map(params![target.0, stage], |row| {
                    Ok(Intent {
                        id: row.get(0)?,
                        run: row.get(2)?,
                        dates: dates(row, 1)?,
                    })
                })?
                .collect()
        };
        self.sqlite(read())
    }

    /// Unsettled intents of every stage, with what is needed to match them with warehouse entries.
    ///
    /// # Errors
    /// When the ledger cannot be read or contains an invalid date.
    pub fn unsettled_intents(&self, target: Target) -> Result<Vec<UnsettledIntent>, LedgerError> {
        let read = || {
            self.db
                .prepare_cached("SELECT stage, dates, known FROM intent WHERE target = ?1")?
                .query_map([target.0], |row| {
                    Ok(UnsettledIntent {
                        stage: row.get(0)?,
                        dates: dates(row, 1)?,
                        known: row.get(2)?,
                    })
                })?
                .collect()
        };
        self.sqlite(read())
    }

    /// Settles intents: the outcome of each date replaces them in one transaction.
    ///
    /// # Errors
    /// When the ledger cannot be written; the intents then stay open and are settled later.
    pub fn settle(
        &mut self,
        target: Target,
        stage: &str,
        run: &str,
        settlement: Settlement<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        self.transaction(|ledger| {
            for Settled {
                unit,
                quarantined,
                digests,
                gaps,
            } in settlement.settled
            {
                // Rows that were kept keep their definition.
                let made_by = settlement.fingerprint.filter(|_| gaps.is_some());
                put_unit(ledger, target, stage, run, unit, made_by, now)?;
                if let Some(digests) = digests {
                    super::digests::put(ledger, target, stage, unit.date, *digests)?;
                }
                if let Some(gaps) = gaps {
                    super::gaps::put(ledger, target, stage, unit.date, gaps)?;
                }
                ledger
                    .prepare_cached("DELETE FROM quarantined WHERE target = ?1 AND stage = ?2 AND date = ?3")?
                    .execute(params![target.0, stage, unit.date])?;
                for QuarantinedRow { row, kind, reason } in quarantined {
                    ledger
                        .prepare_cached(
                            "INSERT INTO quarantined (target, stage, date, row, kind, reason, run)
                             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                        )?
                        .execute(params![target.0, stage, unit.date, row, kind.word(), reason, run])?;
                }
            }
            for id in settlement.intents {
                ledger
                    .prepare_cached("DELETE FROM intent WHERE id = ?1")?
                    .execute([id])?;
            }
            if let Some(fingerprint) = settlement.fingerprint.filter(|_| !settlement.settled.is_empty()) {
                super::definition::put(ledger, target, stage, fingerprint, now)?;
            }
            for date in settlement.synced {
                ledger
                    .prepare_cached(
                        "UPDATE unit SET synced = 1 WHERE target = ?1 AND stage = ?2 AND date = ?3",
                    )?
                    .execute(params![target.0, stage, date])?;
            }
            super::outbox::know(ledger, target, settlement.entry)?;
            invalidate(ledger, target, settlement.invalidated, now)
        })
    }

    /// Marks units as stale, because their inputs are about to change or have changed.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn invalidate(
        &mut self,
        target: Target,
        invalidated: &[Invalidated],
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        self.transaction(|ledger| invalidate(ledger, target, invalidated, now))
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
        date: NaiveDate,
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

/// The dates of an intent.
fn dates(row: &Row<'_>, at: usize) -> rusqlite::Result<Vec<NaiveDate>> {
    let list: String = row.get(at)?;
    list.split(',')
        .filter(|date| !date.is_empty())
        .map(|date| date.parse().map_err(|cause| bad_word(at, cause)))
        .collect()
}

/// Removes a settled date from all intents. An intent without dates is left for the start of its stage, which looks up
/// what its jobs were billed.
pub(super) fn settle_date(
    ledger: &Transaction<'_>,
    target: Target,
    stage: &str,
    date: NaiveDate,
) -> rusqlite::Result<()> {
    let date = date.to_string();
    let mut open = ledger.prepare_cached("SELECT id, dates FROM intent WHERE target = ?1 AND stage = ?2")?;
    let open: Vec<(i64, String)> = open
        .query_map(params![target.0, stage], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (id, dates) in open {
        let left: Vec<&str> = dates.split(',').filter(|intended| *intended != date).collect();
        if left.len() < dates.split(',').count() {
            let left = left.join(",");
            ledger.execute("UPDATE intent SET dates = ?2 WHERE id = ?1", params![id, left])?;
        }
    }
    Ok(())
}

/// Only done dates can be invalidated: the others are run anyway.
fn invalidate(
    ledger: &Transaction<'_>,
    target: Target,
    invalidated: &[Invalidated],
    now: DateTime<Utc>,
) -> rusqlite::Result<()> {
    for Invalidated { stage, dates, reason } in invalidated {
        for date in dates {
            ledger
                .prepare_cached(
                    "UPDATE unit SET state = 'stale', reason = ?4, at = ?5, synced = 0
                     WHERE target = ?1 AND stage = ?2 AND date = ?3 AND state IN ('ok', 'partial', 'empty')",
                )?
                .execute(params![target.0, stage, date, reason, now])?;
        }
    }
    Ok(())
}

pub(super) fn unit_record(row: &Row<'_>) -> rusqlite::Result<UnitRecord> {
    Ok(UnitRecord {
        date: row.get(0)?,
        state: word(row, 1, UnitState::from_word)?,
        expected: row.get(2)?,
        rows: row.get(3)?,
        attempts: row.get(4)?,
        class: row.get(5)?,
        reason: row.get(6)?,
        source: row.get(7)?,
        seconds: row.get(8)?,
    })
}

/// Parses a stored word as a state.
pub(super) fn word<T>(row: &Row<'_>, column: usize, parse: fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    parse(&text).ok_or_else(|| bad_word(column, UnknownWord(text)))
}

#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not a state this program knows")]
struct UnknownWord(String);

pub(super) fn bad_word(
    column: usize,
    cause: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(cause))
}
