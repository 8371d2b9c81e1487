//! DDL generated from a [`TableDef`].

use super::stored_type::declared;
use crate::partition::Grain;

use super::{Column, ColumnType, TableDef, sql_name, sql_names, sqlite_path, sqlite_schema};

/// `CREATE TABLE` for the embedded warehouse, where each dataset is an attached file.
#[must_use]
pub fn sqlite_table(table: &TableDef) -> String {
    let mut parts: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            let null = if column.nullable { "" } else { " NOT NULL" };
            format!("  {} {}{null}", sql_name(&column.name), declared(&column.kind))
        })
        .collect();
    if !table.key.is_empty() {
        parts.push(format!("  PRIMARY KEY ({})", sql_names(table.key.iter())));
    }
    format!(
        "CREATE TABLE IF NOT EXISTS {path} (\n{body}\n){order}",
        order = if table.is_stored_by_key() {
            " WITHOUT ROWID"
        } else {
            ""
        },
        path = sqlite_path(&table.dataset, &table.name),
        body = parts.join(",\n"),
    )
}

/// `CREATE INDEX` on the date column, because reads and replaces are by date; `None` if the rows are stored by date
/// anyway. It is separate, because a new table is indexed after it is filled.
#[must_use]
pub fn sqlite_index(table: &TableDef) -> Option<String> {
    let index = format!(
        "CREATE INDEX IF NOT EXISTS {schema}.{index} ON {name} ({date})",
        schema = sql_name(&sqlite_schema(&table.dataset)),
        index = sql_name(&format!("{}_by_date", table.name)),
        name = sql_name(&table.name),
        date = sql_name(&table.date_column),
    );
    (!table.is_stored_by_key()).then_some(index)
}

/// `CREATE TABLE` for `BigQuery` at this path, partitioned by the date column.
#[must_use]
pub fn bigquery_table(table: &TableDef, path: &str) -> String {
    let columns: Vec<String> = table.schema_columns().map(bigquery_column).collect();
    let cluster = match table.cluster.as_ref() {
        [] => String::new(),
        columns => format!("\nCLUSTER BY {}", sql_names(columns)),
    };
    format!(
        "CREATE TABLE IF NOT EXISTS `{path}` (\n{body}\n)\nPARTITION BY {by}{cluster}\n\
         OPTIONS (description = {doc}, require_partition_filter = {filter})",
        body = columns.join(",\n"),
        by = partitioned_by(table),
        doc = text_literal(&table.doc),
        filter = table.require_partition_filter,
    )
}

/// `BigQuery` has no partitions of weeks, and too few for the hours of more than a year: both are in partitions of days.
/// By ingestion time, rows of different hours can only be in different partitions.
fn partitioned_by(table: &TableDef) -> String {
    if table.is_by_ingestion_time() {
        let span = match table.grain {
            Grain::Week => Grain::Day,
            other => other,
        };
        return format!("TIMESTAMP_TRUNC({}, {})", table.date_column, span.sql_name());
    }
    let name = sql_name(&table.date_column);
    let kind = table.column(&table.date_column).map(|column| &column.kind);
    match (kind, table.grain) {
        (Some(ColumnType::Timestamp), Grain::Hour | Grain::Day | Grain::Week) => {
            format!("TIMESTAMP_TRUNC({name}, DAY)")
        }
        (Some(ColumnType::Timestamp), longer) => format!("TIMESTAMP_TRUNC({name}, {})", longer.sql_name()),
        (Some(ColumnType::Datetime), Grain::Hour | Grain::Day | Grain::Week) => {
            format!("DATETIME_TRUNC({name}, DAY)")
        }
        (Some(ColumnType::Datetime), longer) => format!("DATETIME_TRUNC({name}, {})", longer.sql_name()),
        (_, Grain::Hour | Grain::Day | Grain::Week) => name,
        (_, longer) => format!("DATE_TRUNC({name}, {})", longer.sql_name()),
    }
}

fn bigquery_column(column: &Column) -> String {
    // `BigQuery` arrays are never NULL and can't be declared NOT NULL.
    let null = if column.nullable || column.kind.is_array() {
        ""
    } else {
        " NOT NULL"
    };
    format!(
        "  {} {}{null} OPTIONS (description = {})",
        sql_name(&column.name),
        column.kind.sql(),
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

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::fixture;
    use super::*;

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
             PRIMARY KEY (`date`)\n) WITHOUT ROWID"
        );
        assert_eq!(sqlite_index(&table), None);
        let by_index = TableDef {
            key: Cow::Borrowed(&[Cow::Borrowed("index")]),
            ..table.clone()
        };
        assert_eq!(
            sqlite_index(&by_index).as_deref(),
            Some("CREATE INDEX IF NOT EXISTS `order`.`group_by_date` ON `group` (`date`)")
        );
        assert!(!sqlite_table(&by_index).contains("ROWID"));
        assert_eq!(
            bigquery_table(&table, "order.group"),
            "CREATE TABLE IF NOT EXISTS `order.group` (\n  `date` DATE NOT NULL OPTIONS (description = ''),\n  \
             `index` INT64 OPTIONS (description = '')\n)\nPARTITION BY `date`\nCLUSTER BY `index`\n\
             OPTIONS (description = '', require_partition_filter = false)"
        );
    }
}
