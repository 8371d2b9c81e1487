//! Loads the raw dataset: all five feeds or nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};

use super::faults::{Profile, ProfileError};
use super::league::{CsvFiles, CsvRefused, Damaged, League, shipped};
use super::{Feed, filling, outage};
use crate::warehouse::{Filling, Warehouse, WarehouseError};

/// The source of the box scores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoxScores {
    /// The built-in ones.
    Shipped,
    /// The operator's CSV files, which replace the built-in box scores entirely.
    Csv(CsvFiles),
}

impl BoxScores {
    /// The default fault profile for this source.
    #[must_use]
    pub const fn default_faults(&self) -> &'static str {
        match self {
            Self::Shipped => "january-2026",
            Self::Csv(_) => "none",
        }
    }

    /// Reads all box scores.
    ///
    /// # Errors
    /// If a packed file is damaged or a CSV file has invalid rows.
    pub fn read(&self) -> Result<League, LoadError> {
        Ok(match self {
            Self::Shipped => shipped()?,
            Self::Csv(files) => files.read()?,
        })
    }
}

/// The result of a load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadReport {
    /// Name of the fault profile.
    pub faults: String,
    /// Rows per feed.
    pub rows: Vec<(Feed, usize)>,
}

/// Why a load failed. The stored rows are unchanged.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LoadError {
    /// A packed file is damaged.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// The CSV files have invalid rows.
    #[error(transparent)]
    Csv(#[from] CsvRefused),
    /// The fault profile doesn't exist or can't be read.
    #[error(transparent)]
    Faults(#[from] ProfileError),
    /// The warehouse failed.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}

/// Loads the raw dataset from the box scores, with the faults of the profile. `written` counts rows for a progress
/// line.
///
/// # Errors
/// If the warehouse fails; the raw tables are then unchanged.
pub async fn load(
    warehouse: &dyn Warehouse,
    box_scores: League,
    faults: Profile,
    written: &AtomicUsize,
) -> Result<LoadReport, WarehouseError> {
    let (league, faults) = (Arc::new(box_scores), Arc::new(faults));
    let counters = Feed::ALL.map(|feed| (feed, Arc::new(AtomicUsize::new(0))));
    let mut tables: Vec<Filling> = counters
        .iter()
        .map(|(feed, count)| counted(filling(*feed, &league, &faults), Arc::clone(count)))
        .collect();
    tables.push(outage::filling(&faults));
    drop(league);
    warehouse.fill(tables, written).await?;
    let rows = counters.map(|(feed, count)| (feed, count.load(Ordering::Relaxed)));
    Ok(LoadReport {
        faults: faults.name.clone(),
        rows: rows.into(),
    })
}

/// Whether the raw dataset has been loaded.
///
/// # Errors
/// If the warehouse fails.
pub async fn is_loaded(warehouse: &dyn Warehouse) -> Result<bool, WarehouseError> {
    warehouse.holds_rows(Feed::Schedule.table()).await
}

fn counted(filling: Filling, count: Arc<AtomicUsize>) -> Filling {
    let rows = filling.rows.inspect(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    Filling {
        table: filling.table,
        rows: Box::new(rows),
    }
}
