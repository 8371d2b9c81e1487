//! Reads one CSV file: checks the header against the known columns, then reads row by row.

use std::path::Path;

use csv::{ErrorKind, Position, Reader, StringRecord};

use super::cells::Cells;
use super::findings::ImportFindings;
use crate::feeds::league::Stat;
use crate::plan::near_miss;

pub(super) struct FileColumns {
    pub(super) indispensable: &'static [&'static str],
    /// Optional columns; their values are unknown if missing. Some are accepted but not read.
    pub(super) optional: &'static [&'static str],
    /// Whether the counts of a box score are optional columns too.
    pub(super) counts: bool,
}

/// Passes every row of the file to `take`, and collects rows that can't be parsed or that `take` rejects.
pub(super) fn each_row(
    path: &Path,
    columns: &FileColumns,
    found: &mut ImportFindings,
    mut take: impl FnMut(&Cells<'_>, &mut ImportFindings) -> Result<(), String>,
) {
    let header = Reader::from_path(path).and_then(|mut reader| Ok((reader.headers()?.clone(), reader)));
    let (header, mut reader) = match header {
        Ok(opened) => opened,
        Err(error) => return found.reject(path, None, format!("cannot be read: {error}")),
    };
    if let Err(reason) = columns.check(&header) {
        return found.reject(path, Some(1), reason);
    }
    let mut record = StringRecord::new();
    loop {
        let line = reader.position().line();
        let taken = match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {
                let line = record.position().map_or(line, Position::line);
                let (header, record) = (&header, &record);
                take(&Cells { header, record, line }, found).map_err(|reason| (line, reason))
            }
            Err(error) => {
                let line = error.position().map_or(line, Position::line);
                match row_fault(&error) {
                    Some(reason) => Err((line, reason)),
                    None => return found.reject(path, Some(line), format!("cannot be read: {error}")),
                }
            }
        };
        if let Err((line, reason)) = taken {
            found.reject(path, Some(line), reason);
        }
    }
    if reader.position().record() <= 1 {
        found.reject(path, None, "has no rows");
    }
}

/// What is wrong with one row; `None` if the rows after it can't be read either.
fn row_fault(error: &csv::Error) -> Option<String> {
    match error.kind() {
        ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => Some(format!("has {len} fields, expected {expected_len}")),
        ErrorKind::Utf8 { .. } => Some("is not UTF-8 text".to_owned()),
        _ => None,
    }
}

impl FileColumns {
    fn known(&self) -> impl Iterator<Item = &'static str> {
        let counts = Stat::COLUMNS.into_iter().filter(|_| self.counts);
        let named = self.indispensable.iter().chain(self.optional).copied();
        named.chain(counts.map(|(_, column)| column))
    }

    fn check(&self, header: &StringRecord) -> Result<(), String> {
        for (at, name) in header.iter().enumerate() {
            if self.known().all(|known| known != name) {
                let hint = near_miss(name, self.known()).map(|near| format!("; did you mean {near}?"));
                return Err(format!("unknown column {name:?}{}", hint.unwrap_or_default()));
            }
            if header.iter().take(at).any(|before| before == name) {
                return Err(format!("column {name} is duplicated"));
            }
        }
        let mut required = self.indispensable.iter();
        match required.find(|&&name| header.iter().all(|held| held != name)) {
            Some(missing) => Err(format!("required column {missing} is missing")),
            None => Ok(()),
        }
    }
}
