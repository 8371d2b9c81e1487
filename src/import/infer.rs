//! The columns of a new table, from all values of a file. Rows that can't be read are left out here: they are rejected
//! when the file is checked.

use std::borrow::Cow;

use super::cell::FileCell;
use super::types::{FittingTypes, of_json, of_text};
use super::{ImportError, ImportFile, Pass};
use crate::table::{Column, ColumnType, refuse_column_name};

/// What the values of a column have in common.
#[derive(Debug, Clone, Copy)]
struct Common {
    types: FittingTypes,
    has_values: bool,
    is_nested: bool,
}

impl Common {
    const START: Self = Self {
        types: FittingTypes::ALL,
        has_values: false,
        is_nested: false,
    };

    fn add(&mut self, cell: FileCell<'_>) {
        let types = match cell {
            FileCell::Absent | FileCell::Text(b"") | FileCell::Json("null") => return,
            FileCell::Text(bytes) => match str::from_utf8(bytes) {
                Ok(text) => of_text(text),
                Err(_) => return,
            },
            FileCell::Json(json) => {
                self.is_nested |= json.starts_with(['{', '[']);
                of_json(json)
            }
        };
        self.types = self.types.and(types);
        self.has_values = true;
    }

    fn kind(self) -> ColumnType {
        let otherwise = if self.is_nested {
            ColumnType::Json
        } else {
            ColumnType::String
        };
        self.types
            .first()
            .filter(|_| self.has_values)
            .unwrap_or(otherwise)
    }
}

/// The columns of the file, in its order: those of `given` with their type, the others with the first type that fits
/// all their values, of BOOL, INT64, FLOAT64, DATE, TIMESTAMP and arrays; else STRING, or JSON if values are nested. All
/// allow NULL. `progress` is called with the rows and bytes read so far, for each row.
///
/// # Errors
/// If the file can't be read, a name can't be a column's, two names differ only in letter case, or a given column is not
/// in the file.
pub fn inferred(
    file: &ImportFile,
    given: &[Column],
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Vec<Column>, ImportError> {
    let mut pass = file.pass()?;
    let mut common: Vec<Common> = Vec::new();
    let mut rows = 0;
    while let Some(row) = pass.next_row()? {
        rows += 1;
        progress(rows, pass.bytes());
        common.resize(pass.names().len(), Common::START);
        if row.fault.is_none() {
            for (at, common) in common.iter_mut().enumerate() {
                common.add(pass.cell(at));
            }
        }
    }
    common.resize(pass.names().len(), Common::START);
    refuse_names(&pass, given)?;
    let columns = pass.names().iter().zip(common).map(|(name, common)| {
        let given = given.iter().find(|given| given.name == *name);
        given.cloned().unwrap_or_else(|| Column {
            name: Cow::Owned(name.clone()),
            kind: common.kind(),
            nullable: true,
            stamp: None,
            doc: Cow::Borrowed(""),
            part: None,
        })
    });
    Ok(columns.collect())
}

fn refuse_names(pass: &Pass, given: &[Column]) -> Result<(), ImportError> {
    let names = pass.names();
    let line = pass.has_header().then_some(1);
    for (at, name) in names.iter().enumerate() {
        refuse_column_name(name).map_err(|what| pass.refused(line, format!("column name {what}")))?;
        if let Some(other) = names[..at].iter().find(|other| other.eq_ignore_ascii_case(name)) {
            let what = if other == name {
                format!("column '{name}' is a duplicate; rename one")
            } else {
                format!("columns '{other}' and '{name}' differ only in letter case; rename one")
            };
            return Err(pass.refused(line, what));
        }
    }
    match given
        .iter()
        .find(|given| !names.iter().any(|name| given.name == *name))
    {
        Some(missing) => {
            let what = format!("no column '{}', which --column declares", missing.name);
            Err(pass.refused(None, what))
        }
        None => Ok(()),
    }
}
