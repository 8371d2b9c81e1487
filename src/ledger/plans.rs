//! The plans that were run in a state folder, where each is read from, the values of its variables, and the warehouses
//! they were run on.

use std::path::Path;

use rusqlite::types::Type;
use rusqlite::{Error, OptionalExtension, Row, Transaction, params};

use super::entry::text;
use super::{Ledger, LedgerError};
use crate::plan::{Plan, RecordedVariables};

/// A plan on a warehouse. Units are stored per target, so that a rehearsal never counts as the real run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target(pub(super) i64);

/// A plan that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPlan {
    /// Plan name, with its environment.
    pub name: String,
    /// The value of `--plan` that selects it: a built-in name or a path. `None` in older ledgers that didn't record it.
    pub source: Option<String>,
    /// Its environment, and the values its last run was given.
    pub variables: RecordedVariables,
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

    /// Records where a plan is read from, a built-in name or the path of its file, and its environment. The recorded
    /// values of its variables stay as they are.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_plan(&mut self, plan: &Plan) -> Result<(), LedgerError> {
        let source = self.folder().kept(Path::new(&plan.origin));
        let environment = plan.environment.as_ref().map(|environment| &environment.name);
        self.transaction(|ledger| {
            ledger.execute(
                "INSERT OR REPLACE INTO plan_source (plan, source) VALUES (?1, ?2)",
                params![plan.name, source],
            )?;
            ledger
                .execute(
                    "INSERT INTO plan_variables (plan, environment, given) VALUES (?1, ?2, 'null')
                     ON CONFLICT (plan) DO UPDATE SET environment = excluded.environment",
                    params![plan.name, environment],
                )
                .map(drop)
        })
    }

    /// Records the values of a plan's variables that its file doesn't have, in place of those of earlier runs. For a run
    /// that may write: the values of a refused one don't count.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_variables(&mut self, plan: &Plan) -> Result<(), LedgerError> {
        let environment = plan.environment.as_ref().map(|environment| &environment.name);
        let given = text(&plan.variables.to_record);
        self.transaction(|ledger| {
            ledger
                .execute(
                    "INSERT OR REPLACE INTO plan_variables (plan, environment, given) VALUES (?1, ?2, ?3)",
                    params![plan.name, environment, given],
                )
                .map(drop)
        })
    }

    /// The plans that were run, most recent first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn plans(&self) -> Result<Vec<KnownPlan>, LedgerError> {
        let plans: Vec<KnownPlan> = self.select(
            "SELECT target.plan, plan_source.source, environment, given
             FROM target JOIN run ON run.target = target.id
             LEFT JOIN plan_source ON plan_source.plan = target.plan
             LEFT JOIN plan_variables ON plan_variables.plan = target.plan
             GROUP BY target.plan ORDER BY MAX(run.rowid) DESC",
            [],
            known_plan,
        )?;
        let whole = |kept: String| self.folder().whole(&kept).display().to_string();
        let known = plans.into_iter().map(|plan| KnownPlan {
            source: plan.source.map(whole),
            ..plan
        });
        Ok(known.collect())
    }
}

/// A plan with its source as stored. Plans of an older ledger have no variables; the values are null until a run has
/// passed its preflight.
fn known_plan(row: &Row<'_>) -> rusqlite::Result<KnownPlan> {
    let name: String = row.get(0)?;
    let given: Option<String> = row.get(3)?;
    let values = serde_json::from_str(given.as_deref().unwrap_or("{}"))
        .map_err(|cause| Error::FromSqlConversionFailure(3, Type::Text, Box::new(cause)))?;
    Ok(KnownPlan {
        source: row.get(1)?,
        variables: RecordedVariables {
            plan: name.clone(),
            environment: row.get(2)?,
            values,
        },
        name,
    })
}

/// Records the newest warehouse entry this ledger knows; never moves it back.
pub(super) fn know(ledger: &Transaction<'_>, target: Target, entry: i64) -> rusqlite::Result<()> {
    ledger
        .prepare_cached("UPDATE target SET known = MAX(known, ?2) WHERE id = ?1")?
        .execute(params![target.0, entry])
        .map(drop)
}
