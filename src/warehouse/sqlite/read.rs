//! Reads rows by date, typed by the table definition.

use rusqlite::{Connection, Params};

use super::cell::CellReader;
use super::ends::{between, ends};
use super::fault::SqliteFault;
use super::folder::checked;
use super::schema::stored_order;
use crate::partition::Partition;
use crate::table::{Column, Dialect, Row, TableDef, sql_name, sql_names, sqlite_path};
use crate::warehouse::{Dates, Read};

/// An owned [`Read`], to move to a blocking thread.
pub(super) struct OwnedRead {
    table: TableDef,
    columns: Vec<String>,
    dates: ReadDates,
}

enum ReadDates {
    /// Ascending, without duplicates.
    Only(Vec<Partition>),
    Between(Partition, Partition),
}

impl From<Read<'_>> for OwnedRead {
    fn from(read: Read<'_>) -> Self {
        Self {
            table: read.table.clone(),
            columns: read.columns.iter().map(ToString::to_string).collect(),
            dates: match read.dates {
                Dates::Only(dates) => {
                    let mut dates = dates.to_vec();
                    dates.sort_unstable();
                    dates.dedup();
                    ReadDates::Only(dates)
                }
                Dates::Between(from, to) => ReadDates::Between(from, to),
            },
        }
    }
}

impl OwnedRead {
    /// The rows, by date and then in stored order, from one snapshot.
    pub(super) fn rows(&self, connection: &mut Connection) -> Result<Vec<Row>, SqliteFault> {
        checked(&self.table)?;
        let columns = self.columns()?;
        let (names, table, date) = (
            sql_names(&self.columns),
            sqlite_path(&self.table.dataset, &self.table.name),
            sql_name(&self.table.date_column),
        );
        let mut readers: Vec<CellReader<'_>> = columns
            .into_iter()
            .map(|column| CellReader::new(&self.table, column))
            .collect();
        let slice = self.table.slice.and_condition(Dialect::Sqlite);
        let mut rows = Vec::new();
        let moment = connection.transaction()?;
        let stored = stored_order(&moment, &self.table)?;
        match &self.dates {
            // One index lookup per date: ordered by date and then by stored order, and one statement for any number of dates.
            ReadDates::Only(dates) => {
                let sql = format!(
                    "SELECT {names} FROM {table} WHERE {date} BETWEEN ?1 AND ?2{slice} ORDER BY {stored}"
                );
                for date in dates {
                    let ends = ends(&self.table, *date);
                    collect(&moment, &sql, ends, &mut readers, &mut rows)?;
                }
            }
            ReadDates::Between(from, to) => {
                let sql = format!(
                    "SELECT {names} FROM {table} WHERE {date} BETWEEN ?1 AND ?2{slice} ORDER BY {stored}"
                );
                collect(
                    &moment,
                    &sql,
                    between(&self.table, *from, *to),
                    &mut readers,
                    &mut rows,
                )?;
            }
        }
        Ok(rows)
    }

    fn columns(&self) -> Result<Vec<&Column>, SqliteFault> {
        self.columns
            .iter()
            .map(|name| {
                self.table
                    .column(name)
                    .ok_or_else(|| SqliteFault::code(format!("{} has no column {name}", self.table.path())))
            })
            .collect()
    }
}

fn collect(
    connection: &Connection,
    sql: &str,
    dates: impl Params,
    readers: &mut [CellReader<'_>],
    rows: &mut Vec<Row>,
) -> Result<(), SqliteFault> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(dates)?;
    while let Some(stored) = found.next()? {
        let mut row = Row::with_capacity(readers.len());
        for (at, reader) in readers.iter_mut().enumerate() {
            row.push(reader.value(stored.get_ref(at)?)?);
        }
        rows.push(row);
    }
    Ok(())
}
