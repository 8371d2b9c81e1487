//! Reading and altering the tables of the embedded warehouse.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::fault::SqliteFault;
use super::fence::SqliteFence;
use crate::table::{
    Dialect, Schema, SchemaChange, Site, StoredColumn, StoredType, TableDef, sql_name, sql_names,
    sqlite_index, sqlite_path, sqlite_schema, sqlite_table,
};

/// The schema of the table at `dataset.table`; `None` if it doesn't exist.
pub(super) fn schema(connection: &Connection, path: &str) -> Result<Option<Schema>, SqliteFault> {
    let Some((dataset, table)) = path.split_once('.') else {
        return Err(SqliteFault::code(format!(
            "'{path}' is not a table; write it like dataset.table"
        )));
    };
    let schema = sqlite_schema(dataset);
    if !exists(connection, &schema, table)? {
        return Ok(None);
    }
    let mut statement = connection
        .prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1, ?2) ORDER BY cid")?;
    let rows = statement.query_map([table, &schema], |row| {
        let (name, kind): (String, String) = (row.get(0)?, row.get(1)?);
        let (required, place): (bool, i64) = (row.get(2)?, row.get(3)?);
        Ok((name, kind, required, place))
    })?;
    let (mut columns, mut key) = (Vec::new(), Vec::new());
    for row in rows {
        let (name, kind, required, place) = row?;
        if place > 0 {
            key.push((place, name.clone()));
        }
        columns.push(StoredColumn {
            name,
            kind: StoredType::from_declared(&kind),
            nullable: !required,
            // The condition of a slice has its own collation.
            ignores_case: false,
        });
    }
    key.sort_unstable();
    Ok((!columns.is_empty()).then_some(Schema {
        columns,
        key: Some(key.into_iter().map(|(_, name)| name).collect()),
        ..Schema::default()
    }))
}

/// Whether an attached database has this table. `Connection::table_exists` looks into the schema that the connection has
/// loaded, which lacks a table that another connection has created since; a pragma reads it again where it has changed.
pub(super) fn exists(connection: &Connection, schema: &str, table: &str) -> rusqlite::Result<bool> {
    let is_attached = "SELECT EXISTS (SELECT 1 FROM pragma_database_list WHERE name = ?1)";
    let has_columns = "SELECT EXISTS (SELECT 1 FROM pragma_table_info(?1, ?2))";
    Ok(connection.query_row(is_attached, [schema], |row| row.get(0))?
        && connection.query_row(has_columns, [table, schema], |row| row.get(0))?)
}

/// The dialect and path for a table's statements.
pub(super) const fn site(path: &str) -> Site<'_> {
    Site {
        path,
        dialect: Dialect::Sqlite,
    }
}

/// Alters a table in one transaction.
pub(super) fn migrate(
    connection: &mut Connection,
    table: &TableDef,
    changes: &[SchemaChange],
    fence: Option<&SqliteFence>,
) -> Result<(), SqliteFault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    fence.map_or(Ok(()), |fence| fence.verify(&transaction))?;
    let path = table.path();
    if changes.contains(&SchemaChange::Recreate) {
        recreate(&transaction, table)?;
    } else {
        for change in changes {
            if let SchemaChange::Add(name) = change
                && let Some(column) = table.column(name)
            {
                transaction.execute_batch(&site(&path).add_column(column))?;
            }
        }
        if changes
            .iter()
            .any(|change| matches!(change, SchemaChange::Relax(_)))
        {
            copy(&transaction, table)?;
        }
    }
    transaction.commit()?;
    Ok(())
}

/// Drops a table without rows and creates it from its definition.
fn recreate(connection: &Connection, table: &TableDef) -> Result<(), SqliteFault> {
    let (path, stored) = (table.path(), sqlite_path(&table.dataset, &table.name));
    let held = connection
        .query_row(&format!("SELECT 1 FROM {stored} LIMIT 1"), [], |_| Ok(()))
        .optional()?;
    if held.is_some() {
        return Err(SqliteFault::data(format!(
            "{path} now contains rows and was not changed; run again to see how it differs"
        )));
    }
    connection.execute_batch(&format!("DROP TABLE {stored}"))?;
    create(connection, table)
}

/// Replaces a table by one created from its definition, with the same columns and with its rows in order.
fn copy(connection: &Connection, table: &TableDef) -> Result<(), SqliteFault> {
    let names = sql_names(table.columns.iter().map(|column| &column.name));
    let path = sqlite_path(&table.dataset, &table.name);
    let order = stored_order(connection, table)?;
    let copied = TableDef {
        name: format!("_backcourt_new_{}", table.name).into(),
        ..table.clone()
    };
    connection.execute_batch(&sqlite_table(&copied))?;
    connection.execute_batch(&format!(
        "INSERT INTO {} ({names}) SELECT {names} FROM {path} ORDER BY {order};
         DROP TABLE {path};
         ALTER TABLE {} RENAME TO {};",
        sqlite_path(&copied.dataset, &copied.name),
        sqlite_path(&copied.dataset, &copied.name),
        sql_name(&table.name)
    ))?;
    index(connection, table)
}

/// Creates the table and its index, as far as they don't exist.
pub(super) fn create(connection: &Connection, table: &TableDef) -> Result<(), SqliteFault> {
    connection.execute_batch(&sqlite_table(table))?;
    index(connection, table)
}

/// Creates the index on the date, if the table needs one.
pub(super) fn index(connection: &Connection, table: &TableDef) -> Result<(), SqliteFault> {
    if let Some(index) = sqlite_index(table) {
        connection.execute_batch(&index)?;
    }
    Ok(())
}

/// For ORDER BY: the rows by date, and those of a date as they are stored, by their key or as they were inserted.
pub(super) fn stored_order(connection: &Connection, table: &TableDef) -> Result<String, SqliteFault> {
    let has_no_rowid =
        "SELECT EXISTS (SELECT 1 FROM pragma_table_list WHERE schema = ?1 AND name = ?2 AND wr)";
    let at = [sqlite_schema(&table.dataset), table.name.to_string()];
    let by_key = connection
        .prepare_cached(has_no_rowid)?
        .query_row(at, |row| row.get(0))?;
    if by_key {
        return Ok(sql_names(table.key.iter()));
    }
    // `SQLite`'s names for the row number. A column may use one of the three.
    let is_free = |name: &&str| (table.columns.iter()).all(|column| !column.name.eq_ignore_ascii_case(name));
    let name = ["rowid", "_rowid_", "oid"].into_iter().find(is_free);
    Ok(format!(
        "{}, {}",
        sql_name(&table.date_column),
        name.unwrap_or("1")
    ))
}
