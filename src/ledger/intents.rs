//! Intents to write dates. One is recorded before a write, and settled once the warehouse has committed it.

use chrono::{DateTime, Utc};
use rusqlite::{Row, Transaction, params};

use super::entry::UnitBody;
use super::error::invalid_text;
use super::units::{put_quarantined, put_unit};
use super::{Digests, Gap, Ledger, LedgerError, Target, UnitRecord, UnitSources};
use crate::partition::Partition;
use crate::plan::Fingerprint;
use crate::table::FaultKind;
use crate::warehouse::{COMMIT, Entry};

/// The intent to write some dates of a stage. While it is open, it is unknown whether they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Id of the intent, never reused: its jobs are named after it.
    pub id: i64,
    /// The run that recorded it.
    pub run: String,
    /// The dates to be written.
    pub dates: Vec<Partition>,
}

/// An intent that was never settled, and the newest warehouse entry known when it was recorded: a later commit entry
/// about one of its dates settles that date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsettledIntent {
    stage: String,
    dates: Vec<Partition>,
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
            && entry
                .date
                .zip(serde_json::from_str::<UnitBody>(&entry.body).ok())
                .is_some_and(|(first_day, body)| {
                    body.partition(first_day)
                        .is_some_and(|date| self.dates.contains(&date))
                })
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
    /// Digests of the declared sources that it was computed from.
    pub sources: UnitSources,
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
    pub synced: &'a [Partition],
    /// Number of the commit's newest entry; 0 if there is none.
    pub entry: i64,
}

/// Dates of a stage that were computed from something that has changed since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalidated {
    /// Stage name.
    pub stage: String,
    /// Its dates, in order.
    pub dates: Vec<Partition>,
    /// What changed, in one sentence.
    pub reason: String,
}

impl Ledger {
    /// Records an intent for each of these batches of dates; on disk when this returns.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn intend(
        &mut self,
        target: Target,
        stage: &str,
        run: &str,
        batches: &[Vec<Partition>],
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
        self.select(
            "SELECT id, dates, run FROM intent WHERE target = ?1 AND stage = ?2 ORDER BY id",
            params![target.0, stage],
            |row| {
                Ok(Intent {
                    id: row.get(0)?,
                    run: row.get(2)?,
                    dates: dates(row, 1)?,
                })
            },
        )
    }

    /// Unsettled intents of every stage, with what is needed to match them with warehouse entries.
    ///
    /// # Errors
    /// When the ledger cannot be read or contains an invalid date.
    pub fn unsettled_intents(&self, target: Target) -> Result<Vec<UnsettledIntent>, LedgerError> {
        self.select(
            "SELECT stage, dates, known FROM intent WHERE target = ?1",
            [target.0],
            |row| {
                Ok(UnsettledIntent {
                    stage: row.get(0)?,
                    dates: dates(row, 1)?,
                    known: row.get(2)?,
                })
            },
        )
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
            for settled in settlement.settled {
                // Rows that were kept keep their definition.
                let made_by = settlement.fingerprint.filter(|_| settled.gaps.is_some());
                put_unit(ledger, target, stage, run, &settled.unit, made_by, now)?;
                put_details(ledger, target, stage, run, settled)?;
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
            super::plans::know(ledger, target, settlement.entry)?;
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
}

/// Replaces what is recorded about a date beside its unit.
fn put_details(
    ledger: &Transaction<'_>,
    target: Target,
    stage: &str,
    run: &str,
    settled: &Settled,
) -> rusqlite::Result<()> {
    let date = settled.unit.date;
    if let Some(digests) = settled.digests {
        super::digests::put(ledger, target, stage, date, digests)?;
    }
    super::source_digests::put(ledger, target, stage, date, &settled.sources)?;
    if let Some(gaps) = &settled.gaps {
        super::gaps::put(ledger, target, stage, date, gaps)?;
    }
    let rows = settled.quarantined.iter();
    let rows = rows.map(|row| (row.row.as_str(), Some(row.kind), row.reason.as_str()));
    put_quarantined(ledger, target, stage, run, date, rows)
}

/// The dates of an intent.
fn dates(row: &Row<'_>, at: usize) -> rusqlite::Result<Vec<Partition>> {
    let list: String = row.get(at)?;
    list.split(',')
        .filter(|date| !date.is_empty())
        .map(|date| date.parse().map_err(|cause| invalid_text(at, cause)))
        .collect()
}

/// Removes a settled date from all intents. An intent without dates is left for the start of its stage, which looks up
/// what its jobs were billed.
pub(super) fn settle_date(
    ledger: &Transaction<'_>,
    target: Target,
    stage: &str,
    date: Partition,
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
pub(super) fn invalidate(
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
