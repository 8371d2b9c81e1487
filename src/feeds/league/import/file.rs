//! Reads one CSV file: checks the header against the known columns, then reads row by row.

use std::path::Path;

use csv::{Reader, StringRecord};

use super::cells::Cells;
use super::findings::Findings;

/// The columns of a file.
pub(super) struct Columns {
    /// Required columns.
    pub(super) indispensable: &'static [&'static str],
    /// Optional columns; their values are unknown if missing. Some are accepted but not read.
    pub(super) optional: &'static [&'static str],
}

/// Passes every row of the file to `take`, and collects rows that can't be parsed or that `take` rejects.
pub(super) fn each(
    path: &Path,
    columns: &Columns,
    found: &mut Findings,
    mut take: impl FnMut(&Cells<'_>, &mut Findings) -> Result<(), String>,
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
        match reader.read_record(&mut record) {
            Ok(false) if reader.position().record() <= 1 => return found.reject(path, None, "has no rows"),
            Ok(false) => return,
            Ok(true) => {
                let line = record.position().map_or(line, csv::Position::line);
                if let Err(reason) = take(
                    &Cells {
                        header: &header,
                        record: &record,
                        line,
                    },
                    found,
                ) {
                    found.reject(path, Some(line), reason);
                }
            }
            Err(error) => match error.kind() {
                csv::ErrorKind::UnequalLengths {
                    pos,
                    expected_len,
                    len,
                } => {
                    let line = pos.as_ref().map_or(line, csv::Position::line);
                    found.reject(
                        path,
                        Some(line),
                        format!("has {len} fields, expected {expected_len}"),
                    );
                }
                csv::ErrorKind::Utf8 { pos, .. } => {
                    let line = pos.as_ref().map_or(line, csv::Position::line);
                    found.reject(path, Some(line), "is not UTF-8 text");
                }
                _ => return found.reject(path, Some(line), format!("cannot be read: {error}")),
            },
        }
    }
}

impl Columns {
    fn check(&self, header: &StringRecord) -> Result<(), String> {
        let known = || self.indispensable.iter().chain(self.optional);
        for (at, name) in header.iter().enumerate() {
            if !known().any(|known| *known == name) {
                let near = known().map(|known| (strsim::jaro_winkler(name, known), known));
                let near = near
                    .filter(|(likeness, _)| *likeness > 0.75)
                    .max_by(|a, b| a.0.total_cmp(&b.0));
                let hint = near
                    .map(|(_, known)| format!("; did you mean {known}?"))
                    .unwrap_or_default();
                return Err(format!("unknown column {name:?}{hint}"));
            }
            if header.iter().take(at).any(|before| before == name) {
                return Err(format!("column {name} is duplicated"));
            }
        }
        match self
            .indispensable
            .iter()
            .find(|&&name| header.iter().all(|held| held != name))
        {
            Some(missing) => Err(format!("required column {missing} is missing")),
            None => Ok(()),
        }
    }
}
