//! A file of rows in either format, read as often as needed. Must not know types.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::cell::FileCell;
use super::csv_rows::CsvRows;
use super::json_rows::JsonRows;
use super::{FileFormat, ImportError, MAX_COLUMNS, MAX_ROW_BYTES};
use crate::figures::{bytes, count};
use crate::table::RowFault;

/// A file to import.
#[derive(Debug, Clone)]
pub struct ImportFile {
    path: PathBuf,
    format: FileFormat,
    size: u64,
}

impl ImportFile {
    /// Finds the file; it is read later.
    ///
    /// # Errors
    /// If it doesn't exist or is not a regular file, which can be read more than once.
    pub fn find(path: &Path, format: FileFormat) -> Result<Self, ImportError> {
        let about = fs::metadata(path).map_err(|cause| unreadable(path, cause))?;
        if !about.is_file() {
            return Err(refused(
                path,
                None,
                "not a regular file; write the rows to a file first".to_owned(),
            ));
        }
        Ok(Self {
            path: path.to_owned(),
            format,
            size: about.len(),
        })
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its size in bytes when it was found.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Starts to read it.
    ///
    /// # Errors
    /// If it can't be opened, or its header can't be read.
    pub fn pass(&self) -> Result<Pass, ImportError> {
        let file = File::open(&self.path).map_err(|cause| unreadable(&self.path, cause))?;
        let rows = match self.format {
            FileFormat::Csv => CsvRows::open(file).map(Rows::Csv),
            FileFormat::JsonLines => Ok(Rows::Json(JsonRows::open(file))),
        };
        let rows = rows.map_err(|problem| problem.of(&self.path))?;
        let pass = Pass {
            path: self.path.clone(),
            rows,
        };
        if self.format == FileFormat::Csv {
            match pass.names().len() {
                0 => {
                    return Err(
                        pass.refused(None, "is empty; the first line must name the columns".to_owned())
                    );
                }
                1..=MAX_COLUMNS => {}
                most => {
                    let what = format!("{} columns; import at most {}", count(most), count(MAX_COLUMNS));
                    return Err(pass.refused(Some(1), what));
                }
            }
        }
        Ok(pass)
    }
}

/// One reading of a file, from its first row to its last.
#[derive(Debug)]
pub struct Pass {
    path: PathBuf,
    rows: Rows,
}

#[derive(Debug)]
enum Rows {
    Csv(CsvRows),
    Json(JsonRows),
}

/// A row of the file. Its cells can be read if it has no fault.
#[derive(Debug)]
pub(super) struct FoundRow {
    /// The line it begins on, from 1.
    pub(super) line: u64,
    /// Why it can't be split into cells.
    pub(super) fault: Option<RowFault>,
}

/// Why the rest of a file can't be read.
pub(super) enum RowProblem {
    Unreadable(io::Error),
    Refused { line: u64, what: String },
}

impl Pass {
    /// The column names: those of the header, or the keys found so far.
    pub(super) fn names(&self) -> &[String] {
        match &self.rows {
            Rows::Csv(rows) => rows.names(),
            Rows::Json(rows) => rows.names(),
        }
    }

    /// Whether the names are those of a header, which every row follows.
    pub(super) const fn has_header(&self) -> bool {
        matches!(self.rows, Rows::Csv(_))
    }

    pub(super) fn next_row(&mut self) -> Result<Option<FoundRow>, ImportError> {
        let row = match &mut self.rows {
            Rows::Csv(rows) => rows.next_row(),
            Rows::Json(rows) => rows.next_row(),
        };
        row.map_err(|problem| problem.of(&self.path))
    }

    /// A cell of the newest row, by the index of its name.
    pub(super) fn cell(&self, at: usize) -> FileCell<'_> {
        match &self.rows {
            Rows::Csv(rows) => FileCell::Text(rows.cell(at)),
            Rows::Json(rows) => rows.value(at).map_or(FileCell::Absent, FileCell::Json),
        }
    }

    /// How many bytes of the file the rows so far take.
    pub(super) fn bytes(&self) -> u64 {
        match &self.rows {
            Rows::Csv(rows) => rows.bytes(),
            Rows::Json(rows) => rows.bytes(),
        }
    }

    pub(super) fn refused(&self, line: Option<u64>, what: String) -> ImportError {
        refused(&self.path, line, what)
    }
}

impl RowProblem {
    pub(super) fn too_long(line: u64) -> Self {
        Self::Refused {
            line,
            what: format!(
                "the row has more than {}; check that its quotes are closed, or split the value",
                bytes(MAX_ROW_BYTES)
            ),
        }
    }

    fn of(self, path: &Path) -> ImportError {
        match self {
            Self::Unreadable(cause) => unreadable(path, cause),
            Self::Refused { line, what } => refused(path, Some(line), what),
        }
    }
}

impl From<io::Error> for RowProblem {
    fn from(cause: io::Error) -> Self {
        Self::Unreadable(cause)
    }
}

fn unreadable(path: &Path, cause: io::Error) -> ImportError {
    ImportError::Unreadable {
        file: path.to_owned(),
        cause,
    }
}

fn refused(path: &Path, line: Option<u64>, what: String) -> ImportError {
    ImportError::Refused {
        file: path.to_owned(),
        line,
        what,
    }
}
