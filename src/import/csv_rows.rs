//! The rows of a CSV file, cell by cell as bytes. Must not know types.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};

use super::MAX_ROW_BYTES;
use super::file::{FoundRow, RowProblem};
use crate::escape::decoded;
use crate::figures::counted;
use crate::table::{FaultKind, RowFault};

/// The size of the reader's buffer: it may read this much beyond a row.
const BUFFER: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct CsvRows {
    reader: Reader<BoundedReader>,
    bound: Arc<AtomicU64>,
    file: File,
    names: Vec<String>,
    record: ByteRecord,
    /// Where the newest row begins: its byte, and its line from 1.
    begins: (u64, u64),
}

impl CsvRows {
    /// Opens a file at its start. Names that are not UTF-8 have their bytes escaped, which makes them invalid.
    pub(super) fn open(file: File) -> Result<Self, RowProblem> {
        let bound = Arc::new(AtomicU64::new(MAX_ROW_BYTES + BUFFER as u64));
        let bounded = BoundedReader {
            file: file.try_clone()?,
            read: 0,
            bound: Arc::clone(&bound),
        };
        let mut reader = ReaderBuilder::new()
            .flexible(true)
            .has_headers(true)
            .buffer_capacity(BUFFER)
            .from_reader(bounded);
        let header = reader.byte_headers().map_err(|error| problem(error, 1))?;
        let names = header.iter().map(decoded).collect();
        Ok(Self {
            reader,
            bound,
            file,
            names,
            record: ByteRecord::new(),
            begins: (0, 1),
        })
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn next_row(&mut self) -> Result<Option<FoundRow>, RowProblem> {
        let at = self.reader.position();
        let line = at.line();
        self.bound
            .store(at.byte() + MAX_ROW_BYTES + BUFFER as u64, Ordering::Relaxed);
        let is_row = self
            .reader
            .read_byte_record(&mut self.record)
            .map_err(|error| problem(error, line))?;
        if !is_row {
            return self.refuse_open_quote().map(|()| None);
        }
        let position = self.record.position();
        let line = position.map_or(line, csv::Position::line);
        self.begins = (position.map_or(0, csv::Position::byte), line);
        let (wanted, found) = (self.names.len(), self.record.len());
        let fault = (wanted != found).then(|| RowFault {
            kind: FaultKind::Width,
            column: None,
            what: format!("{}, expected {wanted}", counted(found, "field")),
        });
        Ok(Some(FoundRow { line, fault }))
    }

    /// The bytes of a cell of the newest row.
    pub(super) fn cell(&self, at: usize) -> &[u8] {
        self.record.get(at).unwrap_or_default()
    }

    /// How many bytes of the file the rows so far take.
    pub(super) fn bytes(&self) -> u64 {
        self.reader.position().byte()
    }

    /// A quote that is open at the end of the file: the last row would have taken all rows after it.
    fn refuse_open_quote(&self) -> Result<(), RowProblem> {
        let (start, line) = self.begins;
        let length = usize::try_from(self.bytes().saturating_sub(start)).unwrap_or(0);
        let mut last = vec![0; length];
        self.file.read_exact_at(&mut last, start)?;
        if ends_inside_quotes(&last) {
            let what = "a quote is not closed before the end of the file".to_owned();
            return Err(RowProblem::Refused { line, what });
        }
        Ok(())
    }
}

fn problem(error: csv::Error, line: u64) -> RowProblem {
    match error.into_kind() {
        ErrorKind::Io(cause) if cause.kind() == io::ErrorKind::FileTooLarge => RowProblem::too_long(line),
        ErrorKind::Io(cause) => RowProblem::Unreadable(cause),
        // Rows are read as bytes and may have any number of fields.
        other => RowProblem::Unreadable(io::Error::other(format!("{other:?}"))),
    }
}

/// Whether a row is incomplete because a quoted field is still open.
fn ends_inside_quotes(row: &[u8]) -> bool {
    #[derive(Clone, Copy, PartialEq)]
    enum At {
        FieldStart,
        Bare,
        Quoted,
        QuoteInQuoted,
    }
    let after = row.iter().fold(At::FieldStart, |at, byte| match (at, byte) {
        (At::Quoted, b'"') => At::QuoteInQuoted,
        (At::FieldStart | At::QuoteInQuoted, b'"') | (At::Quoted, _) => At::Quoted,
        (_, b',' | b'\n' | b'\r') => At::FieldStart,
        _ => At::Bare,
    });
    after == At::Quoted
}

/// Reads a file up to a bound that moves with the rows.
#[derive(Debug)]
struct BoundedReader {
    file: File,
    read: u64,
    bound: Arc<AtomicU64>,
}

impl Read for BoundedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read >= self.bound.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.file.read(buffer)?;
        self.read += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a,b\n", false)]
    #[case("a,\"b\"", false)]
    #[case("a,\"b\"\"", true)]
    #[case("a,\"b\"\"\"", false)]
    #[case("a,\"b\n1,2\n", true)]
    #[case("a,5\" pipe\n", false)]
    #[case("\"\n\n", true)]
    #[case("\"a\"b,c", false)]
    #[case("", false)]
    fn an_open_quote_is_found(#[case] row: &str, #[case] is_open: bool) {
        assert_eq!(ends_inside_quotes(row.as_bytes()), is_open);
    }
}
