//! Filling the raw dataset: all five feeds, or nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};

use super::faults::{Profile, ProfileError};
use super::league::{CsvFiles, CsvRefused, Damaged, League, shipped};
use super::{Feed, filling, outage};
use crate::warehouse::{Filling, Warehouse, WarehouseError};

/// Where the box scores come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoxScores {
    /// Those that come with the program.
    Shipped,
    /// The operator's own files; the shipped ones are left out altogether.
    Csv(CsvFiles),
}

impl BoxScores {
    /// The fault profile that applies unless another one is asked for.
    #[must_use]
    pub const fn usual_faults(&self) -> &'static str {
        match self {
            Self::Shipped => "january-2026",
            Self::Csv(_) => "none",
        }
    }

    /// Reads all of them.
    ///
    /// # Errors
    /// When a file is damaged or holds something that cannot be taken.
    pub fn read(&self) -> Result<League, LoadError> {
        Ok(match self {
            Self::Shipped => shipped()?,
            Self::Csv(files) => files.read()?,
        })
    }
}

/// What a load did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadReport {
    /// The fault profile's name.
    pub faults: String,
    /// Rows per feed.
    pub rows: Vec<(Feed, usize)>,
}

/// Why a load did nothing: what the warehouse held before is still there.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LoadError {
    /// A packed file of the program is damaged.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// The operator's files hold something that cannot be taken.
    #[error(transparent)]
    Csv(#[from] CsvRefused),
    /// There is no such fault profile, or it cannot be read.
    #[error(transparent)]
    Faults(#[from] ProfileError),
    /// The warehouse failed.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}

/// Fills the raw dataset from the box scores, as bad as the profile makes it. `written` counts rows for a progress line.
///
/// # Errors
/// When the warehouse fails; the raw tables are as they were then.
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

/// Whether the raw dataset was filled before.
///
/// # Errors
/// When the warehouse cannot be asked.
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
