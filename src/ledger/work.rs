//! What the runs of a plan did in each stage, including failed attempts.

use rusqlite::params;
use serde::Serialize;

use super::{Ledger, LedgerError, RunRecord, Target};
use crate::partition::Partition;

/// What one run did in a stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunInStage {
    /// Id of the run.
    pub run: String,
    /// Dates whose newest result is from this run; skipped and pending dates excluded.
    pub dates: u64,
    /// Seconds it worked on the stage, pauses excluded.
    pub seconds: f64,
}

/// Failed attempts with the same error class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailedAttempts {
    /// The error class.
    pub class: String,
    /// Number of attempts.
    pub attempts: u64,
    /// Number of distinct dates.
    pub dates: u64,
    /// Message of the newest one.
    pub message: String,
}

/// What all runs did in a stage.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct StageWork {
    /// The runs that worked on it, oldest first.
    pub runs: Vec<RunInStage>,
    /// First date with a result.
    pub first: Option<Partition>,
    /// Last date with a result.
    pub last: Option<Partition>,
    /// Dates that were computed more than once; skipped and pending dates excluded.
    pub rerun_dates: u64,
    /// Failed attempts by error class.
    pub failed_attempts: Vec<FailedAttempts>,
}

impl Ledger {
    /// Every run of a plan on a warehouse, in the order they were recorded.
    ///
    /// # Errors
    /// When the ledger cannot be read or contains an unknown value.
    pub fn runs(&self, target: Target) -> Result<Vec<RunRecord>, LedgerError> {
        let runs: Vec<RunRecord> = self.select(
            "SELECT run.id, plan, warehouse, pid, state, source, workers, dates, started_at, ended_at, ending,
                    version
             FROM run JOIN target ON target.id = run.target WHERE target = ?1 ORDER BY run.rowid",
            [target.0],
            super::runs::run_record,
        )?;
        Ok(runs
            .into_iter()
            .map(|run| self.with_resolved_warehouse(run))
            .collect())
    }

    /// What all runs did in a stage.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn work(&self, target: Target, stage: &str) -> Result<StageWork, LedgerError> {
        let of_stage = params![target.0, stage];
        let runs = self.select(
            "SELECT run, COALESCE(dates, 0), seconds FROM stage_time LEFT JOIN
               (SELECT run, COUNT(*) AS dates FROM unit
                WHERE target = ?1 AND stage = ?2 AND state NOT IN ('skipped', 'pending') GROUP BY run)
             USING (run) WHERE target = ?1 AND stage = ?2
             ORDER BY (SELECT rowid FROM run AS entered WHERE entered.id = stage_time.run)",
            of_stage,
            |row| {
                Ok(RunInStage {
                    run: row.get(0)?,
                    dates: row.get::<_, i64>(1)?.unsigned_abs(),
                    seconds: row.get(2)?,
                })
            },
        )?;
        let failed_attempts = self.select(
            "SELECT class, COUNT(*), COUNT(DISTINCT date), message, MAX(rowid) FROM failed_attempt
             WHERE target = ?1 AND stage = ?2 GROUP BY class ORDER BY class",
            of_stage,
            |row| {
                Ok(FailedAttempts {
                    class: row.get(0)?,
                    attempts: row.get::<_, i64>(1)?.unsigned_abs(),
                    dates: row.get::<_, i64>(2)?.unsigned_abs(),
                    message: row.get(3)?,
                })
            },
        )?;
        let sql = "SELECT MIN(date), MAX(date), COALESCE(SUM(landed > 1), 0) FROM unit
                   WHERE target = ?1 AND stage = ?2 AND state NOT IN ('skipped', 'pending')";
        let work = self.db.query_row(sql, of_stage, |row| {
            Ok(StageWork {
                runs,
                failed_attempts,
                first: row.get(0)?,
                last: row.get(1)?,
                rerun_dates: row.get::<_, i64>(2)?.unsigned_abs(),
            })
        });
        self.sqlite(work)
    }
}
