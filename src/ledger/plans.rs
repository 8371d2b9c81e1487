//! The plans that were run in a state folder, and where each is read from.

use std::path::Path;

use rusqlite::params;

use super::{Ledger, LedgerError};

/// A plan that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPlan {
    /// Plan name.
    pub name: String,
    /// The value of `--plan` that selects it: a built-in name or a path. `None` in older ledgers that didn't record it.
    pub source: Option<String>,
}

impl Ledger {
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
        let read = || {
            self.db
                .prepare_cached(
                    "SELECT target.plan, plan_source.source FROM target JOIN run ON run.target = target.id
                     LEFT JOIN plan_source ON plan_source.plan = target.plan
                     GROUP BY target.plan ORDER BY MAX(run.rowid) DESC",
                )?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<Vec<(String, Option<String>)>>>()
        };
        let known = |(name, source): (String, Option<String>)| KnownPlan {
            name,
            source: source.map(|kept| self.folder().whole(&kept).display().to_string()),
        };
        Ok(self.sqlite(read())?.into_iter().map(known).collect())
    }
}
