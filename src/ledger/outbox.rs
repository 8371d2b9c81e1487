//! What the warehouse has not recorded yet: every row of the ledger that changed since, except what a commit recorded
//! itself. Each row says whether it is synced, so that nothing is lost when a process dies in between.

use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::{Row, Transaction, params};

use super::entry::{
    ACCEPTANCE, CHECK, CheckBody, MOST_QUARANTINED, QuarantinedBody, RUN, RunBody, TICK, TIME, TimeBody,
    UnitBody, WAIVER, WaiverBody, text,
};
use super::{Acceptance, Gap, Ledger, LedgerError, Target, Tick, Waiver};
use crate::table::FaultKind;
use crate::warehouse::{Entry, UNIT};

/// The tables whose rows the warehouse records.
const TABLES: [&str; 7] = [
    "run",
    "unit",
    "check_result",
    "waiver",
    "tick",
    "acceptance",
    "stage_time",
];

/// What became of the rows that were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synced {
    /// The warehouse has recorded them.
    Yes,
    /// It has not, or the outcome is not known: they are sent again.
    No,
}

impl Ledger {
    /// The newest entry of the warehouse that this ledger knows.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn known_entry(&self, target: Target) -> Result<i64, LedgerError> {
        let read = self
            .db
            .query_row("SELECT known FROM target WHERE id = ?1", [target.0], |row| {
                row.get(0)
            });
        self.sqlite(read)
    }

    /// At most so many rows that the warehouse has not recorded, as entries with numbers from `first` on. They count as sent
    /// until [`Ledger::set_synced`] says what became of them; one that changes meanwhile is sent again.
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
            for read in [runs, units, checks, waivers, ticks, acceptances, times] {
                let left = most - entries.len();
                if left > 0 {
                    entries.extend(read(ledger, target, left)?);
                }
            }
            for (number, entry) in (first..).zip(&mut entries) {
                (entry.number, entry.at) = (number, now);
                host.clone_into(&mut entry.host);
            }
            Ok(entries)
        })
    }

    /// Records what became of the rows that were sent, the last of them the entry with this number.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn set_synced(&mut self, target: Target, synced: Synced, last: i64) -> Result<(), LedgerError> {
        self.transaction(|ledger| {
            let is_synced = synced == Synced::Yes;
            for table in TABLES {
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

/// Remembers the newest entry of the warehouse that this ledger knows.
pub(super) fn know(ledger: &Transaction<'_>, target: Target, entry: i64) -> rusqlite::Result<()> {
    ledger
        .prepare_cached("UPDATE target SET known = MAX(known, ?2) WHERE id = ?1")?
        .execute(params![target.0, entry])
        .map(drop)
}

/// The rows of a table that are not synced, in the order of their key; marks them as sent.
fn take<T>(
    ledger: &Transaction<'_>,
    target: Target,
    most: usize,
    (table, key, columns): (&str, &str, &str),
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let chosen =
        format!("SELECT {key} FROM {table} WHERE target = ?1 AND synced = 0 ORDER BY {key} LIMIT ?2");
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
        .query_map([target.0], read)?
        .collect()
}

/// An entry whose number, host and time are set when all are there.
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

fn runs(ledger: &Transaction<'_>, target: Target, most: usize) -> rusqlite::Result<Vec<Entry>> {
    let columns = "id, state, pid, source, workers, dates, started_at, ended_at, ending";
    take(ledger, target, most, ("run", "id", columns), |row| {
        let body = RunBody {
            pid: row.get(2)?,
            source: row.get(3)?,
            workers: row.get(4)?,
            dates: row.get(5)?,
            started_at: row.get(6)?,
            ended_at: row.get(7)?,
            ending: row.get(8)?,
        };
        let id: String = row.get(0)?;
        Ok(entry(RUN, id.clone(), row.get(1)?, id, text(&body)))
    })
}

fn units(ledger: &Transaction<'_>, target: Target, most: usize) -> rusqlite::Result<Vec<Entry>> {
    let columns =
        "stage, date, state, expected, rows, attempts, class, reason, source, run, seconds, fingerprint";
    let unit = |row: &Row<'_>| {
        let body = UnitBody {
            expected: row.get(3)?,
            attempts: row.get(5)?,
            class: row.get(6)?,
            reason: row.get(7)?,
            source: row.get(8)?,
            seconds: row.get(10)?,
            ..UnitBody::default()
        };
        let mut entry = entry(UNIT, row.get(0)?, row.get(2)?, row.get(9)?, String::new());
        entry.date = row.get(1)?;
        entry.rows = row.get(4)?;
        entry.fingerprint = row.get(11)?;
        Ok((entry, body))
    };
    let mut entries = Vec::new();
    for (mut entry, mut body) in take(ledger, target, most, ("unit", "stage, date", columns), unit)? {
        let of = params![target.0, entry.subject, entry.date];
        let digests = ledger
            .prepare_cached(
                "SELECT input, output FROM digest WHERE target = ?1 AND stage = ?2 AND date = ?3",
            )?
            .query_map(of, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?
            .next()
            .transpose()?;
        if let Some((input, output)) = digests {
            body.input = Some(input.cast_unsigned());
            entry.digest = Some(output.cast_unsigned());
        }
        body.gaps = Some(gaps(ledger, target, &entry.subject, entry.date)?);
        (entry.quarantined, body.quarantined) = quarantined(ledger, target, &entry.subject, entry.date)?;
        entry.body = text(&body);
        entries.push(entry);
    }
    Ok(entries)
}

fn gaps(
    ledger: &Transaction<'_>,
    target: Target,
    stage: &str,
    date: Option<NaiveDate>,
) -> rusqlite::Result<Vec<Gap>> {
    let gaps: Option<String> = ledger
        .prepare_cached("SELECT gaps FROM gap WHERE target = ?1 AND stage = ?2 AND date = ?3")?
        .query_map(params![target.0, stage, date], |row| row.get(0))?
        .next()
        .transpose()?;
    let read = |gaps: String| serde_json::from_str(&gaps).map_err(|cause| super::units::bad_word(0, cause));
    gaps.map_or(Ok(Vec::new()), read)
}

/// How many rows of a unit are quarantined, and the first of them.
fn quarantined(
    ledger: &Transaction<'_>,
    target: Target,
    stage: &str,
    date: Option<NaiveDate>,
) -> rusqlite::Result<(Option<u32>, Vec<QuarantinedBody>)> {
    let of = params![target.0, stage, date];
    let number: u32 = ledger
        .prepare_cached("SELECT COUNT(*) FROM quarantined WHERE target = ?1 AND stage = ?2 AND date = ?3")?
        .query_row(of, |row| row.get(0))?;
    let first = ledger
        .prepare_cached(
            "SELECT row, kind, reason FROM quarantined WHERE target = ?1 AND stage = ?2 AND date = ?3 ORDER BY row",
        )?
        .query_map(of, |row| {
            let kind: Option<String> = row.get(1)?;
            Ok(QuarantinedBody {
                row: row.get(0)?,
                kind: kind.as_deref().and_then(FaultKind::from_word),
                reason: row.get(2)?,
            })
        })?
        .take(MOST_QUARANTINED)
        .collect::<Result<_, _>>()?;
    Ok((Some(number), first))
}

fn checks(ledger: &Transaction<'_>, target: Target, most: usize) -> rusqlite::Result<Vec<Entry>> {
    let columns = "name, state, run, answer, value, offending, seconds, at, note, fingerprint";
    take(ledger, target, most, ("check_result", "id", columns), |row| {
        let body = CheckBody {
            answer: row.get(3)?,
            value: row.get(4)?,
            offending: row.get(5)?,
            seconds: row.get(6)?,
            at: row.get(7)?,
            note: row.get(8)?,
        };
        let mut entry = entry(CHECK, row.get(0)?, row.get(1)?, row.get(2)?, text(&body));
        entry.fingerprint = row.get(9)?;
        Ok(entry)
    })
}

fn waivers(ledger: &Transaction<'_>, target: Target, most: usize) -> rusqlite::Result<Vec<Entry>> {
    let columns = "name, reason, operator, at, value, expected, fingerprint, run";
    take(ledger, target, most, ("waiver", "id", columns), |row| {
        let waiver: Waiver = super::waivers::waiver(row)?;
        let run: String = row.get(7)?;
        let body = WaiverBody {
            run: run.clone(),
            waiver,
        };
        Ok(entry(
            WAIVER,
            body.waiver.check.clone(),
            "waived".to_owned(),
            run,
            text(&body),
        ))
    })
}

fn ticks(ledger: &Transaction<'_>, target: Target, most: usize) -> rusqlite::Result<Vec<Entry>> {
    let columns = "item, done, note, operator, at";
    take(ledger, target, most, ("tick", "id", columns), |row| {
        let tick: Tick = super::ticks::tick(row)?;
        let state = if tick.done { "done" } else { "withdrawn" };
        Ok(entry(
            TICK,
            tick.item.clone(),
            state.to_owned(),
            String::new(),
            text(&tick),
        ))
    })
}

fn acceptances(ledger: &Transaction<'_>, target: Target, most: usize) -> rusqlite::Result<Vec<Entry>> {
    let columns = "stage, accepted, equals, dates, reason, operator, at";
    take(ledger, target, most, ("acceptance", "id", columns), |row| {
        let acceptance: Acceptance = super::definition::acceptance(row)?;
        Ok(entry(
            ACCEPTANCE,
            acceptance.stage.clone(),
            "accepted".to_owned(),
            String::new(),
            text(&acceptance),
        ))
    })
}

fn times(ledger: &Transaction<'_>, target: Target, most: usize) -> rusqlite::Result<Vec<Entry>> {
    let columns = "stage, run, seconds, a_unit";
    take(
        ledger,
        target,
        most,
        ("stage_time", "stage, run", columns),
        |row| {
            let body = TimeBody {
                seconds: row.get(2)?,
                a_unit: row.get(3)?,
            };
            Ok(entry(
                TIME,
                row.get(0)?,
                "measured".to_owned(),
                row.get(1)?,
                text(&body),
            ))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{UnitRecord, UnitState};

    fn record(ledger: &mut Ledger, target: Target, state: UnitState) {
        let unit = UnitRecord {
            date: NaiveDate::MIN,
            state,
            expected: 1,
            rows: 1,
            attempts: 1,
            class: None,
            reason: None,
            source: "auto".to_owned(),
            seconds: 0.5,
        };
        ledger
            .record_units(target, "s", "r", &[unit], Utc::now())
            .unwrap();
    }

    #[test]
    fn what_changes_while_it_is_sent_is_sent_again_and_a_failure_loses_nothing() {
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
