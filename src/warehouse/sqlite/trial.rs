//! Checks a translated query: it is prepared, but not run, in an empty in-memory copy of the warehouse with the current
//! and planned tables.

use rusqlite::Connection;

use super::connection::blank;
use super::fault::SqliteFault;
use super::googlesql::{TableCatalog, column_types};
use crate::table::{RESERVED, Returned, StoredType, TableDef, sql_name, sqlite_schema};
use crate::warehouse::Tried;

/// The columns a translated query returns. `connection` is only used to list the tables.
pub(super) fn tried(connection: &Connection, sql: &str, planned: &[TableDef]) -> Result<Tried, SqliteFault> {
    returned(&shapes(connection, planned)?, sql)
}

/// The same, with the types that follow from the query in `GoogleSQL`.
pub(super) fn inferred(
    connection: &Connection,
    [google, sql]: [&str; 2],
    planned: &[TableDef],
) -> Result<Tried, SqliteFault> {
    let shapes = shapes(connection, planned)?;
    let mut columns = match returned(&shapes, sql)? {
        Tried::Returns(columns) => columns,
        other => return Ok(other),
    };
    let tables = shapes
        .into_iter()
        .map(|((dataset, table), columns)| (format!("{dataset}.{table}").to_ascii_lowercase(), columns));
    let types = column_types(google, &tables.collect());
    for column in &mut columns {
        // A name that occurs twice is refused later.
        let mut known = types.iter().filter(|(name, _)| *name == column.name);
        let kind = known.next().and_then(|(_, kind)| kind.clone());
        column.kind = kind.filter(|_| known.next().is_none()).map(StoredType::Exactly);
    }
    Ok(Tried::Returns(columns))
}

/// The tables as they are or will be.
pub(super) fn shapes(connection: &Connection, planned: &[TableDef]) -> Result<TableCatalog, SqliteFault> {
    let mut shapes = held(connection)?;
    for table in planned {
        let columns = table.columns.iter();
        shapes.insert(
            (sqlite_schema(&table.dataset), table.name.to_string()),
            columns
                .map(|column| (column.name.to_string(), Some(column.kind.clone())))
                .collect(),
        );
    }
    Ok(shapes)
}

fn returned(shapes: &TableCatalog, sql: &str) -> Result<Tried, SqliteFault> {
    let empty = made_empty(shapes)?;
    let statement = match empty.prepare(sql) {
        Ok(statement) => statement,
        Err(error) => return missing(error),
    };
    if !statement.readonly() {
        return Err(SqliteFault::code("a query must not change anything"));
    }
    let columns = statement.column_names().into_iter();
    let shown = columns
        .filter(|name| !name.starts_with(RESERVED))
        .map(|name| Returned {
            name: name.to_owned(),
            kind: None,
        });
    Ok(Tried::Returns(shown.collect()))
}

/// The missing table that an error names. `SQLite` doesn't say for every fault where in the query it is.
fn missing(error: rusqlite::Error) -> Result<Tried, SqliteFault> {
    use rusqlite::Error::{SqlInputError, SqliteFailure};
    let (SqlInputError { msg: reason, .. } | SqliteFailure(_, Some(reason))) = &error else {
        return Err(error.into());
    };
    match (reason.strip_prefix("no such table: "), &error) {
        (Some(table), _) => Ok(Tried::Missing(table.to_owned())),
        (None, SqlInputError { .. }) => Err(SqliteFault::code(format!("the query fails: {reason}"))),
        (None, _) => Err(error.into()),
    }
}

fn held(connection: &Connection) -> Result<TableCatalog, SqliteFault> {
    let datasets: Vec<String> = connection
        .prepare("SELECT name FROM pragma_database_list WHERE name NOT IN ('main', 'temp')")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut shapes = TableCatalog::new();
    for dataset in datasets {
        let sql = format!(
            "SELECT held.name, col.name, col.type FROM {}.sqlite_schema AS held \
             JOIN pragma_table_info(held.name, ?1) AS col WHERE held.type IN ('table', 'view')",
            sql_name(&dataset)
        );
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([&dataset])?;
        while let Some(row) = rows.next()? {
            let (table, column, declared): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let kind = match StoredType::from_declared(&declared) {
                StoredType::Exactly(kind) => Some(kind),
                _ => None,
            };
            let shape = shapes.entry((dataset.clone(), table)).or_default();
            shape.push((column, kind));
        }
    }
    Ok(shapes)
}

fn made_empty(shapes: &TableCatalog) -> Result<Connection, SqliteFault> {
    let empty = blank()?;
    let mut attached = "";
    for ((dataset, table), columns) in shapes {
        if dataset != attached {
            empty.execute_batch(&format!("ATTACH DATABASE ':memory:' AS {}", sql_name(dataset)))?;
            attached = dataset;
        }
        if table.starts_with("sqlite_") {
            continue;
        }
        let columns: Vec<String> = columns.iter().map(|(column, _)| sql_name(column)).collect();
        empty.execute_batch(&format!(
            "CREATE TABLE {}.{} ({})",
            sql_name(dataset),
            sql_name(table),
            columns.join(", ")
        ))?;
    }
    Ok(empty)
}
