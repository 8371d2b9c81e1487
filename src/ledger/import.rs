//! Imports the progress a warehouse has recorded of a plan: work of other hosts, and work this host committed but
//! couldn't write to its ledger before it died.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::{OptionalExtension, Transaction, params};
use serde::de::DeserializeOwned;

use super::entry::{
    ACCEPTANCE, CHECK, CheckBody, QuarantinedBody, RUN, RunBody, TICK, TIME, TimeBody, UnitBody, WAIVER,
    WaiverBody,
};
use super::plans::know;
use super::{Acceptance, Digests, Ledger, LedgerError, Target, Tick, UnitRecord, UnitState};
use crate::figures::counted;
use crate::partition::Partition;
use crate::plan::Fingerprint;
use crate::warehouse::{COMMIT, Entry, UNIT};

/// The result of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Number of entries imported.
    pub entries: usize,
    /// Host of the newest run that was new to this ledger; `None` if all runs were known.
    pub host: Option<String>,
}

/// Why an entry can't be imported.
type InvalidEntry = Box<dyn std::error::Error + Send + Sync>;

impl Ledger {
    /// Imports warehouse entries, which are in order and newer than any this ledger knows. `checks` has the checks of
    /// each stage: a result older than a commit to its stage becomes outdated.
    ///
    /// # Errors
    /// When an entry cannot be read or the ledger cannot be written; then nothing is imported.
    pub fn import(
        &mut self,
        target: Target,
        entries: &[Entry],
        checks: &HashMap<String, Vec<String>>,
    ) -> Result<Imported, LedgerError> {
        let mut refused = None;
        let imported = self.transaction(|ledger| {
            let mut taken = Taken::default();
            for entry in entries {
                if let Err(cause) = taken.take(ledger, target, entry) {
                    refused = Some((entry.number, cause));
                    return Err(rusqlite::Error::QueryReturnedNoRows);
                }
            }
            taken.outdate(ledger, target, checks)?;
            if let Some(last) = entries.last() {
                know(ledger, target, last.number)?;
            }
            Ok(Imported {
                entries: entries.len(),
                host: taken.host,
            })
        });
        match refused {
            Some((number, cause)) => Err(self.refuse(format!(
                "cannot import entry {number} of the progress recorded in the warehouse ({cause}); use the backcourt \
                 version that wrote it"
            ))),
            None => imported,
        }
    }
}

/// What has been imported so far and is needed to outdate check results.
#[derive(Debug, Default)]
struct Taken {
    host: Option<String>,
    /// Runs that were new to this ledger.
    new_runs: HashSet<String>,
    /// Newest commit by stage and run: entry number and time.
    commits: HashMap<(String, String), (i64, DateTime<Utc>)>,
    /// Checks whose newest result is current: name, then run, entry number and time of the result.
    answers: HashMap<String, (String, i64, DateTime<Utc>)>,
}

impl Taken {
    fn take(&mut self, ledger: &Transaction<'_>, target: Target, entry: &Entry) -> Result<(), InvalidEntry> {
        self.see_run(ledger, entry)?;
        match entry.kind.as_str() {
            COMMIT | UNIT => {
                let date = entry.date.ok_or("it has no date")?;
                unit(ledger, target, entry, date)?;
                if entry.kind == COMMIT {
                    let key = (entry.subject.clone(), entry.run.clone());
                    self.commits.insert(key, (entry.number, entry.at));
                }
            }
            CHECK => {
                let at = check(ledger, target, entry)?;
                let answer = (entry.run.clone(), entry.number, at);
                self.answers.insert(entry.subject.clone(), answer);
            }
            WAIVER => waiver(ledger, target, entry)?,
            TICK => tick(ledger, target, &body(entry)?)?,
            ACCEPTANCE => acceptance(ledger, target, &body(entry)?)?,
            RUN => run(ledger, target, entry)?,
            TIME => {
                let TimeBody { seconds, per_unit } = body(entry)?;
                ledger.execute(
                    "INSERT OR REPLACE INTO stage_time (target, stage, run, seconds, a_unit, synced)
                     VALUES (?1, ?2, ?3, ?4, ?5, 1)",
                    params![target.0, entry.subject, entry.run, seconds, per_unit],
                )?;
            }
            // Written by a newer version; unknown here.
            _ => {}
        }
        Ok(())
    }

