//! Inserts rows with bound values.

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, Statement};

use super::cell::CellWriter;
use super::fault::SqliteFault;
use crate::figures::counted;
use crate::table::{TableDef, Value, sql_names, sqlite_path};

/// A prepared `INSERT` of all columns of a table.
pub(super) struct Insert<'c, 't> {
    statement: Statement<'c>,
    table: &'t TableDef,
    cells: Vec<CellWriter<'t>>,
}

impl<'c, 't> Insert<'c, 't> {
    pub(super) fn prepare(connection: &'c Connection, table: &'t TableDef) -> Result<Self, SqliteFault> {
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({})",
            sqlite_path(&table.dataset, &table.name),
            sql_names(table.columns.iter().map(|column| &column.name)),
            vec!["?"; table.columns.len()].join(", ")
        );
        Ok(Self {
            statement: connection.prepare(&sql)?,
            table,
            cells: (table.columns.iter())
                .map(|column| CellWriter::new(table, column))
                .collect(),
        })
    }

    /// Inserts one row. `put_in` overrides the values of some columns, by index, of the same ones in every row.
    pub(super) fn row(&mut self, row: &[Value], put_in: &[(usize, &str)]) -> Result<(), SqliteFault> {
        if row.len() != self.cells.len() {
            return Err(SqliteFault::data(format!(
                "{}: a row has {} for {}",
                self.table.path(),
                counted(row.len(), "value"),
                counted(self.cells.len(), "column")
            )));
        }
        for (at, (cell, value)) in self.cells.iter_mut().zip(row).enumerate() {
            let changed = match put_in.iter().find(|(position, _)| *position == at) {
                Some((_, text)) => Some(ToSqlOutput::from(*text)),
                None => cell.stored(value)?,
            };
            if let Some(changed) = changed {
                self.statement.raw_bind_parameter(at + 1, changed)?;
            }
        }
        self.statement.raw_execute()?;
        Ok(())
    }
}
