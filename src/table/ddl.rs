//! Data definition made from a [`TableDef`].

use super::{ColumnType, TableDef};

/// `CREATE TABLE` and its index for the embedded warehouse, where the dataset is an attached file.
/// The date column is indexed because every read and every replace goes by date.
#[must_use]
pub fn sqlite_ddl(table: &TableDef) -> String {
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
        "CREATE TABLE IF NOT EXISTS {path} (\n{body}\n);\n\
         CREATE INDEX IF NOT EXISTS {dataset}.{name}_by_date ON {name} ({date});\n",
        path = table.path(),
        body = parts.join(",\n"),
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
        | ColumnType::StringArray => "TEXT",
    }
}
