//! A file of rows in either format, read as often as needed. Must not know types.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
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
    version: FileVersion,
}

/// What differs between two versions of a file: device, inode, size, and time of the last change in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileVersion {
    place: (u64, u64),
    size: u64,
    changed: (i64, i64),
}

impl FileVersion {
    fn of(about: &Metadata) -> Self {
        Self {
            place: (about.dev(), about.ino()),
            size: about.size(),
            changed: (about.mtime(), about.mtime_nsec()),
        }
    }
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
            version: FileVersion::of(&about),
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
        self.version.size
    }

    /// Refuses a file that is not the one that was found: its types and its rows would be of different versions.
    fn refuse_changed(&self) -> Result<(), ImportError> {
        let about = fs::metadata(&self.path).map_err(|cause| unreadable(&self.path, cause))?;
        if FileVersion::of(&about) == self.version {
            return Ok(());
        }
        let what = "changed while it was imported; nothing was written, import it again";
        Err(refused(&self.path, None, what.to_owned()))
    }

    /// Starts to read it.
    ///
    /// # Errors
    /// If it can't be opened, or its header can't be read.
    pub fn pass(&self) -> Result<Pass, ImportError> {
        let file = File::open(&self.path).map_err(|cause| unreadable(&self.path, cause))?;
        self.refuse_changed()?;
        let rows = match self.format {
            FileFormat::Csv => CsvRows::open(file).map(Rows::Csv),
            FileFormat::JsonLines => Ok(Rows::Json(JsonRows::open(file))),
        };
        let rows = rows.map_err(|problem| problem.of(&self.path))?;
        let pass = Pass {
            file: self.clone(),
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
    file: ImportFile,
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
        let row = row.map_err(|problem| problem.of(&self.file.path))?;
        if row.is_none() {
            self.file.refuse_changed()?;
        }
        Ok(row)
    }

    /// The line on which the newest row begins, from 1.
    pub(super) fn line(&self) -> u64 {
        match &self.rows {
            Rows::Csv(rows) => rows.line(),
            Rows::Json(rows) => rows.line(),
        }
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
        refused(&self.file.path, line, what)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Its types would come from one version of the file, its rows from another.
    #[test]
    fn a_file_that_changes_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.csv");
        fs::write(&path, "id\n12\n").unwrap();
        let file = ImportFile::find(&path, FileFormat::Csv).unwrap();
        let mut early = file.pass().unwrap();
        assert!(early.next_row().unwrap().is_some());
        let later = fs::metadata(&path).unwrap().modified().unwrap() + std::time::Duration::from_secs(1);
        fs::write(&path, "id\n07\n").unwrap();
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(later)
            .unwrap();
        let refused = |error: ImportError| error.to_string().contains("changed while it was imported");
        assert!(refused(file.pass().unwrap_err()));
        let end = std::iter::from_fn(|| early.next_row().transpose()).find_map(Result::err);
        assert!(end.is_some_and(refused));
    }
}
