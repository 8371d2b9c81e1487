//! Table ownership: the plan that fills a table, stored in the warehouse where every host can see it. Claiming a table
//! requires the plan's lease, and taking it over also requires the previous owner's lease. A plan therefore can't lose
//! its tables while its lease is held.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Warehouse, WarehouseError};

/// The plan that fills a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Name of the plan.
    pub plan: String,
    /// User that started the claiming run, for display.
    pub by: String,
    /// Host of that run, for display.
    pub host: String,
    /// When the table was claimed.
    pub since: DateTime<Utc>,
}

/// A request to change the owner of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// `dataset.table`.
    pub table: String,
    /// The previous owner when it was read; `None` if the table had none.
    pub from: Option<String>,
}

/// The table owners of a warehouse.
#[async_trait]
pub trait Owners: Send + Sync {
    /// The owner of each table, in the same order; `None` if it has none.
    async fn owners_of(&self, tables: &[String]) -> Result<Vec<Option<Owner>>, WarehouseError>;

    /// Sets the owner of all these tables, or of none if an owner has changed since it was read. Returns whether it
    /// did.
    async fn claim(&self, claims: &[Claim], owner: &Owner) -> Result<bool, WarehouseError>;

    /// The same warehouse without a lease, to take the lease of another plan.
    fn without_lease(&self) -> Arc<dyn Warehouse>;
}
