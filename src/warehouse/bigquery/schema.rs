//! Reading and altering table schemas. Reading is free.

use super::BigQueryWarehouse;
use super::api_error::ApiError;
use super::statement::Statement;
use super::wire::{TableFieldSchema, TableInfo};
use crate::sql::TableName;
use crate::table::{
    CarriedType, ColumnType, Decimals, Dialect, PARTITION_TIME, Partitioning, RangeOf, Schema, SchemaChange,
    Site, StoredColumn, StoredType, StructField, TableDef,
};
use crate::warehouse::{ErrorClass, Warehouse, WarehouseError};

/// The collation of a column that is compared without case; the only one besides none.
const WITHOUT_CASE: &str = "und:ci";

/// Maximum length of a type name shown, since it comes from the server.
const MAX_TYPE_LENGTH: usize = 40;

/// The dialect and path for a table's statements.
pub(super) const fn site(path: &str) -> Site<'_> {
    Site {
        path,
        dialect: Dialect::GoogleSql,
    }
}

/// How deep the columns that a server describes may be nested; `BigQuery` allows 15 levels.
const MAX_DEPTH: usize = 15;

/// The type of a table column or a query column.
pub(super) fn kind(field: &TableFieldSchema) -> StoredType {
    // Only the digits of a column are reported: a NUMERIC of a query has none.
    if !field.is_repeated() && field.kind == "NUMERIC" && digits(field).is_none() {
        return StoredType::Numeric;
    }
    if let Some(kind) = exact(field, 0) {
        return StoredType::Exactly(kind);
    }
    let word: String = (field.kind.chars().filter(char::is_ascii_alphanumeric))
        .take(MAX_TYPE_LENGTH)
        .collect();
    StoredType::Other(if field.is_repeated() {
        format!("ARRAY<{word}>")
    } else {
        word
    })
}

/// The type of a field, nested ones included; `None` if this program doesn't know it.
fn exact(field: &TableFieldSchema, depth: usize) -> Option<ColumnType> {
    let kind = element(field, depth)?;
    if field.is_repeated() {
        ColumnType::array_of(kind)
    } else {
        Some(kind)
    }
}

/// The type of a field, or of the elements of a repeated one.
fn element(field: &TableFieldSchema, depth: usize) -> Option<ColumnType> {
    let length = || number(field.max_length.as_ref()).filter(|length| *length > 0);
    let carried = match field.kind.as_str() {
        "INTEGER" | "INT64" => return Some(ColumnType::Int64),
        "FLOAT" | "FLOAT64" => return Some(ColumnType::Float64),
        "BOOLEAN" | "BOOL" => return Some(ColumnType::Bool),
        "DATE" => return Some(ColumnType::Date),
        "TIMESTAMP" => return Some(ColumnType::Timestamp),
        "DATETIME" => return Some(ColumnType::Datetime),
        "TIME" => return Some(ColumnType::Time),
        "JSON" => return Some(ColumnType::Json),
        "NUMERIC" => {
            let Decimals { precision, scale } = digits(field).unwrap_or(Decimals {
                precision: 38,
                scale: 9,
            });
            return Some(ColumnType::Numeric { precision, scale });
        }
        "STRING" => match length() {
            None => return Some(ColumnType::String),
            Some(length) => CarriedType::ShortString(length),
        },
        "BYTES" => match length() {
            None => return Some(ColumnType::Bytes),
            Some(length) => CarriedType::ShortBytes(length),
        },
        "BIGNUMERIC" => CarriedType::BigNumeric(digits(field)),
        "GEOGRAPHY" => CarriedType::Geography,
        "INTERVAL" => CarriedType::Interval,
        "RANGE" => CarriedType::Range(RangeOf::from_word(&field.range_element_type.as_ref()?.kind)?),
        "RECORD" | "STRUCT" if depth < MAX_DEPTH => {
            let nested = |field: &TableFieldSchema| {
                Some(StructField {
                    name: field.name.clone(),
                    kind: exact(field, depth + 1)?,
                })
            };
            CarriedType::Struct(
                (field.fields.iter().flatten())
                    .map(nested)
                    .collect::<Option<_>>()?,
            )
        }
        _ => return None,
    };
    Some(ColumnType::Carried(carried))
}

