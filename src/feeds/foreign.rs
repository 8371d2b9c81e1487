//! Detects raw tables that backcourt didn't load. Every load creates a marker table beside the feeds; rows without it
//! are from another source and are not overwritten without confirmation.

use super::{Feed, feed_outages};
use crate::warehouse::{Warehouse, WarehouseError};

/// A raw table with rows from another source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{table} in {warehouse} contains rows that backcourt did not load")]
pub struct Foreign {
    /// Name of the warehouse.
    pub warehouse: String,
    /// Path of the table.
    pub table: String,
}

/// The first raw table with rows from another source; `None` if all are empty or were loaded by backcourt.
///
/// # Errors
/// If the warehouse fails.
pub async fn foreign(warehouse: &dyn Warehouse) -> Result<Option<Foreign>, WarehouseError> {
    if warehouse.schema(&feed_outages().path()).await?.is_some() {
        return Ok(None);
    }
    for feed in Feed::ALL {
        if warehouse.holds_rows(feed.table()).await? {
            return Ok(Some(Foreign {
                warehouse: warehouse.name(),
                table: feed.table().path(),
            }));
        }
    }
    Ok(None)
}
