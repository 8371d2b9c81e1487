//! The outbox: every ledger row changed since the warehouse last recorded it, except what a commit recorded itself.
//! Each row stores whether it is synced, so that nothing is lost if the process dies.

use chrono::{DateTime, Utc};
use rusqlite::{Row, Transaction, params};

use super::entry::{
    ACCEPTANCE, CHECK, CheckBody, MAX_QUARANTINED, QuarantinedBody, RUN, RunBody, TICK, TIME, TimeBody,
    UnitBody, WAIVER, WaiverBody, text,
};
use super::plans::know;
use super::{Acceptance, Ledger, LedgerError, QuarantineRecord, Target, Tick};
use crate::partition::Partition;
use crate::warehouse::{Entry, UNIT};

/// A table whose rows the warehouse records, one entry per row.
struct SyncedTable {
    table: &'static str,
    key: &'static str,
    /// The columns `read` expects, in order.
    columns: &'static str,
    /// Which unsynced rows may be sent.
    ready: &'static str,
    read: fn(&Transaction<'_>, Target, &Row<'_>) -> rusqlite::Result<Entry>,
}

/// Rows whose state no other transaction decides.
const ALWAYS: &str = "TRUE";

/// Not while a commit may be in flight: it numbers its entries before it ends, so an entry of the earlier state would
/// count as newer than its outcome.
const WITHOUT_INTENT: &str = "NOT EXISTS (SELECT 1 FROM intent WHERE intent.target = unit.target \
                              AND intent.stage = unit.stage AND instr(intent.dates, unit.date) > 0)";

/// In the order in which they are sent.
const SYNCED_TABLES: [SyncedTable; 7] = [
    SyncedTable {
        table: "run",
        key: "id",
        columns: "id, state, pid, source, workers, dates, started_at, ended_at, ending, version",
        ready: ALWAYS,
        read: run,
    },
    SyncedTable {
        table: "unit",
        key: "stage, date",
        columns: "stage, date, state, expected, rows, attempts, class, reason, source, run, seconds, fingerprint",
        ready: WITHOUT_INTENT,
        read: unit,
    },
    SyncedTable {
        table: "check_result",
        key: "id",
        columns: "name, state, run, answer, value, offending, seconds, at, note, fingerprint",
        ready: ALWAYS,
        read: check,
    },
    SyncedTable {
        table: "waiver",
        key: "id",
        columns: "name, reason, operator, at, value, expected, fingerprint, run",
        ready: ALWAYS,
        read: waiver,
    },
    SyncedTable {
        table: "tick",
        key: "id",
        columns: "item, done, note, operator, at",
        ready: ALWAYS,
        read: tick,
    },
    SyncedTable {
        table: "acceptance",
        key: "id",
        columns: "stage, accepted, equals, dates, reason, operator, at",
        ready: ALWAYS,
        read: acceptance,
    },
    SyncedTable {
        table: "stage_time",
        key: "stage, run",
        columns: "stage, run, seconds, a_unit",
        ready: ALWAYS,
        read: time,
    },
];

/// Outcome of sending rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synced {
    /// The warehouse has recorded them.
    Yes,
    /// Not recorded, or the outcome is unknown: they are sent again.
    No,
}

impl Ledger {
    /// Up to `most` rows the warehouse hasn't recorded, as entries numbered from `first`. They are marked as sent until
    /// [`Ledger::set_synced`] records the outcome; a row that changes in between is sent again.
    ///
    /// # Errors
    /// When the ledger cannot be read or written.
    pub fn unsynced(
        &mut self,
        target: Target,
        host: &str,
        first: i64,
        most: usize,
    ) -> Result<Vec<Entry>, LedgerError> {
        let now = Utc::now();
        self.transaction(|ledger| {
            let mut entries = Vec::new();
            for source in &SYNCED_TABLES {
                let left = most - entries.len();
                if left > 0 {
                    entries.extend(source.take(ledger, target, left)?);
                }
            }
            for (number, entry) in (first..).zip(&mut entries) {
                (entry.number, entry.at) = (number, now);
                host.clone_into(&mut entry.host);
            }
            Ok(entries)
        })
    }

