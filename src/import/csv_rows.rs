//! The rows of a CSV file, cell by cell as bytes. Must not know types.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};

use super::MAX_ROW_BYTES;
use super::file::{FoundRow, RowProblem};
use super::quotes::QuoteScan;
use crate::escape::decoded;
use crate::figures::counted;
use crate::table::{FaultKind, RowFault};

/// The size of the reader's buffer: it may read this much beyond a row.
const BUFFER: usize = 64 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[derive(Debug)]
pub(super) struct CsvRows {
    reader: Reader<BoundedReader>,
    bound: Arc<AtomicU64>,
    scan: Arc<Mutex<QuoteScan>>,
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
        let scan = Arc::new(Mutex::new(QuoteScan::new()));
        let bounded = BoundedReader {
            file: file.try_clone()?,
            read: 0,
            bound: Arc::clone(&bound),
            scan: Arc::clone(&scan),
        };
        let mut reader = ReaderBuilder::new()
            .flexible(true)
            .has_headers(true)
            .buffer_capacity(BUFFER)
            .from_reader(bounded);
        let header = reader.byte_headers().map_err(|error| problem(error, 1))?;
        let names = header.iter().map(decoded).collect();
        let rows = Self {
            reader,
            bound,
            scan,
            file,
            names,
            record: ByteRecord::new(),
            begins: (0, 1),
        };
        rows.refuse_ambiguous()?;
        Ok(rows)
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
        self.refuse_ambiguous()?;
        let (wanted, found) = (self.names.len(), self.record.len());
        let fault = (wanted != found).then(|| RowFault {
            kind: FaultKind::Width,
            column: None,
            what: format!("{}, expected {wanted}", counted(found, "field")),
        });
        Ok(Some(FoundRow { fault }))
    }

    /// The bytes of a cell of the newest row.
    pub(super) fn cell(&self, at: usize) -> &[u8] {
        self.record.get(at).unwrap_or_default()
    }

    /// How many bytes of the file the rows so far take.
    pub(super) fn bytes(&self) -> u64 {
        self.reader.position().byte()
    }

    /// The line on which the newest row begins, from 1.
    pub(super) fn line(&self) -> u64 {
        let (byte, line) = self.begins;
        // A line end of two bytes ends a row with the first; the reader has not counted its line yet.
        let mut next = [0];
        let is_line_end = matches!(self.file.read_at(&mut next, byte), Ok(1)) && next == *b"\n";
        line + u64::from(is_line_end)
    }

    /// Refuses a file in which rows may have been lost: its quotes are ambiguous up to the newest row, or a line of its
    /// only column is blank, which the reader skips.
    fn refuse_ambiguous(&self) -> Result<(), RowProblem> {
        let end = self.bytes();
        let (stray, blank) = self.scanned(|scan| (scan.stray, scan.blank));
        let refused = |what: &str| {
            let (line, what) = (self.line(), what.to_owned());
            Err(RowProblem::Refused { line, what })
        };
        if stray.is_some_and(|stray| stray < end) {
            return refused("text follows a closing quote; double the quotes inside a value");
        }
        if self.names.len() == 1 && blank.is_some_and(|blank| blank < end) {
            return refused("a blank line precedes this row; write \"\" for NULL, or remove the line");
        }
        Ok(())
    }

    /// A quote that is open at the end of the file: the last row would have taken all rows after it.
    fn refuse_open_quote(&self) -> Result<(), RowProblem> {
        self.refuse_ambiguous()?;
        if self.scanned(QuoteScan::is_open) {
            let what = "a quote is not closed before the end of the file".to_owned();
            return Err(RowProblem::Refused {
                line: self.line(),
                what,
            });
        }
        Ok(())
    }

    fn scanned<T>(&self, of: impl FnOnce(&QuoteScan) -> T) -> T {
        of(&self.scan.lock().unwrap_or_else(PoisonError::into_inner))
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

/// Reads a file up to a bound that moves with the rows.
#[derive(Debug)]
struct BoundedReader {
    file: File,
    read: u64,
    bound: Arc<AtomicU64>,
    scan: Arc<Mutex<QuoteScan>>,
}

impl Read for BoundedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read >= self.bound.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.file.read(buffer)?;
        let mut piece = &buffer[..read];
        if self.read == 0 {
            piece = piece.strip_prefix(BYTE_ORDER_MARK).unwrap_or(piece);
        }
        let mut scan = self.scan.lock().unwrap_or_else(PoisonError::into_inner);
        scan.skip((read - piece.len()) as u64);
        scan.follow(piece);
        self.read += read as u64;
        Ok(read)
    }
}
