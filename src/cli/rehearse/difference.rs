//! Compares a table computed here with the other warehouse's, row by row.

use serde::Serialize;

use super::compute::{IncompleteUnit, StageResult};
use crate::ledger::UnitState;
use crate::partition::Partition;
use crate::table::{Row, TableDef, compare, row_name};
use crate::warehouse::{Dates, Read, Warehouse, WarehouseError};

/// Dates compared at a time, which limits the rows in memory.
const AT_ONCE: usize = 45;

/// Every difference between a table computed here and the other warehouse's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct TableDifference {
    pub(super) stage: String,
    /// `dataset.table`.
    pub(super) table: String,
    /// Why nothing was computed, if so; then nothing was compared.
    pub(super) stopped: Option<String>,
    /// Dates without all their rows here.
    pub(super) attention: Vec<IncompleteUnit>,
    /// Number of equal rows.
    pub(super) same: usize,
    pub(super) different: Vec<ChangedRow>,
    pub(super) only_here: Vec<RowId>,
    pub(super) only_there: Vec<RowId>,
}

/// A row identified by date and key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct RowId {
    pub(super) date: Option<String>,
    /// Its key without the date.
    pub(super) row: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct ChangedRow {
    #[serde(flatten)]
    pub(super) named: RowId,
    /// The columns that differ, in table order.
    pub(super) columns: Vec<ChangedValue>,
}

/// A value here and in the other warehouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct ChangedValue {
    pub(super) column: String,
    pub(super) here: String,
    pub(super) there: String,
}

impl TableDifference {
    /// Compares the rows of these dates.
    pub(super) async fn find(
        stage: &str,
        table: &TableDef,
        dates: &[Partition],
        made: StageResult,
        here: &dyn Warehouse,
        there: &dyn Warehouse,
    ) -> Result<Self, WarehouseError> {
        let mut found = Self {
            stage: stage.to_owned(),
            table: table.path(),
            stopped: made.stopped,
            attention: made.attention,
            ..Self::default()
        };
        if found.stopped.is_some() {
            return Ok(found);
        }
        let is_here = here.holds_rows(table).await?;
        let is_there = there.holds_rows(table).await?;
        for dates in dates.chunks(AT_ONCE) {
            let ours = rows(here, table, dates, is_here).await?;
            let theirs = rows(there, table, dates, is_there).await?;
            found.add(table, &ours, &theirs);
        }
        Ok(found)
    }

    fn add(&mut self, table: &TableDef, ours: &[Row], theirs: &[Row]) {
        let compared = compare(table, ours, theirs);
        let named = |row: &Row| RowId {
            date: table
                .position(&table.date_column)
                .and_then(|at| row.get(at))
                .map(ToString::to_string),
            row: row_name(table, row),
        };
        self.same += compared.same;
        self.different.extend(compared.changed.iter().map(|changed| {
            ChangedRow {
                named: named(changed.ours),
                columns: changed
                    .columns
                    .iter()
                    .map(|&at| ChangedValue {
                        column: table.columns[at].name.to_string(),
                        here: changed.ours[at].to_string(),
                        there: changed.theirs[at].to_string(),
                    })
                    .collect(),
            }
        }));
        self.only_here
            .extend(compared.only_ours.iter().map(|row| named(row)));
        self.only_there
            .extend(compared.only_theirs.iter().map(|row| named(row)));
    }

    /// Whether both have the same rows and no date failed here.
    pub(super) fn is_equal(&self) -> bool {
        let failed = |unmade: &IncompleteUnit| unmade.state == UnitState::Failed;
        self.stopped.is_none() && self.differing() == 0 && !self.attention.iter().any(failed)
    }

    /// Number of rows that differ or are missing on one side.
    pub(super) const fn differing(&self) -> usize {
        self.different.len() + self.only_here.len() + self.only_there.len()
    }
}

/// All columns of these dates; no rows if the table is missing or empty.
async fn rows(
    warehouse: &dyn Warehouse,
    table: &TableDef,
    dates: &[Partition],
    holds_any: bool,
) -> Result<Vec<Row>, WarehouseError> {
    if !holds_any {
        return Ok(Vec::new());
    }
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
    let read = Read {
        table,
        columns: &columns,
        dates: Dates::Only(dates),
    };
    warehouse.read(read).await
}
