//! Runs: their dates, start, state and ending.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, params};

use super::error::invalid_text;
use super::state::read_state;
use super::{Ledger, LedgerError, RunState, Target};
use crate::partition::{Partition, compact, expand};

/// A run as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// Run id.
    pub id: String,
    /// Plan name.
    pub plan: String,
    /// Warehouse as given by the operator.
    pub warehouse: String,
    /// Id of the process that ran it.
    pub pid: u32,
    /// Recorded state; `running` may also mean that the process died, which only the lock can tell.
    pub state: RunState,
    /// Source the stages read from.
    pub source: String,
    /// Workers at the start.
    pub workers: u32,
    /// The dates of the run.
    pub dates: Vec<Partition>,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it ended, if it has.
    pub ended_at: Option<DateTime<Utc>>,
    /// The closing message.
    pub ending: Option<String>,
    /// The version of the program that ran it; `None` if it is older than this field.
    pub version: Option<String>,
}

impl Ledger {
    /// Records a run that starts now.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn begin_run(&mut self, target: Target, run: &RunRecord) -> Result<(), LedgerError> {
        self.transaction(|ledger| {
            ledger
                .execute(
                    "INSERT INTO run (id, target, pid, state, source, workers, dates, started_at, version)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                    params![
                        run.id,
                        target.0,
                        run.pid,
                        run.state.word(),
                        run.source,
                        run.workers,
                        compact(&run.dates),
                        run.started_at,
                        run.version,
                    ],
                )
                .map(drop)
        })
    }

    /// Records the state of a run; an ending has its time and closing message.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn set_run_state(
        &mut self,
        run: &str,
        state: RunState,
        ending: Option<(DateTime<Utc>, &str)>,
    ) -> Result<(), LedgerError> {
        let (at, sentence) = ending.unzip();
        self.transaction(|ledger| {
            ledger
                .execute(
                    "UPDATE run SET state = ?2, ended_at = ?3, synced = 0,
                       ending = CASE WHEN ?3 IS NULL AND ended_at IS NULL THEN ending ELSE ?4 END
                     WHERE id = ?1",
                    params![run, state.word(), at, sentence],
                )
                .map(drop)
        })
    }

    /// Records a remark on a run that has not ended, in the place of its closing message; `None` removes it.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn remark_on_run(&mut self, run: &str, remark: Option<&str>) -> Result<(), LedgerError> {
        self.transaction(|ledger| {
            let sql = "UPDATE run SET ending = ?2 WHERE id = ?1 AND ended_at IS NULL";
            ledger.execute(sql, params![run, remark]).map(drop)
        })
    }

    /// Replaces the closing message of a run that has ended: more of its output was lost since.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn amend_ending(&mut self, run: &str, sentence: &str) -> Result<(), LedgerError> {
        self.transaction(|ledger| {
            let sql = "UPDATE run SET ending = ?2, synced = 0 WHERE id = ?1 AND ended_at IS NOT NULL";
            ledger.execute(sql, params![run, sentence]).map(drop)
        })
    }

    /// Records how long a run has worked on a stage so far, pauses excluded, and the seconds of run time per unit if
    /// they were measured.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn set_stage_seconds(
        &mut self,
        target: Target,
        stage: &str,
        run: &str,
        seconds: f64,
        per_unit: Option<f64>,
    ) -> Result<(), LedgerError> {
        self.transaction(|ledger| {
            ledger
                .execute(
                    "INSERT OR REPLACE INTO stage_time (target, stage, run, seconds, a_unit) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![target.0, stage, run, seconds, per_unit],
                )
                .map(drop)
        })
    }

    /// Seconds of run time per unit of each stage, from the last run that measured it.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn seconds_per_unit(&self, target: Target) -> Result<HashMap<String, f64>, LedgerError> {
        self.select(
            "SELECT stage, a_unit FROM stage_time WHERE target = ?1 AND a_unit IS NOT NULL
             ORDER BY (SELECT rowid FROM run AS entered WHERE entered.id = stage_time.run)",
            [target.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// Seconds all runs have worked on a stage.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn stage_seconds(&self, target: Target, stage: &str) -> Result<f64, LedgerError> {
        self.sqlite(self.db.query_row(
            "SELECT COALESCE(SUM(seconds), 0.0) FROM stage_time WHERE target = ?1 AND stage = ?2",
            params![target.0, stage],
            |row| row.get(0),
        ))
    }

    /// The newest run of a plan on any warehouse: the one recorded last, whatever its clock.
    ///
    /// # Errors
    /// When the ledger cannot be read or contains an unknown value.
    pub fn last_run(&self, plan: &str) -> Result<Option<RunRecord>, LedgerError> {
        let record = self
            .db
            .query_row(
                "SELECT run.id, plan, warehouse, pid, state, source, workers, dates, started_at, ended_at,
                        ending, version
                 FROM run JOIN target ON target.id = run.target WHERE plan = ?1 ORDER BY run.rowid DESC LIMIT 1",
                [plan],
                run_record,
            )
            .optional();
        Ok(self.sqlite(record)?.map(|run| self.with_resolved_warehouse(run)))
    }

    /// Resolves the warehouse of a run relative to the ledger's current folder.
    pub(super) fn with_resolved_warehouse(&self, run: RunRecord) -> RunRecord {
        RunRecord {
            warehouse: self.folder().shown(&run.warehouse),
            ..run
        }
    }
}

pub(super) fn run_record(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    Ok(RunRecord {
        id: row.get(0)?,
        plan: row.get(1)?,
        warehouse: row.get(2)?,
        pid: row.get(3)?,
        state: read_state(row, 4, RunState::from_word)?,
        source: row.get(5)?,
        workers: row.get(6)?,
        dates: expand(&row.get::<_, String>(7)?).map_err(|cause| invalid_text(7, cause))?,
        started_at: row.get(8)?,
        ended_at: row.get(9)?,
        ending: row.get(10)?,
        version: row.get(11)?,
    })
}
