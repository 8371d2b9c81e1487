//! Makes the changes needed before the first unit: takes tables over, records their owner, alters them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::owner_in_words;
use crate::fence::{FenceError, LeaseGuard, LeaseWait};
use crate::table::{SchemaChange, TableDef};
use crate::warehouse::{Claim, OwnedPart, Owner, Warehouse, WarehouseError};

#[derive(Debug, Clone)]
pub(in crate::engine) struct TableChanges {
    /// Tables this plan doesn't own yet.
    pub(super) claims: Vec<Claim>,
    pub(super) changes: Vec<(TableDef, Vec<SchemaChange>)>,
    pub(super) owner: Owner,
}

#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct ChangedTables {
    /// Tables and slices taken over, with the previous plan.
    pub(in crate::engine) taken_over: Vec<(String, String)>,
    /// Tables altered, with a description of the change.
    pub(in crate::engine) altered: Vec<(String, String)>,
}

#[derive(Debug)]
pub(in crate::engine) enum TableChangeError {
    /// Another plan claimed a table first: the run is refused, one sentence per table.
    Refused(Vec<String>),
    /// The plan to take a table from is in use.
    InUse(String),
    Failed(WarehouseError),
}

impl From<WarehouseError> for TableChangeError {
    fn from(error: WarehouseError) -> Self {
        Self::Failed(error)
    }
}

impl TableChanges {
    pub(in crate::engine) const fn is_needed(&self) -> bool {
        !self.claims.is_empty() || !self.changes.is_empty()
    }

    /// Makes the changes: owners first, since only the owner alters a table.
    pub(in crate::engine) async fn apply(
        self,
        warehouse: Arc<dyn Warehouse>,
        folder: PathBuf,
    ) -> Result<ChangedTables, TableChangeError> {
        let taken_over = self.claim(&warehouse, folder).await?;
        let mut altered = Vec::new();
        for (table, changes) in &self.changes {
            let done = self.altered(warehouse.as_ref(), table, changes).await?;
            altered.extend(done.into_iter().map(|what| (table.path(), what)));
        }
        Ok(ChangedTables { taken_over, altered })
    }

    /// Records the owner of the tables. A table of another plan is taken while holding that plan's lease, so that none
    /// of its runs is active, and a write of a crashed one can no longer be applied.
    async fn claim(
        &self,
        warehouse: &Arc<dyn Warehouse>,
        folder: PathBuf,
    ) -> Result<Vec<(String, String)>, TableChangeError> {
        let Some(owners) = warehouse.owners().filter(|_| !self.claims.is_empty()) else {
            return Ok(Vec::new());
        };
        let seen = self.claims.iter().flat_map(|claim| &claim.from);
        let plans: BTreeSet<&String> = (seen.map(|record| &record.owner.plan))
            .filter(|plan| **plan != self.owner.plan)
            .collect();
        let mut lease_guards = Vec::new();
        for plan in plans {
            lease_guards.push(
                lease_of(
                    owners.without_lease(),
                    plan.clone(),
                    folder.clone(),
                    self.owner.since,
                )
                .await?,
            );
        }
        let has = owners.claim(&self.claims, &self.owner).await;
        // Dropping a lease guard blocks until its thread has ended.
        let given_back = tokio::task::spawn_blocking(move || drop(lease_guards)).await;
        if let Err(error) = given_back {
            tracing::warn!("cannot release a lease ({error}); it expires by itself");
        }
        if has? {
            let records = self.claims.iter().flat_map(|claim| &claim.from);
            let others = records.filter(|record| record.owner.plan != self.owner.plan);
            let over = others.map(|record| (record.part.key(), record.owner.plan.clone()));
            return Ok(over.collect());
        }
        let parts: Vec<OwnedPart> = self.claims.iter().map(|claim| claim.part.clone()).collect();
        let now = owners.owners_of(&parts).await?.into_iter().flatten();
        let others = now.filter(|record| record.owner.plan != self.owner.plan);
        let lost = others.map(|record| {
            format!(
                "{} now belongs to plan {}",
                record.part,
                owner_in_words(&record.owner)
            )
        });
        Err(TableChangeError::Refused(lost.collect()))
    }

    async fn altered(
        &self,
        warehouse: &dyn Warehouse,
        table: &TableDef,
        changes: &[SchemaChange],
    ) -> Result<Vec<String>, WarehouseError> {
        let schema = warehouse.schema(&table.path()).await?.unwrap_or_default();
        let is_anew = changes.contains(&SchemaChange::Recreate);
        let found = warehouse.differences(table, &schema, is_anew);
        warehouse.migrate(table, changes).await?;
        if is_anew {
            return Ok(vec!["recreated, it was empty".to_owned()]);
        }
        let mended = found.into_iter().filter(|found| found.change().is_some());
        Ok(mended
            .map(|found| found.statement.unwrap_or(format!("copied: it {}", found.what)))
            .collect())
    }
}

/// Takes the lease of another plan; may wait for its holder's heartbeat.
async fn lease_of(
    beside: Arc<dyn Warehouse>,
    plan: String,
    folder: PathBuf,
    now: DateTime<Utc>,
) -> Result<Option<LeaseGuard>, TableChangeError> {
    let taking = tokio::task::spawn_blocking(move || {
        let waits = |wait: LeaseWait<'_>| {
            if wait.silent.is_zero() {
                tracing::warn!(
                    "process {} on {} holds the lease of plan {plan}; waiting up to {} s for a heartbeat",
                    wait.holder.pid,
                    wait.holder.host,
                    wait.left.as_secs()
                );
            }
        };
        LeaseGuard::take(beside, &plan, &folder, now, waits)
    });
    match taking.await {
        Ok(Ok(lease_guard)) => Ok(lease_guard),
        Ok(Err(FenceError::Warehouse(error))) => Err(TableChangeError::Failed(error)),
        Ok(Err(error)) => Err(TableChangeError::InUse(error.to_string())),
        Err(error) => Err(TableChangeError::InUse(format!("cannot take the lease: {error}"))),
    }
}