    fn see_run(&mut self, ledger: &Transaction<'_>, entry: &Entry) -> rusqlite::Result<()> {
        if entry.run.is_empty() {
            return Ok(());
        }
        let is_known = ledger
            .prepare_cached("SELECT 1 FROM run WHERE id = ?1")?
            .exists([&entry.run])?;
        if !is_known || self.new_runs.contains(&entry.run) {
            self.new_runs.insert(entry.run.clone());
            self.host = Some(entry.host.clone());
        }
        Ok(())
    }

    /// Outdates check results older than a commit to their stage: the process died before it could do so itself.
    fn outdate(
        &self,
        ledger: &Transaction<'_>,
        target: Target,
        checks: &HashMap<String, Vec<String>>,
    ) -> rusqlite::Result<()> {
        for ((stage, run), (number, at)) in &self.commits {
            for check in checks.get(stage).into_iter().flatten() {
                let is_older = match self.answers.get(check) {
                    Some((of_run, _, answered)) if of_run == run => answered <= at,
                    Some((_, answer, _)) => answer < number,
                    None => true,
                };
                if is_older {
                    super::checks::outdate(ledger, target, check)?;
                }
            }
        }
        Ok(())
    }
}

fn body<T: DeserializeOwned>(entry: &Entry) -> Result<T, InvalidEntry> {
    Ok(serde_json::from_str(&entry.body)?)
}

fn unit(
    ledger: &Transaction<'_>,
    target: Target,
    entry: &Entry,
    first_day: NaiveDate,
) -> Result<(), InvalidEntry> {
    let body: UnitBody = body(entry)?;
    let date = body
        .partition(first_day)
        .ok_or("its hour is not one of its partition")?;
    require_timezone(ledger, target, body.timezone.as_deref())?;
    let stage = &entry.subject;
    let state =
        UnitState::from_word(&entry.state).ok_or_else(|| format!("its state is '{}'", entry.state))?;
    let fingerprint: Option<Fingerprint> = entry.fingerprint.as_deref().map(str::parse).transpose()?;
    let record = unit_record(entry, &body, date, state);
    // Rows that were kept keep their definition.
    let is_new = entry.kept.is_none();
    let made_by = fingerprint.filter(|_| is_new);
    super::units::put_unit(ledger, target, stage, &entry.run, &record, made_by, entry.at)?;
    ledger
        .prepare_cached("UPDATE unit SET synced = 1 WHERE target = ?1 AND stage = ?2 AND date = ?3")?
        .execute(params![target.0, stage, date])?;
    if let (true, Some(input), Some(output)) = (is_new, body.input, entry.digest) {
        super::digests::put(ledger, target, stage, date, Digests { input, output })?;
    }
    super::source_digests::put(ledger, target, stage, date, &body.sources)?;
    if let (true, Some(gaps)) = (is_new, body.gaps) {
        super::gaps::put(ledger, target, stage, date, &gaps)?;
    }
    if let Some(made_by) = made_by {
        super::definition::put(ledger, target, stage, made_by, entry.at)?;
    }
    let rows = body.quarantined.iter();
    let rows = rows.map(|QuarantinedBody { row, kind, reason }| (row.as_str(), *kind, reason.as_str()));
    super::units::put_quarantined(ledger, target, stage, &entry.run, date, rows)?;
    if !state.is_open() {
        super::intents::settle_date(ledger, target, stage, date)?;
    }
    Ok(())
}

/// Refuses an entry of a day of another zone than those recorded before. The first entry of a target decides.
fn require_timezone(
    ledger: &Transaction<'_>,
    target: Target,
    of_entry: Option<&str>,
) -> Result<(), InvalidEntry> {
    let of_entry = of_entry.unwrap_or("UTC");
    let recorded = super::units::timezone(ledger, target)?;
    if recorded.as_deref() == Some(of_entry) {
        return Ok(());
    }
    let any = "SELECT 1 FROM unit WHERE target = ?1";
    if let (Some(recorded), true) = (recorded, ledger.prepare_cached(any)?.exists([target.0])?) {
        return Err(format!("its day begins in {of_entry}, those recorded before in {recorded}").into());
    }
    ledger.execute(
        "UPDATE target SET timezone = ?2 WHERE id = ?1",
        params![target.0, of_entry],
    )?;
    Ok(())
}

