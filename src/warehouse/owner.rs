//! Whose a table is: the plan that fills it, recorded in the warehouse, where every host that could write sees it.
//! Only the holder of a plan's lease takes tables for it, and only who holds the lease of the plan before takes them over:
//! so that as long as a plan's lease is held, its tables stay its own.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Warehouse, WarehouseError};

/// Who fills a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Name of the plan.
    pub plan: String,
    /// Who started the run that took it, for people.
    pub by: String,
    /// The host of that run, for people.
    pub host: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// A table that is to be somebody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// `dataset.table`.
    pub table: String,
    /// The plan it belonged to when it was looked at; none if it was nobody's.
    pub from: Option<String>,
}

/// The owners of the tables of a warehouse.
#[async_trait]
pub trait Owners: Send + Sync {
    /// Whose each of these tables is, in the same order; none where it is nobody's.
    async fn owners_of(&self, tables: &[String]) -> Result<Vec<Option<Owner>>, WarehouseError>;

    /// Records the owner of all these tables, or of none, if one of them is not any more whose it was; says whether it
    /// did.
    async fn claim(&self, claims: &[Claim], owner: &Owner) -> Result<bool, WarehouseError>;

    /// The same warehouse with no lease taken, to take the lease of another plan.
    fn beside(&self) -> Arc<dyn Warehouse>;
}
