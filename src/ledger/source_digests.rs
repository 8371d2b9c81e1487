//! What each unit was computed from: digests of the declared sources, and the state in which each source was last seen.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use rusqlite::{Transaction, params};

use super::intents::invalidate;
use super::{Invalidated, Ledger, LedgerError, Target};
use crate::partition::Partition;

/// Digests of what a unit reads of each source, by the name of the source and what is looked at in it.
pub type UnitSources = BTreeMap<String, u64>;

/// Digests by stage, source and date.
pub type KnownSourceDigests = HashMap<String, HashMap<String, BTreeMap<Partition, u64>>>;

/// The marks of the partitions of a source.
pub type SourceMarks = BTreeMap<Partition, u64>;

/// Units that were computed before their source was looked at: what they read of it is taken to be what is there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceBaseline {
    /// Stage name.
    pub stage: String,
    /// The source.
    pub source: String,
    /// The digest of each unit.
    pub digests: BTreeMap<Partition, u64>,
}

/// The result of a look at all sources, recorded at once.
#[derive(Debug, Clone, Default)]
pub struct SourceRecord {
    /// The state of each source.
    pub states: Vec<(String, SourceMarks)>,
    /// Units without a digest of a source.
    pub baselines: Vec<SourceBaseline>,
    /// Units that were computed from other rows.
    pub invalidated: Vec<Invalidated>,
}

impl Ledger {
    /// The digests of every unit of a target.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn source_digests(&self, target: Target) -> Result<KnownSourceDigests, LedgerError> {
        let read = || -> rusqlite::Result<KnownSourceDigests> {
            let mut known = KnownSourceDigests::new();
            let mut query = (self.db)
                .prepare_cached("SELECT stage, source, date, digest FROM source_digest WHERE target = ?1")?;
            let mut rows = query.query([target.0])?;
            while let Some(row) = rows.next()? {
                let of_stage = known.entry(row.get(0)?).or_default();
                let digest: i64 = row.get(3)?;
                (of_stage.entry(row.get(1)?).or_default()).insert(row.get(2)?, digest.cast_unsigned());
            }
            Ok(known)
        };
        self.sqlite(read())
    }

    /// The state of a source when it was last looked at; empty if it never was.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn source_state(&self, target: Target, source: &str) -> Result<SourceMarks, LedgerError> {
        let marks: Vec<(Partition, i64)> = self.select(
            "SELECT date, mark FROM source_state WHERE target = ?1 AND source = ?2",
            params![target.0, source],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let mark = |(date, mark): (Partition, i64)| (date, mark.cast_unsigned());
        Ok(marks.into_iter().map(mark).collect())
    }

    /// Records a look at the sources.
    ///
    /// # Errors
    /// When the ledger cannot be read or written; then nothing is recorded.
    pub fn record_sources(
        &mut self,
        target: Target,
        record: &SourceRecord,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let mut before = Vec::with_capacity(record.states.len());
        for (source, _) in &record.states {
            before.push(self.source_state(target, source)?);
        }
        self.transaction(|ledger| {
            for ((source, marks), before) in record.states.iter().zip(&before) {
                put_state(ledger, target, source, before, marks)?;
            }
            for SourceBaseline {
                stage,
                source,
                digests,
            } in &record.baselines
            {
                for (date, digest) in digests {
                    put_digest(ledger, target, stage, *date, source, *digest)?;
                    // Another host must compare with the same.
                    ledger
                        .prepare_cached(
                            "UPDATE unit SET synced = 0 WHERE target = ?1 AND stage = ?2 AND date = ?3",
                        )?
                        .execute(params![target.0, stage, date])?;
                }
            }
            invalidate(ledger, target, &record.invalidated, now)
        })
    }
}

