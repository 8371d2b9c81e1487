//! The rows of a file of JSON lines: one object per line. Its columns are the keys found so far. Must not know types.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::ops::Range;

use super::file::{FoundRow, RowProblem};
use super::json_fields::fields;
use super::{MAX_COLUMNS, MAX_ROW_BYTES};
use crate::escape::{quoted, quoted_bytes};
use crate::figures::count;
use crate::table::{FaultKind, RowFault};

#[derive(Debug)]
pub(super) struct JsonRows {
    reader: BufReader<File>,
    /// The bytes of the newest line.
    line: Vec<u8>,
    number: u64,
    bytes: u64,
    names: Vec<String>,
    places: HashMap<String, usize>,
    /// Where the value of each name is in the newest line.
    values: Vec<Option<Range<usize>>>,
}

impl JsonRows {
    /// Opens a file at its start.
    pub(super) fn open(file: File) -> Self {
        Self {
            reader: BufReader::with_capacity(64 * 1024, file),
            line: Vec::new(),
            number: 0,
            bytes: 0,
            names: Vec::new(),
            places: HashMap::new(),
            values: Vec::new(),
        }
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn next_row(&mut self) -> Result<Option<FoundRow>, RowProblem> {
        while self.next_line()? {
            if !self.line.trim_ascii().is_empty() {
                let fault = self.split()?;
                return Ok(Some(FoundRow { fault }));
            }
        }
        Ok(None)
    }

    /// The JSON text of a value of the newest row; `None` if the row doesn't have the key.
    pub(super) fn value(&self, at: usize) -> Option<&str> {
        let place = self.values.get(at)?.clone()?;
        str::from_utf8(self.line.get(place)?).ok()
    }

    /// The line of the newest row, from 1.
    pub(super) const fn line(&self) -> u64 {
        self.number
    }

    /// How many bytes of the file the rows so far take.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    fn next_line(&mut self) -> Result<bool, RowProblem> {
        self.line.clear();
        self.number += 1;
        let mut bounded = self.reader.by_ref().take(MAX_ROW_BYTES + 1);
        let read = bounded.read_until(b'\n', &mut self.line)? as u64;
        if read > MAX_ROW_BYTES {
            return Err(RowProblem::too_long(self.number));
        }
        if self.number == 1 && self.line.starts_with("\u{feff}".as_bytes()) {
            self.line.drain(..3);
        }
        self.bytes += read;
        Ok(read > 0)
    }

    fn split(&mut self) -> Result<Option<RowFault>, RowProblem> {
        self.values.fill(None);
        let fault = |kind, what| {
            let column = None;
            Ok(Some(RowFault { kind, column, what }))
        };
        let Ok(text) = str::from_utf8(&self.line) else {
            let what = format!("{} is not UTF-8", quoted_bytes(self.line.trim_ascii()));
            return fault(FaultKind::Encoding, what);
        };
        let fields = match fields(text.trim_end()) {
            Ok(fields) => fields,
            Err(what) => return fault(FaultKind::Type, what),
        };
        for (key, value) in fields {
            let at = match self.places.get(&key) {
                Some(&at) => at,
                None => self.add(&key)?,
            };
            if self.values[at].replace(value).is_some() {
                self.values.fill(None);
                return fault(FaultKind::Width, format!("key {} is a duplicate", quoted(&key)));
            }
        }
        Ok(None)
    }

    fn add(&mut self, key: &str) -> Result<usize, RowProblem> {
        let at = self.names.len();
        if at == MAX_COLUMNS {
            return Err(RowProblem::Refused {
                line: self.number,
                what: format!("more than {} different keys; import fewer", count(MAX_COLUMNS)),
            });
        }
        self.names.push(key.to_owned());
        self.places.insert(key.to_owned(), at);
        self.values.push(None);
        Ok(at)
    }
}
