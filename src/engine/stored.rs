//! Counts and reads the rows actually in a table, by date. The ledger is trusted only while the rows it records are
//! there: a table that was dropped or changed by others must not count as done.

use std::collections::HashMap;

use crate::partition::{Partition, Timezone};
use crate::table::{PartitionColumn, Row, TableDef, Value, partition_of};
use crate::warehouse::{Dates, ErrorClass, Read, Warehouse, WarehouseError};

use super::{CountedTable, Fills};

/// Rows per date from the first to the last of these dates. A stage's own table must exist; one filled by another
/// program may still be missing and then has no rows.
pub(super) async fn stored_rows(
    warehouse: &dyn Warehouse,
    fills: Fills<'_>,
    dates: &[Partition],
) -> Result<HashMap<Partition, u32>, WarehouseError> {
    match fills {
        Fills::Computed(table) | Fills::Query(table, ..) => {
            rows_by_date(warehouse, &table.path(), &table.partition_column(), dates).await
        }
        Fills::Counted(table) => match counted_rows(warehouse, table, dates).await {
            Err(error) if error.class == ErrorClass::Data => {
                tracing::info!("cannot count {} yet: {error}", table.path);
                Ok(HashMap::new())
            }
            counted => counted,
        },
        Fills::Nothing => Ok(HashMap::new()),
    }
}

/// The same, but a stage's own table may be missing too.
pub(super) async fn stored_rows_if_any(
    warehouse: &dyn Warehouse,
    fills: Fills<'_>,
    dates: &[Partition],
) -> Result<HashMap<Partition, u32>, WarehouseError> {
    match fills.definition() {
        Some(table) if !warehouse.holds_rows(table).await? => Ok(HashMap::new()),
        _ => stored_rows(warehouse, fills, dates).await,
    }
}

/// The rows of a date, with all columns in order.
pub(super) async fn rows_of(
    warehouse: &dyn Warehouse,
    table: &TableDef,
    date: Partition,
) -> Result<Vec<Row>, WarehouseError> {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
    let read = Read {
        table,
        columns: &columns,
        dates: Dates::Only(&[date]),
    };
    warehouse.read(read).await
}

/// Rows per date of a table that another program fills.
pub(super) async fn counted_rows(
    warehouse: &dyn Warehouse,
    table: CountedTable<'_>,
    dates: &[Partition],
) -> Result<HashMap<Partition, u32>, WarehouseError> {
    rows_by_date(warehouse, table.path, &table.column(), dates).await
}

async fn rows_by_date(
    warehouse: &dyn Warehouse,
    path: &str,
    column: &PartitionColumn,
    dates: &[Partition],
) -> Result<HashMap<Partition, u32>, WarehouseError> {
    let (Some(&first), Some(&last)) = (dates.iter().min(), dates.iter().max()) else {
        return Ok(HashMap::new());
    };
    let answer = warehouse
        .query(&format!(
            "SELECT {} AS day, COUNT(*) AS held FROM `{path}` WHERE {} GROUP BY day",
            column.start(),
            column.is_between(first, last)
        ))
        .await?;
    let counted = |row: &Row| match row.as_slice() {
        [day, Value::Int(rows)] => {
            let date = partition_of(day, first.grain(), Timezone::UTC)?;
            Some((date, u32::try_from(*rows).ok()?))
        }
        _ => None,
    };
    let mut rows = HashMap::new();
    for (date, counted) in answer.rows.iter().filter_map(counted) {
        let rows: &mut u32 = rows.entry(date).or_default();
        *rows = rows.saturating_add(counted);
    }
    Ok(rows)
}
