//! Jobs: what a warehouse billed, one line a job, under the stage and the check it was for. A job is found by its id,
//! here and in the warehouse's own history, and counts once however often it is looked up.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::{Ledger, LedgerError, Target};
use crate::warehouse::{Charge, Cost};

/// What a job was for.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Purpose {
    /// The stage; for a check of the raw tables, the feed. None for what is done aside: loading, a sample.
    pub stage: Option<String>,
    /// The check; none for the dates of the stage.
    pub check: Option<String>,
}

impl Purpose {
    /// The dates of a stage.
    #[must_use]
    pub fn dates(stage: &str) -> Self {
        Self {
            stage: Some(stage.to_owned()),
            check: None,
        }
    }

    /// A check, of a stage or a feed.
    #[must_use]
    pub fn check(stage: &str, check: &str) -> Self {
        Self {
            stage: Some(stage.to_owned()),
            check: Some(check.to_owned()),
        }
    }
}

/// What everything cost, by what it was for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Costs(BTreeMap<Purpose, Cost>);

impl Costs {
    /// Adds to what something cost.
    fn add(&mut self, purpose: Purpose, cost: Cost) {
        *self.0.entry(purpose).or_default() += cost;
    }

    /// Adds other costs to these.
    pub fn join(&mut self, others: Self) {
        (others.0.into_iter()).for_each(|(purpose, cost)| self.add(purpose, cost));
    }

    /// What a stage cost, its checks included; none if nothing was billed for it.
    #[must_use]
    pub fn of_stage(&self, stage: &str) -> Option<Cost> {
        self.sum(|purpose| purpose.stage.as_deref() == Some(stage))
    }

    /// What a check cost, all the times it was asked.
    #[must_use]
    pub fn of_check(&self, check: &str) -> Option<Cost> {
        self.sum(|purpose| purpose.check.as_deref() == Some(check))
    }

    /// What was done for no stage and no check.
    #[must_use]
    pub fn aside(&self) -> Option<Cost> {
        self.sum(|purpose| purpose.stage.is_none())
    }

    /// What everything cost.
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
    /// Records jobs of a run; says what those of them cost that were not known before, by what they were for.
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
                let told =
                    |number: u64| (cost.uncounted == 0).then(|| i64::try_from(number).unwrap_or(i64::MAX));
                let (bytes, slots) = (told(cost.bytes_billed), told(cost.slot_ms));
                let (stage, check) = (&purpose.stage, &purpose.check);
                if put.execute(params![target.0, job, stage, check, run, bytes, slots, now])? > 0 {
                    fresh.add(purpose.clone(), *cost);
                }
            }
            Ok(fresh)
        })
    }

    /// What all runs of a plan on a warehouse cost together.
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
