//! Warehouse jobs and their cost, one row a job, by stage and check. A job is identified by its id and counted once,
//! however often it is looked up.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::{Ledger, LedgerError, Target};
use crate::warehouse::{Charge, Cost};

/// What a job was run for.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Purpose {
    /// The stage; for a raw-data check, the feed. `None` for work outside stages: a load, a sample.
    pub stage: Option<String>,
    /// The check; `None` if the job computed dates.
    pub check: Option<String>,
}

impl Purpose {
    /// Computing dates of a stage.
    #[must_use]
    pub fn dates(stage: &str) -> Self {
        Self {
            stage: Some(stage.to_owned()),
            check: None,
        }
    }

    /// Running a check of a stage or a feed.
    #[must_use]
    pub fn check(stage: &str, check: &str) -> Self {
        Self {
            stage: Some(stage.to_owned()),
            check: Some(check.to_owned()),
        }
    }
}

/// Costs by purpose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Costs(BTreeMap<Purpose, Cost>);

impl Costs {
    /// Adds a cost.
    fn add(&mut self, purpose: Purpose, cost: Cost) {
        *self.0.entry(purpose).or_default() += cost;
    }

    /// Merges other costs into these.
    pub fn join(&mut self, others: Self) {
        (others.0.into_iter()).for_each(|(purpose, cost)| self.add(purpose, cost));
    }

    /// Cost of a stage including its checks; `None` if it has no jobs.
    #[must_use]
    pub fn of_stage(&self, stage: &str) -> Option<Cost> {
        self.sum(|purpose| purpose.stage.as_deref() == Some(stage))
    }

    /// Cost of a check over all its runs.
    #[must_use]
    pub fn of_check(&self, check: &str) -> Option<Cost> {
        self.sum(|purpose| purpose.check.as_deref() == Some(check))
    }

    /// Cost of jobs that belong to no stage.
    #[must_use]
    pub fn other(&self) -> Option<Cost> {
        self.sum(|purpose| purpose.stage.is_none())
    }

    /// Total cost.
    #[must_use]
    pub fn total(&self) -> Option<Cost> {
        self.sum(|_| true)
    }

    fn sum(&self, is_meant: impl Fn(&Purpose) -> bool) -> Option<Cost> {
        let meant = self.0.iter().filter(|(purpose, _)| is_meant(purpose));
        let cost: Cost = meant.map(|(_, cost)| *cost).sum();
        (cost.jobs > 0).then_some(cost)
    }
}

impl Ledger {
    /// Records jobs of a run; returns the cost of those that were new, by purpose.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_jobs(
        &mut self,
        target: Target,
        run: &str,
        jobs: &[(Purpose, Charge)],
        now: DateTime<Utc>,
    ) -> Result<Costs, LedgerError> {
        self.transaction(|ledger| {
            let mut fresh = Costs::default();
            let mut put = ledger.prepare_cached(
                "INSERT INTO job (target, id, stage, check_name, run, bytes_billed, slot_ms, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
            )?;
            for (purpose, Charge { job, cost }) in jobs {
                let counted =
                    |number: u64| (cost.uncounted == 0).then(|| i64::try_from(number).unwrap_or(i64::MAX));
                let (bytes, slots) = (counted(cost.bytes_billed), counted(cost.slot_ms));
                let (stage, check) = (&purpose.stage, &purpose.check);
                if put.execute(params![target.0, job, stage, check, run, bytes, slots, now])? > 0 {
                    fresh.add(purpose.clone(), *cost);
                }
            }
            Ok(fresh)
        })
    }

    /// The cost of all runs of a plan on a warehouse.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn costs(&self, target: Target) -> Result<Costs, LedgerError> {
        let read = || {
            self.db
                .prepare_cached(
                    "SELECT stage, check_name, COALESCE(SUM(bytes_billed), 0), COALESCE(SUM(slot_ms), 0),
                       COUNT(*), COUNT(*) - COUNT(bytes_billed)
                     FROM job WHERE target = ?1 GROUP BY stage, check_name",
                )?
                .query_map([target.0], |row| {
                    let number = |at| Ok::<_, rusqlite::Error>(row.get::<_, i64>(at)?.unsigned_abs());
                    let purpose = Purpose {
                        stage: row.get(0)?,
                        check: row.get(1)?,
                    };
                    let cost = Cost {
                        bytes_billed: number(2)?,
                        slot_ms: number(3)?,
                        jobs: number(4)?,
                        uncounted: number(5)?,
                    };
                    Ok((purpose, cost))
                })?
                .collect::<Result<_, _>>()
                .map(Costs)
        };
        self.sqlite(read())
    }
}
