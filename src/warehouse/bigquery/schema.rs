//! Reading and altering table schemas. Reading is free.

use super::BigQueryWarehouse;
use super::api_error::ApiError;
use super::statement::Statement;
use super::wire::{TableFieldSchema, TableInfo};
use crate::sql::TableName;
use crate::table::{
    ColumnType, Dialect, Partitioning, Schema, SchemaChange, Site, StoredColumn, StoredType, TableDef,
};
use crate::warehouse::{ErrorClass, Warehouse, WarehouseError};

/// Maximum length of a type name shown, since it comes from the server.
const MAX_TYPE_LENGTH: usize = 40;

/// The dialect and path for a table's statements.
pub(super) const fn site(path: &str) -> Site<'_> {
    Site {
        path,
        dialect: Dialect::GoogleSql,
    }
}

/// The type of a table column or a query column.
pub(super) fn kind(field: &TableFieldSchema) -> StoredType {
    let word: String = (field.kind.chars().filter(char::is_ascii_alphanumeric))
        .take(MAX_TYPE_LENGTH)
        .collect();
    if field.is_repeated() {
        return match field.kind.as_str() {
            "STRING" => StoredType::Exactly(ColumnType::StringArray),
            "FLOAT" | "FLOAT64" => StoredType::Exactly(ColumnType::Float64Array),
            _ => StoredType::Other(format!("ARRAY<{word}>")),
        };
    }
    match field.kind.as_str() {
        "INTEGER" | "INT64" => StoredType::Exactly(ColumnType::Int64),
        "FLOAT" | "FLOAT64" => StoredType::Exactly(ColumnType::Float64),
        "NUMERIC" | "BIGNUMERIC" => StoredType::Numeric,
        "STRING" => StoredType::Exactly(ColumnType::String),
        "BOOLEAN" | "BOOL" => StoredType::Exactly(ColumnType::Bool),
        "DATE" => StoredType::Exactly(ColumnType::Date),
        "TIMESTAMP" => StoredType::Exactly(ColumnType::Timestamp),
        "JSON" => StoredType::Exactly(ColumnType::Json),
        _ => StoredType::Other(word),
    }
}

/// The partitioning of a table. Without a column it is by ingestion time.
fn partition(table: &TableInfo) -> Partitioning {
    let by_range = table.range_partitioning.as_ref();
    let (by, span) = match &table.time_partitioning {
        Some(by) => {
            let column = by.field.clone().unwrap_or_else(|| "_PARTITIONTIME".to_owned());
            // The default is by day.
            (Some(column), by.r#type.clone().filter(|span| span != "DAY"))
        }
        None => (by_range.and_then(|by| by.field.clone()), None),
    };
    Partitioning {
        by,
        span,
        requires_filter: table.require_partition_filter == Some(true),
    }
}

/// Whether a table has rows, if `tables.get` shows it without a query. It counts neither the rows of a view nor those
/// in a streaming buffer.
pub(super) fn holds_rows(table: &TableInfo) -> Option<bool> {
    let is_table = table.r#type.as_deref().is_none_or(|kind| kind == "TABLE");
    let rows: u64 = table.num_rows.as_ref()?.parse().ok()?;
    match (is_table, rows, &table.streaming_buffer) {
        (true, 0, None) => Some(false),
        (true, 1.., _) => Some(true),
        _ => None,
    }
}

impl BigQueryWarehouse {
    /// The schema of a table by its name in the plan; `None` if it doesn't exist. One call, not retried.
    pub(super) async fn described(&self, path: &str) -> Result<Option<Schema>, ApiError> {
        let located = self.prefix.located(&TableName::of_path(path));
        let Some((dataset, table)) = located.split_once('.') else {
            let sentence = format!("'{path}' is not a table; write it like dataset.table");
            return Err(ApiError::new(ErrorClass::Code, sentence));
        };
        self.described_at(dataset, table).await
    }

    /// The schema of a table by its names in the project; `None` if it doesn't exist. One call, not retried.
    pub(super) async fn described_at(&self, dataset: &str, table: &str) -> Result<Option<Schema>, ApiError> {
        let client = self.connection().await?;
        let found = client.table(self.project(), dataset, table, None).await?;
        let Some(found) = found else {
            return Ok(None);
        };
        let column = |field: &TableFieldSchema| StoredColumn {
            name: field.name.clone(),
            kind: kind(field),
            nullable: field.mode.as_deref() != Some("REQUIRED"),
        };
        let schema = found.schema.as_ref();
        let fields = (schema.and_then(|schema| schema.fields.as_deref())).unwrap_or_default();
        let is_tagged = |field: &&TableFieldSchema| {
            let tags = field.policy_tags.as_ref();
            tags.is_some_and(|tags| tags.names.as_ref().is_some_and(|names| !names.is_empty()))
        };
        let tagged = fields.iter().filter(is_tagged);
        Ok(Some(Schema {
            columns: fields.iter().map(column).collect(),
            key: None,
            partition: Some(partition(&found)),
            instead: (found.r#type.clone()).filter(|kind| kind != "TABLE"),
            is_streamed_into: found.streaming_buffer.is_some(),
            tagged: tagged.map(|field| field.name.clone()).collect(),
        }))
    }

    /// Alters a table, one statement at a time, because `BigQuery` has no transactions for DDL. Each statement is safe
    /// to repeat.
    pub(super) async fn alter(
        &self,
        table: &TableDef,
        changes: &[SchemaChange],
    ) -> Result<(), WarehouseError> {
        let in_context = |error: ApiError| error.in_context(&super::doing("altering", table));
        let path = self.prefix.path(table);
        if changes.contains(&SchemaChange::Recreate) {
            self.drop_if_empty(table, &path).await.map_err(in_context)?;
            return self.ensure(table).await.map(drop);
        }
        let statements = changes.iter().filter_map(|change| match change {
            SchemaChange::Add(name) => table.column(name).map(|column| site(&path).add_column(column)),
            SchemaChange::Relax(name) => site(&path).relax(name),
            SchemaChange::Recreate => None,
        });
        for sql in statements {
            // A retry finds the column already there.
            let sql = sql.replacen("ADD COLUMN ", "ADD COLUMN IF NOT EXISTS ", 1);
            self.ask(Statement::new(sql)).await.map_err(in_context)?;
        }
        Ok(())
    }

    async fn drop_if_empty(&self, table: &TableDef, path: &str) -> Result<(), ApiError> {
        let found = self.metadata(&self.prefix.dataset(table), &table.name).await?;
        if found.is_some_and(|found| holds_rows(&found) != Some(false)) {
            let sentence =
                format!("{path} now contains rows and was not changed; run again to see how it differs");
            return Err(ApiError::new(ErrorClass::Data, sentence));
        }
        self.ask(Statement::new(format!("DROP TABLE IF EXISTS `{path}`")))
            .await?;
        Ok(())
    }
}
