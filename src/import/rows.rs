//! The rows of a file in the columns of a table: checked first, all of them, then produced one at a time. Must not know
//! where they are stored.

use super::cell::{FileCell, value};
use super::error::RejectedRows;
use super::{ImportError, ImportFile, Pass};
use crate::escape::quoted;
use crate::plan::near_miss;
use crate::table::{Column, FaultKind, Row, RowFault, TableDef, Value, row_fault};

/// What a check of a whole file has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckedFile {
    /// Number of valid rows.
    pub rows: u64,
    /// The invalid rows.
    pub rejected: RejectedRows,
}

/// Converts every row of the file to the table's columns and keeps none. `progress` is called with the rows and bytes
/// read so far, for each row.
///
/// # Errors
/// If the file can't be read, its header differs from the table's columns, it has no rows, or more than `allowed` rows are
/// invalid.
pub fn check(
    file: &ImportFile,
    table: &TableDef,
    allowed: u64,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<CheckedFile, ImportError> {
    let mut rows = TableRows::open(file, table)?;
    let mut checked = CheckedFile::default();
    while let Some(row) = rows.advance()? {
        match row {
            Ok(_) => checked.rows += 1,
            Err(fault) => {
                let line = rows.pass.line();
                checked.rejected.add(|| fault.sentence(Some(line)));
            }
        }
        progress(checked.rows + checked.rejected.count, rows.pass.bytes());
    }
    if checked.rejected.count > allowed {
        return Err(ImportError::Rejected {
            file: file.path().to_owned(),
            rejected: checked.rejected,
        });
    }
    if checked.rows == 0 {
        return Err(rows
            .pass
            .refused(None, "has no rows; nothing was imported".to_owned()));
    }
    Ok(checked)
}

/// The rows of a file, read in the order of the table's columns.
#[derive(Debug)]
struct TableRows {
    table: TableDef,
    pass: Pass,
    /// For each name of the file, the column; `None` if the table doesn't have it.
    columns: Vec<Option<usize>>,
}

/// A row in the table's columns, or why it is rejected.
type ReadRow = Result<Row, RowFault>;

impl TableRows {
    fn open(file: &ImportFile, table: &TableDef) -> Result<Self, ImportError> {
        let rows = Self {
            table: table.clone(),
            pass: file.pass()?,
            columns: Vec::new(),
        };
        if rows.pass.has_header() {
            rows.refuse_header()?;
        }
        Ok(rows)
    }

    fn advance(&mut self) -> Result<Option<ReadRow>, ImportError> {
        let Some(found) = self.pass.next_row()? else {
            return Ok(None);
        };
        Ok(Some(match found.fault {
            Some(fault) => Err(fault),
            None => self.row(),
        }))
    }

    fn row(&mut self) -> Result<Row, RowFault> {
        let new = self.pass.names().get(self.columns.len()..).unwrap_or_default();
        let places = new.iter().map(|name| self.table.position(name));
        self.columns.extend(places);
        let mut row: Row = vec![Value::Null; self.table.columns.len()];
        for (at, column) in self.columns.iter().enumerate() {
            match (column, self.pass.cell(at)) {
                (Some(column), cell) => row[*column] = value(&self.table.columns[*column], cell)?,
                (None, FileCell::Absent) => {}
                (None, _) => return Err(unknown(&self.table, &self.pass.names()[at])),
            }
        }
        row_fault(&self.table, &row).map_or(Ok(row), Err)
    }

    fn refuse_header(&self) -> Result<(), ImportError> {
        let names = self.pass.names();
        let refused = |what| Err(self.pass.refused(Some(1), what));
        for (at, name) in names.iter().enumerate() {
            if self.table.position(name).is_none() {
                return refused(unknown(&self.table, name).what);
            }
            if names[..at].contains(name) {
                return refused(format!("column {} is a duplicate; rename one", quoted(name)));
            }
        }
        let is_missing = |column: &&Column| !names.iter().any(|name| column.name == *name);
        match self.table.columns.iter().find(is_missing) {
            Some(missing) => refused(format!(
                "no column '{}', which {} has",
                missing.name,
                self.table.path()
            )),
            None => Ok(()),
        }
    }
}

/// The valid rows of a checked file in the order of the table's columns. It ends with an error if the file has changed
/// since it was checked.
#[derive(Debug)]
pub struct ImportRows {
    rows: TableRows,
    expected: (u64, u64),
    valid: u64,
    rejected: u64,
    has_ended: bool,
}

impl ImportRows {
    /// Opens the file again.
    ///
    /// # Errors
    /// If it can't be read, or its header differs from the table's columns.
    pub fn open(file: &ImportFile, table: &TableDef, checked: &CheckedFile) -> Result<Self, ImportError> {
        Ok(Self {
            rows: TableRows::open(file, table)?,
            expected: (checked.rows, checked.rejected.count),
            valid: 0,
            rejected: 0,
            has_ended: false,
        })
    }

    /// How many rows and bytes of the file have been read.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        (self.valid + self.rejected, self.rows.pass.bytes())
    }

    fn end(&self) -> Option<Result<Row, ImportError>> {
        let is_same = (self.valid, self.rejected) == self.expected;
        let changed = || {
            let what = "changed while it was imported; nothing was written, import it again".to_owned();
            Err(self.rows.pass.refused(None, what))
        };
        (!is_same).then(changed)
    }
}

impl Iterator for ImportRows {
    type Item = Result<Row, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.has_ended {
            match self.rows.advance() {
                Ok(Some(Ok(row))) => {
                    self.valid += 1;
                    return Some(Ok(row));
                }
                Ok(Some(Err(_))) => self.rejected += 1,
                Ok(None) => {
                    self.has_ended = true;
                    return self.end();
                }
                Err(error) => {
                    self.has_ended = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

fn unknown(table: &TableDef, name: &str) -> RowFault {
    let known = table.columns.iter().map(|column| column.name.as_ref());
    let hint = match near_miss(name, known.clone()) {
        Some(near) => format!("did you mean '{near}'?"),
        None => format!("it has {}", known.collect::<Vec<_>>().join(", ")),
    };
    RowFault {
        kind: FaultKind::Width,
        column: None,
        what: format!("{} is not a column of {}; {hint}", quoted(name), table.path()),
    }
}
