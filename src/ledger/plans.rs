//! The plans that were run in a state folder, where each is read from, and the warehouses they were run on.

use std::path::Path;

use rusqlite::{OptionalExtension, Transaction, params};

use super::{Ledger, LedgerError};

/// A plan on a warehouse. Units are stored per target, so that a rehearsal never counts as the real run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target(pub(super) i64);

/// A plan that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPlan {
    /// Plan name.
    pub name: String,
    /// The value of `--plan` that selects it: a built-in name or a path. `None` in older ledgers that didn't record it.
    pub source: Option<String>,
}

impl Ledger {
    /// The target of this plan and warehouse, created if it is new.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn target(&mut self, plan: &str, warehouse: &str) -> Result<Target, LedgerError> {
        let warehouse = self.folder().stored(warehouse);
        self.transaction(|ledger| {
            ledger.execute(
                "INSERT INTO target (plan, warehouse) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                [plan, &warehouse],
            )?;
            ledger.query_row(
                "SELECT id FROM target WHERE plan = ?1 AND warehouse = ?2",
                [plan, &warehouse],
                |row| row.get(0).map(Target),
            )
        })
    }

    /// The target of this plan and warehouse, if it was ever run.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn known_target(&self, plan: &str, warehouse: &str) -> Result<Option<Target>, LedgerError> {
        self.sqlite(
            self.db
                .query_row(
                    "SELECT id FROM target WHERE plan = ?1 AND warehouse = ?2",
                    [plan, &self.folder().stored(warehouse)],
                    |row| row.get(0).map(Target),
                )
                .optional(),
        )
    }

    /// The newest warehouse entry this ledger knows.
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

    /// Records where a plan is read from: a built-in name or the path of its file.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_plan(&mut self, plan: &str, source: &str) -> Result<(), LedgerError> {
        let source = self.folder().kept(Path::new(source));
        self.transaction(|ledger| {
            ledger
                .execute(
                    "INSERT OR REPLACE INTO plan_source (plan, source) VALUES (?1, ?2)",
                    params![plan, source],
                )
                .map(drop)
        })
    }

    /// The plans that were run, most recent first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn plans(&self) -> Result<Vec<KnownPlan>, LedgerError> {
        let plans: Vec<(String, Option<String>)> = self.select(
            "SELECT target.plan, plan_source.source FROM target JOIN run ON run.target = target.id
             LEFT JOIN plan_source ON plan_source.plan = target.plan
             GROUP BY target.plan ORDER BY MAX(run.rowid) DESC",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let known = |(name, source): (String, Option<String>)| KnownPlan {
            name,
            source: source.map(|kept| self.folder().whole(&kept).display().to_string()),
        };
        Ok(plans.into_iter().map(known).collect())
    }
}

/// Records the newest warehouse entry this ledger knows; never moves it back.
pub(super) fn know(ledger: &Transaction<'_>, target: Target, entry: i64) -> rusqlite::Result<()> {
    ledger
        .prepare_cached("UPDATE target SET known = MAX(known, ?2) WHERE id = ?1")?
        .execute(params![target.0, entry])
        .map(drop)
}
