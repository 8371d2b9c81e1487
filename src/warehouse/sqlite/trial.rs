//! Checks a translated query: it is prepared, but not run, in an empty in-memory copy of the warehouse with the current
//! and planned tables.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::connection::blank;
use super::fault::SqliteFault;
use crate::table::{RESERVED, Returned, TableDef, sql_name, sqlite_schema};
use crate::warehouse::Tried;

/// The columns of each table, by the schema of its dataset and its name.
type Shapes = BTreeMap<(String, String), Vec<String>>;

/// The columns a translated query returns. `connection` is only used to list the tables.
pub(super) fn tried(connection: &Connection, sql: &str, planned: &[TableDef]) -> Result<Tried, SqliteFault> {
    let mut shapes = held(connection)?;
    for table in planned {
        let columns = table.columns.iter().map(|column| column.name.to_string());
        shapes.insert(
            (sqlite_schema(&table.dataset), table.name.to_string()),
            columns.collect(),
        );
    }
    let empty = made_empty(&shapes)?;
    let statement = match empty.prepare(sql) {
        Ok(statement) => statement,
        Err(rusqlite::Error::SqlInputError { msg, .. }) => {
            return match msg.strip_prefix("no such table: ") {
                Some(table) => Ok(Tried::Missing(table.to_owned())),
                None => Err(SqliteFault::code(format!("the query fails: {msg}"))),
            };
        }
        Err(error) => return Err(error.into()),
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

fn held(connection: &Connection) -> Result<Shapes, SqliteFault> {
    let datasets: Vec<String> = connection
        .prepare("SELECT name FROM pragma_database_list WHERE name NOT IN ('main', 'temp')")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut shapes = Shapes::new();
    for dataset in datasets {
        let sql = format!(
            "SELECT held.name, col.name FROM {}.sqlite_schema AS held \
             JOIN pragma_table_info(held.name, ?1) AS col WHERE held.type IN ('table', 'view')",
            sql_name(&dataset)
        );
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([&dataset])?;
        while let Some(row) = rows.next()? {
            let (table, column): (String, String) = (row.get(0)?, row.get(1)?);
            shapes.entry((dataset.clone(), table)).or_default().push(column);
        }
    }
    Ok(shapes)
}

fn made_empty(shapes: &Shapes) -> Result<Connection, SqliteFault> {
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
        let columns: Vec<String> = columns.iter().map(|column| sql_name(column)).collect();
        empty.execute_batch(&format!(
            "CREATE TABLE {}.{} ({})",
            sql_name(dataset),
            sql_name(table),
            columns.join(", ")
        ))?;
    }
    Ok(empty)
}