/// The record of a date. The entry of a commit was drafted before its rows were known, so its reason is written here.
fn unit_record(entry: &Entry, body: &UnitBody, date: Partition, state: UnitState) -> UnitRecord {
    let rows = entry.rows.unwrap_or(0);
    let quarantined = entry.quarantined.unwrap_or(0);
    let expected = (body.expected).unwrap_or_else(|| rows.saturating_add(quarantined).max(1));
    let missed = || super::units::shortfall(expected, rows);
    let reason = match (entry.kind.as_str(), entry.kept) {
        (COMMIT, Some(kept)) => Some(format!(
            "{}; kept the {} stored before",
            missed(),
            counted(kept, "row")
        )),
        (COMMIT, None) if state == UnitState::Ok => None,
        (COMMIT, None) => Some(body.reason.clone().unwrap_or_else(missed)),
        _ => body.reason.clone(),
    };
    UnitRecord {
        date,
        state,
        expected,
        rows: entry.kept.unwrap_or(rows),
        attempts: body.attempts,
        class: body.class.clone(),
        reason,
        source: body.source.clone(),
        seconds: body.seconds,
    }
}

fn check(ledger: &Transaction<'_>, target: Target, entry: &Entry) -> Result<DateTime<Utc>, InvalidEntry> {
    let body: CheckBody = body(entry)?;
    let known: Option<i64> = ledger
        .prepare_cached("SELECT id FROM check_result WHERE target = ?1 AND name = ?2 AND run = ?3 AND at = ?4 AND answer IS ?5")?
        .query_row(
            params![target.0, entry.subject, entry.run, body.at, body.answer],
            |row| row.get(0),
        )
        .optional()?;
    ledger.execute(
        "INSERT OR REPLACE INTO check_result
           (id, target, name, run, state, answer, value, offending, seconds, at, fingerprint, note, synced)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 1)",
        params![
            known,
            target.0,
            entry.subject,
            entry.run,
            entry.state,
            body.answer,
            body.value,
            body.failing_dates,
            body.seconds,
            body.at,
            entry.fingerprint,
            body.note,
        ],
    )?;
    Ok(body.at)
}

fn waiver(ledger: &Transaction<'_>, target: Target, entry: &Entry) -> Result<(), InvalidEntry> {
    let WaiverBody { run, mut waiver } = body(entry)?;
    waiver.check.clone_from(&entry.subject);
    let known = ledger
        .prepare_cached("SELECT 1 FROM waiver WHERE target = ?1 AND name = ?2 AND at = ?3")?
        .exists(params![target.0, waiver.check, waiver.at])?;
    if !known {
        super::waivers::put(ledger, target, &run, &waiver)?;
    }
    ledger.execute(
        "UPDATE waiver SET synced = 1 WHERE target = ?1 AND name = ?2 AND at = ?3",
        params![target.0, waiver.check, waiver.at],
    )?;
    Ok(())
}

fn tick(ledger: &Transaction<'_>, target: Target, tick: &Tick) -> rusqlite::Result<()> {
    let known = ledger
        .prepare_cached("SELECT 1 FROM tick WHERE target = ?1 AND item = ?2 AND at = ?3")?
        .exists(params![target.0, tick.item, tick.at])?;
    if !known {
        super::ticks::put(ledger, target, tick)?;
    }
    ledger
        .execute(
            "UPDATE tick SET synced = 1 WHERE target = ?1 AND item = ?2 AND at = ?3",
            params![target.0, tick.item, tick.at],
        )
        .map(drop)
}

fn acceptance(ledger: &Transaction<'_>, target: Target, acceptance: &Acceptance) -> rusqlite::Result<()> {
    let key = params![
        target.0,
        acceptance.stage,
        acceptance.accepted.to_string(),
        acceptance.equals.to_string(),
        acceptance.at
    ];
    let of_it = "target = ?1 AND stage = ?2 AND accepted = ?3 AND equals = ?4 AND at = ?5";
    let known = ledger
        .prepare_cached(&format!("SELECT 1 FROM acceptance WHERE {of_it}"))?
        .exists(key)?;
    if !known {
        super::definition::put_acceptance(ledger, target, acceptance)?;
    }
    ledger
        .execute(&format!("UPDATE acceptance SET synced = 1 WHERE {of_it}"), key)
        .map(drop)
}

fn run(ledger: &Transaction<'_>, target: Target, entry: &Entry) -> Result<(), InvalidEntry> {
    let body: RunBody = body(entry)?;
    ledger.execute(
        "INSERT INTO run (id, target, pid, state, source, workers, dates, started_at, ended_at, ending, version,
           synced)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 1)
         ON CONFLICT DO UPDATE SET state = excluded.state, ended_at = excluded.ended_at, ending = excluded.ending,
           synced = 1",
        params![
            entry.subject,
            target.0,
            body.pid,
            entry.state,
            body.source,
            body.workers,
            body.dates,
            body.started_at,
            body.ended_at,
            body.ending,
            body.version,
        ],
    )?;
    Ok(())
}
