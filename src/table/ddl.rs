//! Data definition made from a [`TableDef`].

use super::{ColumnType, TableDef};

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
