//! Reloading dates of the raw tables: compares the box scores with the stored rows.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::faults::Profile;
use super::load::{BoxScores, LoadError};
use super::{Feed, filling};
use crate::partition::Partition;
use crate::table::{Row, TableDef};
use crate::warehouse::{Dates, Read, Warehouse};

/// The sources of the raw tables, recorded so that the same ones can be read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filled {
    /// Source of the box scores.
    pub box_scores: BoxScores,
    /// The fault profile: its name or the path of its file.
    pub faults: String,
}

/// A raw table that differs from the box scores on some dates.
#[derive(Debug, Clone)]
pub struct DifferingTable {
    /// The raw table.
    pub table: TableDef,
    /// The dates that differ, ascending.
    pub dates: Vec<NaiveDate>,
    /// The correct rows for these dates.
    pub rows: Vec<Row>,
}

impl Filled {
    /// The sources that are loaded on first use.
    #[must_use]
    pub fn usual() -> Self {
        let box_scores = BoxScores::Shipped;
        Self {
            faults: box_scores.default_faults().to_owned(),
            box_scores,
        }
    }

    /// The raw tables whose rows on some of these dates differ from the box scores.
    ///
    /// # Errors
    /// If the box scores can't be read or the warehouse fails.
    pub async fn differences(
        &self,
        warehouse: &dyn Warehouse,
        dates: &[NaiveDate],
    ) -> Result<Vec<DifferingTable>, LoadError> {
        let league = Arc::new(self.box_scores.read()?);
        let faults = Arc::new(Profile::open(&self.faults)?);
        let wanted: BTreeSet<NaiveDate> = dates.iter().copied().collect();
        let sorted: Vec<NaiveDate> = wanted.iter().copied().collect();
        let mut found = Vec::new();
        for feed in Feed::ALL {
            let filling = filling(feed, &league, &faults);
            let table = filling.table;
            let Some(date_at) = table.position(&table.date_column) else {
                continue;
            };
            let date_of = |row: &Row| row[date_at].as_date();
            let filled: Vec<Row> = filling
                .rows
                .filter(|row| date_of(row).is_some_and(|date| wanted.contains(&date)))
                .collect();
            let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
            let partitions: Vec<Partition> = sorted.iter().copied().map(Partition::day).collect();
            let stored = warehouse
                .read(Read {
                    table: &table,
                    columns: &columns,
                    dates: Dates::Only(&partitions),
                })
                .await?;
            let on = |rows: &[Row], date| -> Vec<Row> {
                let rows = rows.iter().filter(|row| date_of(row) == Some(date));
                rows.cloned().collect()
            };
            let differing = |date: &NaiveDate| on(&filled, *date) != on(&stored, *date);
            let differing: Vec<NaiveDate> = sorted.iter().copied().filter(differing).collect();
            if !differing.is_empty() {
                let is_meant = |row: &Row| date_of(row).is_some_and(|date| differing.contains(&date));
                found.push(DifferingTable {
                    rows: filled.into_iter().filter(is_meant).collect(),
                    dates: differing,
                    table,
                });
            }
        }
        Ok(found)
    }
}
