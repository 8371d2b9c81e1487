//! Import of rows into a table that no plan fills, in one transaction: all rows or none.

use rusqlite::{Connection, TransactionBehavior};

use super::connection::AccessMode;
use super::fault::SqliteFault;
use super::fence::SqliteFence;
use super::insert::Insert;
use super::{SqliteWarehouse, doing, holds_rows, owner, schema};
use crate::table::{Row, Schema, TableDef, sql_name, sqlite_path, sqlite_schema, sqlite_table};
use crate::warehouse::{ErrorClass, OwnedPart, WarehouseError};

/// What happens to the rows that the table already has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportMode {
    /// There are none: a table with rows is refused.
    IntoEmpty,
    /// They stay.
    Append,
    /// They are deleted.
    Replace,
    /// The table is dropped with them and created with the new columns.
    Recreate,
}

/// Rows to import.
pub struct TableImport {
    /// The table.
    pub table: TableDef,
    /// Its schema when the rows were checked; `None` if it didn't exist.
    pub seen: Option<Schema>,
    /// What happens to the rows it has.
    pub mode: ImportMode,
    /// The new rows. An error among them ends the import; then nothing is written.
    pub rows: Box<dyn Iterator<Item = Result<Row, WarehouseError>> + Send>,
}

impl std::fmt::Debug for TableImport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableImport")
            .field("table", &self.table.path())
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

impl SqliteWarehouse {
    /// Imports all rows in one transaction; returns their number. A table that doesn't exist is created.
    ///
    /// # Errors
    /// If the table has changed since it was seen, has rows it must not have, or refuses a row. Nothing is written then.
    pub async fn import(&self, import: TableImport) -> Result<u64, WarehouseError> {
        let doing = doing("importing", &import.table);
        self.create_dataset(&import.table, &doing)?;
        let fence = self.held.fence();
        self.pool
            .run(AccessMode::Writer, doing, move |connection| {
                import.commit(connection, fence.as_ref())
            })
            .await
    }

    /// The spelling of a table that exists under another letter case of its dataset or its name. Files of two such
    /// datasets can't be opened together.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub async fn other_spelling(&self, dataset: &str, table: &str) -> Result<Option<String>, WarehouseError> {
        let (dataset, table) = (dataset.to_owned(), table.to_owned());
        let folder = self.pool.folder();
        let datasets =
            (folder.datasets()).map_err(|fault| fault.in_context("reading the folder", folder.path()))?;
        let held = datasets
            .into_iter()
            .find(|held| held.name.eq_ignore_ascii_case(&dataset));
        match held {
            None => Ok(None),
            Some(held) if held.name != dataset => Ok(Some(format!("{}.{table}", held.name))),
            Some(_) => {
                let inspecting = format!("inspecting {dataset}.{table}");
                self.pool
                    .read(inspecting, move |connection| {
                        let name = spelled(connection, &dataset, &table)?;
                        Ok(name
                            .filter(|name| *name != table)
                            .map(|name| format!("{dataset}.{name}")))
                    })
                    .await
            }
        }
    }
}

impl TableImport {
    fn commit(self, connection: &mut Connection, fence: Option<&SqliteFence>) -> Result<u64, SqliteFault> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        fence.map_or(Ok(()), |fence| fence.verify(&transaction))?;
        self.refuse_owned(&transaction)?;
        self.make_room(&transaction)?;
        let mut insert = Insert::prepare(&transaction, &self.table)?;
        let mut count = 0;
        for row in self.rows {
            insert.row(&row?, &[])?;
            count += 1;
        }
        drop(insert);
        transaction.commit()?;
        Ok(count)
    }

    /// Refuses a table that a plan has come to own since the import began. The lease of this plan doesn't exclude others.
    fn refuse_owned(&self, connection: &Connection) -> Result<(), SqliteFault> {
        let path = self.table.path();
        match owner::overlapping(connection, &OwnedPart::whole(&path))?.first() {
            None => Ok(()),
            Some(record) => Err(SqliteFault::Classified(WarehouseError::new(
                ErrorClass::Contention,
                format!(
                    "plan '{}' took {path} during the import; nothing was written",
                    record.owner.plan
                ),
            ))),
        }
    }

    /// Creates the table, or deletes its rows, or refuses it.
    fn make_room(&self, connection: &Connection) -> Result<(), SqliteFault> {
        let (path, stored) = (
            self.table.path(),
            sqlite_path(&self.table.dataset, &self.table.name),
        );
        let held = schema::schema(connection, &path)?;
        if held != self.seen {
            return Err(SqliteFault::data(format!(
                "the columns of {path} changed during the import; nothing was written, import again"
            )));
        }
        match (held, self.mode) {
            (None, _) => create(connection, &self.table),
            (Some(_), ImportMode::Recreate) => {
                connection.execute_batch(&format!("DROP TABLE {stored}"))?;
                create(connection, &self.table)
            }
            (Some(_), ImportMode::Replace) => Ok(connection.execute_batch(&format!("DELETE FROM {stored}"))?),
            (Some(_), ImportMode::IntoEmpty) if holds_rows(connection, &self.table)? => {
                Err(SqliteFault::Classified(WarehouseError::new(
                    ErrorClass::Contention,
                    format!(
                        "{path} got rows from another program during the import; nothing was written, import again"
                    ),
                )))
            }
            (Some(_), ImportMode::Append | ImportMode::IntoEmpty) => Ok(()),
        }
    }
}

/// Creates the table, with an index on its date column if it has one.
fn create(connection: &Connection, table: &TableDef) -> Result<(), SqliteFault> {
    connection.execute_batch(&sqlite_table(table))?;
    if table.date_column.is_empty() {
        return Ok(());
    }
    schema::index(connection, table)
}

/// The name of a table as it is stored, whatever its letter case.
fn spelled(connection: &Connection, dataset: &str, table: &str) -> Result<Option<String>, SqliteFault> {
    let sql = format!(
        "SELECT name FROM {}.sqlite_schema WHERE type IN ('table', 'view') AND name = ?1 COLLATE NOCASE",
        sql_name(&sqlite_schema(dataset))
    );
    let mut statement = connection.prepare(&sql)?;
    let mut names = statement.query_map([table], |row| row.get(0))?;
    Ok(names.next().transpose()?)
}
