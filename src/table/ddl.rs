//! Data definition made from a [`TableDef`].

use super::{Column, ColumnType, TableDef};

/// `CREATE TABLE` for the embedded warehouse, where the dataset is an attached file.
#[must_use]
pub fn sqlite_table(table: &TableDef) -> String {
    let mut parts: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            let null = if column.nullable { "" } else { " NOT NULL" };
            format!("  {} {}{null}", column.name, declared(column.kind))
        })
        .collect();
    if !table.key.is_empty() {
        parts.push(format!("  PRIMARY KEY ({})", table.key.join(", ")));
    }
    format!(
        "CREATE TABLE IF NOT EXISTS {path} (\n{body}\n)",
        path = table.path(),
        body = parts.join(",\n"),
    )
}

/// `CREATE INDEX` on the date column, because every read and every replace goes by date. Apart from the
/// table, because a table filled from scratch is indexed once it is full.
#[must_use]
pub fn sqlite_index(table: &TableDef) -> String {
    format!(
        "CREATE INDEX IF NOT EXISTS {dataset}.{name}_by_date ON {name} ({date})",
        dataset = table.dataset,
        name = table.name,
        date = table.date_column,
    )
}

/// `CREATE TABLE` for `BigQuery` at this path, partitioned by the date column.
#[must_use]
pub fn bigquery_table(table: &TableDef, path: &str) -> String {
    let columns: Vec<String> = table.columns.iter().map(bigquery_column).collect();
    let cluster = match table.cluster.as_ref() {
        [] => String::new(),
        columns => format!("\nCLUSTER BY {}", columns.join(", ")),
    };
    format!(
        "CREATE TABLE IF NOT EXISTS `{path}` (\n{body}\n)\nPARTITION BY {date}{cluster}\n\
         OPTIONS (description = {doc}, require_partition_filter = {filter})",
        body = columns.join(",\n"),
        date = table.date_column,
        doc = text_literal(&table.doc),
        filter = table.require_partition_filter,
    )
}

fn bigquery_column(column: &Column) -> String {
    // An array is never NULL in BigQuery, and NOT NULL is not allowed on one.
    let array = matches!(column.kind, ColumnType::StringArray | ColumnType::Float64Array);
    let null = if column.nullable || array { "" } else { " NOT NULL" };
    format!(
        "  {} {}{null} OPTIONS (description = {})",
        column.name,
        column.kind,
        text_literal(&column.doc)
    )
}

/// A text as a `GoogleSQL` literal.
#[must_use]
pub fn text_literal(text: &str) -> String {
    format!(
        "'{}'",
        text.replace('\\', "\\\\")
            .replace('\'', "\\'")
            .replace('\n', "\\n")
    )
}

/// The declared `SQLite` type, chosen for its affinity: numbers stay numbers, all else is text.
const fn declared(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Int64 | ColumnType::Bool => "INTEGER",
        ColumnType::Float64 | ColumnType::Numeric { .. } => "REAL",
        ColumnType::String
        | ColumnType::Date
        | ColumnType::Timestamp
        | ColumnType::Json
        | ColumnType::StringArray
        | ColumnType::Float64Array => "TEXT",
    }
}