    /// Records the outcome of the rows that were sent; `last` is the number of the last entry.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn set_synced(&mut self, target: Target, synced: Synced, last: i64) -> Result<(), LedgerError> {
        self.transaction(|ledger| {
            let is_synced = synced == Synced::Yes;
            for SyncedTable { table, .. } in &SYNCED_TABLES {
                ledger
                    .prepare_cached(&format!(
                        "UPDATE {table} SET synced = ?2 WHERE target = ?1 AND synced = 2"
                    ))?
                    .execute(params![target.0, is_synced])?;
            }
            if is_synced {
                know(ledger, target, last)?;
            }
            Ok(())
        })
    }
}

impl SyncedTable {
    /// Entries of up to `most` unsynced rows in key order; marks them as sent.
    fn take(&self, ledger: &Transaction<'_>, target: Target, most: usize) -> rusqlite::Result<Vec<Entry>> {
        let Self {
            table,
            key,
            columns,
            ready,
            ..
        } = self;
        let chosen = format!(
            "SELECT {key} FROM {table} WHERE target = ?1 AND synced = 0 AND {ready} ORDER BY {key} LIMIT ?2"
        );
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        ledger
            .prepare_cached(&format!(
                "UPDATE {table} SET synced = 2 WHERE target = ?1 AND ({key}) IN ({chosen})"
            ))?
            .execute(params![target.0, most])?;
        ledger
            .prepare_cached(&format!(
                "SELECT {columns} FROM {table} WHERE target = ?1 AND synced = 2 ORDER BY {key}"
            ))?
            .query_map([target.0], |row| (self.read)(ledger, target, row))?
            .collect()
    }
}

/// An entry without number, host and time, which are set once all entries are collected.
fn entry(kind: &str, subject: String, state: String, run: String, body: String) -> Entry {
    Entry {
        number: 0,
        kind: kind.to_owned(),
        subject,
        date: None,
        state,
        rows: None,
        kept: None,
        quarantined: None,
        digest: None,
        fingerprint: None,
        run,
        host: String::new(),
        at: DateTime::UNIX_EPOCH,
        body,
    }
}

fn run(_: &Transaction<'_>, _: Target, row: &Row<'_>) -> rusqlite::Result<Entry> {
    let body = RunBody {
        pid: row.get(2)?,
        source: row.get(3)?,
        workers: row.get(4)?,
        dates: row.get(5)?,
        started_at: row.get(6)?,
        ended_at: row.get(7)?,
        ending: row.get(8)?,
        version: row.get(9)?,
    };
    let id: String = row.get(0)?;
    Ok(entry(RUN, id.clone(), row.get(1)?, id, text(&body)))
}

fn unit(ledger: &Transaction<'_>, target: Target, row: &Row<'_>) -> rusqlite::Result<Entry> {
    let (stage, date): (String, Partition) = (row.get(0)?, row.get(1)?);
    let digests = super::digests::of_unit(ledger, target, &stage, date)?;
    let quarantined = super::units::quarantined(ledger, target, &stage, Some(date))?;
    let number = u32::try_from(quarantined.len()).unwrap_or(u32::MAX);
    let first = quarantined.into_iter().take(MAX_QUARANTINED);
    let body = UnitBody {
        grain: date.grain(),
        hour: super::entry::entry_hour(date),
        timezone: super::units::timezone(ledger, target)?.filter(|zone| zone != "UTC"),
        expected: row.get(3)?,
        attempts: row.get(5)?,
        class: row.get(6)?,
        reason: row.get(7)?,
        source: row.get(8)?,
        seconds: row.get(10)?,
        input: digests.map(|digests| digests.input),
        sources: super::source_digests::of_unit(ledger, target, &stage, date)?,
        gaps: Some(super::gaps::of_unit(ledger, target, &stage, date)?),
        quarantined: first
            .map(
                |QuarantineRecord {
                     row, kind, reason, ..
                 }| QuarantinedBody { row, kind, reason },
            )
            .collect(),
    };
    Ok(Entry {
        date: Some(date.first_day()),
        rows: row.get(4)?,
        quarantined: Some(number),
        digest: digests.map(|digests| digests.output),
        fingerprint: row.get(11)?,
        ..entry(UNIT, stage, row.get(2)?, row.get(9)?, text(&body))
    })
}

