//! The table of an import as it is in the warehouse, read before anything is created.

use std::path::Path;

use crate::cli::error::CliError;
use crate::table::{Schema, Value};
use crate::warehouse::sqlite::SqliteWarehouse;
use crate::warehouse::{OwnedPart, Owners, Warehouse};

use super::ImportRefusal;

/// An existing table, or its absence.
#[derive(Debug, Default)]
pub(super) struct HeldTable {
    /// Its schema; `None` if it doesn't exist.
    pub(super) schema: Option<Schema>,
    /// Number of its rows.
    pub(super) rows: i64,
}

impl HeldTable {
    /// Looks up `dataset.table` in this folder, which may not exist yet. Refuses a table that a plan owns, and one that
    /// exists in another letter case.
    pub(super) async fn look(directory: &Path, table: &str) -> Result<Self, CliError> {
        if !directory.exists() {
            return Ok(Self::default());
        }
        let warehouse = SqliteWarehouse::open_to_read(directory)?;
        let (dataset, name) = table.split_once('.').unwrap_or_default();
        if let Some(held) = warehouse.other_spelling(dataset, name).await? {
            let table = table.to_owned();
            return Err(ImportRefusal::OtherSpelling { table, held }.into());
        }
        let owners = warehouse.owners_of(&[OwnedPart::whole(table)]).await?;
        if let Some(record) = owners.into_iter().flatten().next() {
            let table = table.to_owned();
            return Err(ImportRefusal::OfPlan {
                table,
                plan: record.owner.plan,
            }
            .into());
        }
        let schema = warehouse.schema(table).await?;
        let rows = match schema {
            Some(_) => stored_rows(&warehouse, table).await?,
            None => 0,
        };
        Ok(Self { schema, rows })
    }
}

async fn stored_rows(warehouse: &SqliteWarehouse, table: &str) -> Result<i64, CliError> {
    let counted = warehouse
        .query(&format!("SELECT COUNT(*) AS n FROM `{table}`"))
        .await?;
    match counted.rows.first().and_then(|row| row.first()) {
        Some(Value::Int(rows)) => Ok(*rows),
        _ => Ok(0),
    }
}