/// Replaces the state of a source where it differs.
fn put_state(
    ledger: &Transaction<'_>,
    target: Target,
    source: &str,
    before: &SourceMarks,
    now: &SourceMarks,
) -> rusqlite::Result<()> {
    for date in before.keys().filter(|date| !now.contains_key(date)) {
        ledger
            .prepare_cached("DELETE FROM source_state WHERE target = ?1 AND source = ?2 AND date = ?3")?
            .execute(params![target.0, source, date])?;
    }
    for (date, mark) in now.iter().filter(|(date, mark)| before.get(date) != Some(mark)) {
        ledger
            .prepare_cached(
                "INSERT OR REPLACE INTO source_state (target, source, date, mark) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![target.0, source, date, mark.cast_signed()])?;
    }
    Ok(())
}

fn put_digest(
    ledger: &Transaction<'_>,
    target: Target,
    stage: &str,
    date: Partition,
    source: &str,
    digest: u64,
) -> rusqlite::Result<()> {
    ledger
        .prepare_cached(
            "INSERT OR REPLACE INTO source_digest (target, stage, date, source, digest)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![target.0, stage, date, source, digest.cast_signed()])
        .map(drop)
}

/// Replaces what a unit was computed from. Digests of sources that it read before and doesn't now must not remain: they
/// would be of other rows.
pub(super) fn put(
    ledger: &Transaction<'_>,
    target: Target,
    stage: &str,
    date: Partition,
    sources: &UnitSources,
) -> rusqlite::Result<()> {
    ledger
        .prepare_cached("DELETE FROM source_digest WHERE target = ?1 AND stage = ?2 AND date = ?3")?
        .execute(params![target.0, stage, date])?;
    for (source, digest) in sources {
        put_digest(ledger, target, stage, date, source, *digest)?;
    }
    Ok(())
}

/// What a unit was computed from.
pub(super) fn of_unit(
    ledger: &Transaction<'_>,
    target: Target,
    stage: &str,
    date: Partition,
) -> rusqlite::Result<UnitSources> {
    ledger
        .prepare_cached(
            "SELECT source, digest FROM source_digest WHERE target = ?1 AND stage = ?2 AND date = ?3",
        )?
        .query_map(params![target.0, stage, date], |row| {
            let digest: i64 = row.get(1)?;
            Ok((row.get(0)?, digest.cast_unsigned()))
        })?
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{UnitRecord, UnitState};
    use super::*;

    fn day(number: u32) -> Partition {
        Partition::parse(&format!("2024-03-{number:02}")).unwrap()
    }

    #[test]
    fn a_look_replaces_the_state_and_marks_units() {
        let mut ledger = Ledger::in_memory().unwrap();
        let target = ledger.target("p", "w").unwrap();
        let units = [1, 2].map(|number| UnitRecord::new(day(number), UnitState::Ok, "auto"));
        ledger.record_units(target, "s", "r", &units, Utc::now()).unwrap();
        let marks = |marks: &[(u32, u64)]| -> SourceMarks {
            marks.iter().map(|(number, mark)| (day(*number), *mark)).collect()
        };
        let mut look = |states: SourceMarks, baseline: SourceMarks, stale: Vec<Partition>| {
            let record = SourceRecord {
                states: vec![("raw.events rows".to_owned(), states)],
                baselines: vec![SourceBaseline {
                    stage: "s".to_owned(),
                    source: "raw.events rows".to_owned(),
                    digests: baseline,
                }],
                invalidated: vec![Invalidated {
                    stage: "s".to_owned(),
                    dates: stale,
                    reason: "late".to_owned(),
                }],
            };
            ledger.record_sources(target, &record, Utc::now()).unwrap();
            (
                ledger.source_state(target, "raw.events rows").unwrap(),
                ledger.source_digests(target).unwrap(),
                ledger.units(target, "s").unwrap(),
            )
        };
        let first = marks(&[(1, 5), (2, u64::MAX)]);
        let (state, digests, units) = look(first.clone(), marks(&[(1, 7), (2, 8)]), Vec::new());
        assert_eq!(state, first);
        assert_eq!(digests["s"]["raw.events rows"], marks(&[(1, 7), (2, 8)]));
        assert!(units.iter().all(|unit| unit.state == UnitState::Ok));
        let second = marks(&[(1, 6), (3, 1)]);
        let (state, digests, units) = look(second.clone(), SourceMarks::new(), vec![day(1)]);
        assert_eq!(state, second);
        assert_eq!(digests["s"]["raw.events rows"].len(), 2, "they are as computed");
        let states: Vec<UnitState> = units.iter().map(|unit| unit.state).collect();
        assert_eq!(states, [UnitState::Stale, UnitState::Ok]);
    }
}