fn check(_: &Transaction<'_>, _: Target, row: &Row<'_>) -> rusqlite::Result<Entry> {
    let body = CheckBody {
        answer: row.get(3)?,
        value: row.get(4)?,
        failing_dates: row.get(5)?,
        seconds: row.get(6)?,
        at: row.get(7)?,
        note: row.get(8)?,
    };
    Ok(Entry {
        fingerprint: row.get(9)?,
        ..entry(CHECK, row.get(0)?, row.get(1)?, row.get(2)?, text(&body))
    })
}

fn waiver(_: &Transaction<'_>, _: Target, row: &Row<'_>) -> rusqlite::Result<Entry> {
    let body = WaiverBody {
        run: row.get(7)?,
        waiver: super::waivers::waiver(row)?,
    };
    let (check, run) = (body.waiver.check.clone(), body.run.clone());
    Ok(entry(WAIVER, check, "waived".to_owned(), run, text(&body)))
}

fn tick(_: &Transaction<'_>, _: Target, row: &Row<'_>) -> rusqlite::Result<Entry> {
    let tick: Tick = super::ticks::tick(row)?;
    let state = if tick.done { "done" } else { "withdrawn" };
    let item = tick.item.clone();
    Ok(entry(TICK, item, state.to_owned(), String::new(), text(&tick)))
}

fn acceptance(_: &Transaction<'_>, _: Target, row: &Row<'_>) -> rusqlite::Result<Entry> {
    let acceptance: Acceptance = super::definition::acceptance(row)?;
    let (stage, state) = (acceptance.stage.clone(), "accepted".to_owned());
    Ok(entry(ACCEPTANCE, stage, state, String::new(), text(&acceptance)))
}

fn time(_: &Transaction<'_>, _: Target, row: &Row<'_>) -> rusqlite::Result<Entry> {
    let body = TimeBody {
        seconds: row.get(2)?,
        per_unit: row.get(3)?,
    };
    let state = "measured".to_owned();
    Ok(entry(TIME, row.get(0)?, state, row.get(1)?, text(&body)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Settlement, UnitRecord, UnitState};

    fn date() -> Partition {
        Partition::parse("2024-03-05").unwrap()
    }

    fn record(ledger: &mut Ledger, target: Target, state: UnitState) {
        let unit = UnitRecord::new(date(), state, "auto");
        ledger
            .record_units(target, "s", "r", &[unit], Utc::now())
            .unwrap();
    }

    #[test]
    fn a_unit_is_not_sent_while_a_commit_may_decide_its_state() {
        let mut ledger = Ledger::in_memory().unwrap();
        let target = ledger.target("p", "w").unwrap();
        record(&mut ledger, target, UnitState::Pending);
        let intent = ledger
            .intend(target, "s", "r", &[vec![date()]], Utc::now())
            .unwrap();
        assert_eq!(ledger.unsynced(target, "h", 1, 10).unwrap(), []);
        let settlement = Settlement {
            intents: &[intent[0].id],
            ..Settlement::default()
        };
        ledger.settle(target, "s", "r", settlement, Utc::now()).unwrap();
        let sent = ledger.unsynced(target, "h", 1, 10).unwrap();
        assert_eq!(sent.len(), 1, "nothing was committed: {sent:?}");
    }

    #[test]
    fn entries_changed_or_failed_while_sending_are_sent_again() {
        let mut ledger = Ledger::in_memory().unwrap();
        let target = ledger.target("p", "w").unwrap();
        let states = |ledger: &mut Ledger, first| -> Vec<(i64, String)> {
            let entries = ledger.unsynced(target, "h", first, 10).unwrap();
            let entry = |entry: Entry| (entry.number, entry.state);
            entries.into_iter().map(entry).collect()
        };
        record(&mut ledger, target, UnitState::Ok);
        assert_eq!(states(&mut ledger, 1), [(1, "ok".to_owned())]);
        ledger.set_synced(target, Synced::No, 1).unwrap();
        assert_eq!(states(&mut ledger, 2), [(2, "ok".to_owned())]);
        record(&mut ledger, target, UnitState::Failed);
        ledger.set_synced(target, Synced::Yes, 2).unwrap();
        assert_eq!(ledger.known_entry(target).unwrap(), 2);
        assert_eq!(states(&mut ledger, 3), [(3, "failed".to_owned())]);
        ledger.set_synced(target, Synced::Yes, 3).unwrap();
        assert_eq!(states(&mut ledger, 4), []);
    }
}
