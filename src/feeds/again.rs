//! Dates of the raw tables once more: what the box scores say of them against what the warehouse holds.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::faults::Profile;
use super::load::{BoxScores, LoadError};
use super::{Feed, filling};
use crate::table::{Row, TableDef};
use crate::warehouse::{Dates, Read, Warehouse};

/// What the raw tables were filled from. It is remembered, so that the same can be read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filled {
    /// The box scores.
    pub box_scores: BoxScores,
    /// The fault profile: its name, or the path of its file.
    pub faults: String,
}

/// A raw table that differs from the box scores on some dates.
#[derive(Debug, Clone)]
pub struct Difference {
    /// The table.
    pub table: TableDef,
    /// Those dates, in order.
    pub dates: Vec<NaiveDate>,
    /// What it should hold on them.
    pub rows: Vec<Row>,
}

impl Filled {
    /// What is loaded on first use.
    #[must_use]
    pub fn usual() -> Self {
        let box_scores = BoxScores::Shipped;
        Self {
            faults: box_scores.usual_faults().to_owned(),
            box_scores,
        }
    }

    /// The raw tables that hold on some of these dates something else than the box scores say.
    ///
    /// # Errors
    /// When the box scores cannot be read or the warehouse fails.
    pub async fn differences(
        &self,
        warehouse: &dyn Warehouse,
        dates: &[NaiveDate],
    ) -> Result<Vec<Difference>, LoadError> {
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
            let said: Vec<Row> = filling
                .rows
                .filter(|row| date_of(row).is_some_and(|date| wanted.contains(&date)))
                .collect();
            let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
            let stored = warehouse
                .read(Read {
                    table: &table,
                    columns: &columns,
                    dates: Dates::Only(&sorted),
                })
                .await?;
            let on = |rows: &[Row], date| -> Vec<Row> {
                let rows = rows.iter().filter(|row| date_of(row) == Some(date));
                rows.cloned().collect()
            };
            let differing = |date: &NaiveDate| on(&said, *date) != on(&stored, *date);
            let differing: Vec<NaiveDate> = sorted.iter().copied().filter(differing).collect();
            if !differing.is_empty() {
                let is_meant = |row: &Row| date_of(row).is_some_and(|date| differing.contains(&date));
                found.push(Difference {
                    rows: said.into_iter().filter(is_meant).collect(),
                    dates: differing,
                    table,
                });
            }
        }
        Ok(found)
    }
}
