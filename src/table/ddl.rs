//! DDL generated from a [`TableDef`].

use super::{Column, ColumnType, Kind, TableDef, sql_name, sql_names, sqlite_path, sqlite_schema};

/// `CREATE TABLE` for the embedded warehouse, where each dataset is an attached file.
#[must_use]
pub fn sqlite_table(table: &TableDef) -> String {
    let mut parts: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            let null = if column.nullable { "" } else { " NOT NULL" };
            format!("  {} {}{null}", sql_name(&column.name), declared(column.kind))
        })
        .collect();
    if !table.key.is_empty() {
        parts.push(format!("  PRIMARY KEY ({})", sql_names(table.key.iter())));
    }
    format!(
        "CREATE TABLE IF NOT EXISTS {path} (\n{body}\n)",
        path = sqlite_path(&table.dataset, &table.name),
        body = parts.join(",\n"),
    )
}

/// `CREATE INDEX` on the date column, because reads and replaces are by date. It is separate, because a new table is
/// indexed after it is filled.
#[must_use]
pub fn sqlite_index(table: &TableDef) -> String {
    format!(
        "CREATE INDEX IF NOT EXISTS {schema}.{index} ON {name} ({date})",
        schema = sql_name(&sqlite_schema(&table.dataset)),
        index = sql_name(&format!("{}_by_date", table.name)),
        name = sql_name(&table.name),
        date = sql_name(&table.date_column),
    )
}

/// `CREATE TABLE` for `BigQuery` at this path, partitioned by the date column.
#[must_use]
pub fn bigquery_table(table: &TableDef, path: &str) -> String {
    let columns: Vec<String> = table.columns.iter().map(bigquery_column).collect();
    let cluster = match table.cluster.as_ref() {
        [] => String::new(),
        columns => format!("\nCLUSTER BY {}", sql_names(columns)),
    };
    format!(
        "CREATE TABLE IF NOT EXISTS `{path}` (\n{body}\n)\nPARTITION BY {date}{cluster}\n\
         OPTIONS (description = {doc}, require_partition_filter = {filter})",
        body = columns.join(",\n"),
        date = sql_name(&table.date_column),
        doc = text_literal(&table.doc),
        filter = table.require_partition_filter,
    )
}

fn bigquery_column(column: &Column) -> String {
    // `BigQuery` arrays are never NULL and can't be declared NOT NULL.
    let array = matches!(column.kind, ColumnType::StringArray | ColumnType::Float64Array);
    let null = if column.nullable || array { "" } else { " NOT NULL" };
    format!(
        "  {} {}{null} OPTIONS (description = {})",
        sql_name(&column.name),
        column.kind,
        text_literal(&column.doc)
    )
}

/// A text as a `GoogleSQL` string literal.
#[must_use]
pub fn text_literal(text: &str) -> String {
    format!(
        "'{}'",
        text.replace('\\', "\\\\")
            .replace('\'', "\\'")
            .replace('\n', "\\n")
    )
}

/// `SQLite` storage class of a type: numbers are stored as numbers, everything else as text.
pub(super) const fn storage(kind: ColumnType) -> &'static str {
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

/// The declared `SQLite` type: its first word sets the type affinity, the rest names the column type, for
/// [`declared_kind`].
pub(super) fn declared(kind: ColumnType) -> String {
    match kind {
        // These names already set the right affinity.
        ColumnType::Int64 | ColumnType::Float64 => kind.to_string(),
        ColumnType::StringArray => "TEXT ARRAY_STRING".to_owned(),
        ColumnType::Float64Array => "TEXT ARRAY_FLOAT64".to_owned(),
        kind => format!("{} {kind}", storage(kind)),
    }
}

/// Parses a declared `SQLite` type. Earlier versions declared only the storage class.
#[must_use]
pub fn declared_kind(text: &str) -> Kind {
    if let Some(storage) = ["INTEGER", "REAL", "TEXT"]
        .into_iter()
        .find(|storage| *storage == text)
    {
        return Kind::Stored(storage);
    }
    let word = match text.split_once(' ') {
        Some(("TEXT", "ARRAY_STRING")) => "ARRAY<STRING>",
        Some(("TEXT", "ARRAY_FLOAT64")) => "ARRAY<FLOAT64>",
        Some(("INTEGER" | "REAL" | "TEXT", word)) => word,
        _ => text,
    };
    ColumnType::from_word(word).map_or_else(|| Kind::Other(text.to_owned()), Kind::Exactly)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::fixture;
    use super::*;

    #[test]
    fn declared_types_round_trip_with_the_right_storage_type() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        let kinds = ColumnType::WORDS.map(|word| ColumnType::from_word(word).unwrap());
        let five_two = ColumnType::Numeric {
            precision: 5,
            scale: 2,
        };
        for kind in kinds.into_iter().chain([five_two]) {
            let sql = format!("CREATE TABLE t (c {})", declared(kind));
            connection.execute_batch(&sql).unwrap();
            let said: String = (connection
                .query_row("SELECT type FROM pragma_table_info('t')", [], |row| row.get(0)))
            .unwrap();
            assert_eq!(declared_kind(&said), Kind::Exactly(kind), "{said}");
            // How a column stores a number given as text shows its affinity.
            connection.execute("INSERT INTO t VALUES ('2.0')", []).unwrap();
            let stored: String =
                (connection.query_row("SELECT typeof(c) FROM t", [], |row| row.get(0))).unwrap();
            assert_eq!(stored.to_uppercase(), storage(kind), "{said}");
            connection.execute_batch("DROP TABLE t").unwrap();
        }
        assert_eq!(declared_kind("TEXT"), Kind::Stored("TEXT"));
        assert_eq!(declared_kind("BLOB"), Kind::Other("BLOB".to_owned()));
    }

    #[test]
    fn every_name_is_quoted_in_backticks() {
        let table = TableDef {
            dataset: Cow::Borrowed("order"),
            name: Cow::Borrowed("group"),
            columns: Cow::Owned(vec![
                Column::required("date", ColumnType::Date, ""),
                Column::nullable("index", ColumnType::Int64, ""),
            ]),
            date_column: Cow::Borrowed("date"),
            key: Cow::Borrowed(&[Cow::Borrowed("date")]),
            cluster: Cow::Borrowed(&[Cow::Borrowed("index")]),
            ..fixture::table()
        };
        assert_eq!(
            sqlite_table(&table),
            "CREATE TABLE IF NOT EXISTS `order`.`group` (\n  `date` TEXT DATE NOT NULL,\n  `index` INT64,\n  \
             PRIMARY KEY (`date`)\n)"
        );
        assert_eq!(
            sqlite_index(&table),
            "CREATE INDEX IF NOT EXISTS `order`.`group_by_date` ON `group` (`date`)"
        );
        assert_eq!(
            bigquery_table(&table, "order.group"),
            "CREATE TABLE IF NOT EXISTS `order.group` (\n  `date` DATE NOT NULL OPTIONS (description = ''),\n  \
             `index` INT64 OPTIONS (description = '')\n)\nPARTITION BY `date`\nCLUSTER BY `index`\n\
             OPTIONS (description = '', require_partition_filter = false)"
        );
    }
}
