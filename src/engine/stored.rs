//! Counts and reads the rows actually in a table, by date. The ledger is trusted only while the rows it records are
//! there: a table that was dropped or changed by others must not count as done.

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::table::{Row, TableDef, Value, sql_name};
use crate::warehouse::{Dates, ErrorClass, Read, Warehouse, WarehouseError};

use super::{CountedTable, Fills};

/// Rows per date from the first to the last of these dates. A stage's own table must exist; one filled by another
/// program may still be missing and then has no rows.
pub(super) async fn stored_rows(
    warehouse: &dyn Warehouse,
    fills: Fills<'_>,
    dates: &[NaiveDate],
) -> Result<HashMap<NaiveDate, u32>, WarehouseError> {
    match fills {
        Fills::Computed(table) | Fills::Query(table, ..) => {
            let path = table.path();
            let counted = CountedTable {
                path: &path,
                date_column: &table.date_column,
            };
            counted_rows(warehouse, counted, dates).await
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
    dates: &[NaiveDate],
) -> Result<HashMap<NaiveDate, u32>, WarehouseError> {
    match fills.definition() {
        Some(table) if !warehouse.holds_rows(table).await? => Ok(HashMap::new()),
        _ => stored_rows(warehouse, fills, dates).await,
    }
}

/// The rows of a date, with all columns in order.
pub(super) async fn rows_of(
    warehouse: &dyn Warehouse,
    table: &TableDef,
    date: NaiveDate,
) -> Result<Vec<Row>, WarehouseError> {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
    let read = Read {
        table,
        columns: &columns,
        dates: Dates::Only(&[date]),
    };
    warehouse.read(read).await
}

pub(super) async fn counted_rows(
    warehouse: &dyn Warehouse,
    table: CountedTable<'_>,
    dates: &[NaiveDate],
) -> Result<HashMap<NaiveDate, u32>, WarehouseError> {
    let (Some(first), Some(last)) = (dates.iter().min(), dates.iter().max()) else {
        return Ok(HashMap::new());
    };
    let (path, date) = (table.path, sql_name(table.date_column));
    let answer = warehouse
        .query(&format!(
            "SELECT {date}, COUNT(*) FROM `{path}` \
             WHERE {date} BETWEEN '{first}' AND '{last}' GROUP BY {date}"
        ))
        .await?;
    let counted = |row: &Vec<Value>| match row.as_slice() {
        [date, Value::Int(rows)] => Some((date.as_date()?, u32::try_from(*rows).ok()?)),
        _ => None,
    };
    Ok(answer.rows.iter().filter_map(counted).collect())
}