/// The digits of a decimal column, if it was declared with them.
fn digits(field: &TableFieldSchema) -> Option<Decimals> {
    let precision = u8::try_from(number(field.precision.as_ref())?).ok()?;
    let scale = u8::try_from(number(field.scale.as_ref()).unwrap_or(0)).ok()?;
    (scale <= precision && precision > 0).then_some(Decimals { precision, scale })
}

/// A whole number, which the API writes as a text.
fn number(written: Option<&serde_json::Value>) -> Option<u64> {
    let written = written?;
    written.as_u64().or_else(|| written.as_str()?.parse().ok())
}

/// The partitioning of a table. Without a column it is by ingestion time.
fn partition(table: &TableInfo) -> Partitioning {
    let by_range = table.range_partitioning.as_ref();
    let (by, span) = match &table.time_partitioning {
        Some(by) => {
            let column = by.field.clone().unwrap_or_else(|| PARTITION_TIME.to_owned());
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
            ignores_case: field.collation.as_deref() == Some(WITHOUT_CASE),
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

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value as Json, json};

    use super::*;

    #[rstest]
    #[case(json!({"type": "INTEGER", "mode": "REQUIRED"}), "INT64")]
    #[case(json!({"type": "STRING", "maxLength": "12"}), "STRING(12)")]
    #[case(json!({"type": "STRING", "maxLength": "0"}), "STRING")]
    #[case(json!({"type": "NUMERIC", "precision": "10", "scale": "2"}), "NUMERIC(10,2)")]
    #[case(json!({"type": "NUMERIC", "precision": "10"}), "NUMERIC(10,0)")]
    #[case(json!({"type": "BIGNUMERIC", "precision": 40, "scale": 10}), "BIGNUMERIC(40,10)")]
    #[case(json!({"type": "BIGNUMERIC"}), "BIGNUMERIC")]
    #[case(json!({"type": "BYTES"}), "BYTES")]
    #[case(json!({"type": "DATETIME"}), "DATETIME")]
    #[case(json!({"type": "RANGE", "rangeElementType": {"type": "DATE"}}), "RANGE<DATE>")]
    #[case(json!({"type": "STRING", "mode": "REPEATED"}), "ARRAY<STRING>")]
    #[case(json!({"type": "FLOAT", "mode": "REPEATED"}), "ARRAY<FLOAT64>")]
    #[case(json!({"type": "INTEGER", "mode": "REPEATED"}), "ARRAY<INT64>")]
    #[case(
        json!({"type": "RECORD", "mode": "REPEATED", "fields": [
            {"name": "id", "type": "INTEGER"},
            {"name": "in", "type": "RECORD", "fields": [{"name": "a b", "type": "TIME", "mode": "REPEATED"}]},
        ]}),
        "ARRAY<STRUCT<id INT64, in STRUCT<`a b` ARRAY<TIME>>>>"
    )]
    fn a_field_has_the_type_that_the_server_describes(#[case] field: Json, #[case] shown: &str) {
        let field: TableFieldSchema = serde_json::from_value(field).unwrap();
        let StoredType::Exactly(found) = kind(&field) else {
            panic!("{:?}", kind(&field))
        };
        assert_eq!(found.to_string(), shown);
        assert_eq!(ColumnType::parse(shown), Ok(found));
    }

    #[test]
    fn an_unknown_type_is_named_and_nesting_is_bounded() {
        let unknown: TableFieldSchema =
            serde_json::from_value(json!({"type": "TOKEN<LIST>", "mode": "REPEATED"})).unwrap();
        assert_eq!(kind(&unknown), StoredType::Other("ARRAY<TOKENLIST>".to_owned()));
        let mut nested = json!({"name": "a", "type": "INTEGER"});
        for _ in 0..MAX_DEPTH {
            nested = json!({"name": "a", "type": "RECORD", "fields": [nested]});
        }
        let known: TableFieldSchema = serde_json::from_value(nested.clone()).unwrap();
        assert!(matches!(kind(&known), StoredType::Exactly(_)));
        let deeper = json!({"name": "a", "type": "RECORD", "fields": [nested]});
        let deeper: TableFieldSchema = serde_json::from_value(deeper).unwrap();
        assert_eq!(kind(&deeper), StoredType::Other("RECORD".to_owned()));
    }
}
