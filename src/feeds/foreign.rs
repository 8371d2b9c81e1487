//! Whose the raw tables are. Every load leaves a table of its own beside the feeds; rows without it came from elsewhere,
//! and are not to be written over unless somebody says so.

use super::{Feed, feed_outages};
use crate::warehouse::{Warehouse, WarehouseError};

/// A raw table that somebody else fills.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{table} in {warehouse} contains rows that backcourt did not load")]
pub struct Foreign {
    /// Where.
    pub warehouse: String,
    /// Its path.
    pub table: String,
}

/// The first raw table that somebody else fills; none where all are empty or were loaded.
///
/// # Errors
/// When the warehouse cannot be asked.
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
