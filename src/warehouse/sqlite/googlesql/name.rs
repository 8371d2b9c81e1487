//! Names: columns and aliases are quoted, tables become `dataset`.`table` without their project.

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

use super::refusal::SqlRefusal;
use super::wildcard::wildcard;
use super::{SqlWriter, Written};
use crate::table::{sql_name, sqlite_path, sqlite_schema};

/// The parts of a name joined by dots, if all are plain identifiers.
pub(super) fn dotted(name: &ObjectName) -> Option<String> {
    let parts: Option<Vec<&str>> = name
        .0
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(ident) => Some(ident.value.as_str()),
            ObjectNamePart::Function(_) => None,
        })
        .collect();
    parts.map(|parts| parts.join("."))
}

/// The identifier of a one-part name.
pub(super) fn single(name: &ObjectName) -> Option<&Ident> {
    match name.0.as_slice() {
        [ObjectNamePart::Identifier(ident)] => Some(ident),
        _ => None,
    }
}

impl SqlWriter<'_> {
    /// Translates a table name: one defined by WITH, a wildcard, or `project.dataset.table` in one or several pairs of backticks.
    pub(super) fn table(&mut self, name: &ObjectName) -> Written {
        let whole = dotted(name).ok_or_else(|| SqlRefusal::construct(name))?;
        let refused = || SqlRefusal::construct(format_args!("table {whole}"));
        let is_plain = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|letter| letter.is_ascii_alphanumeric() || letter == b'_')
        };
        if let Some((dataset, prefix)) = wildcard(&whole) {
            return self.wildcard_table(dataset, prefix);
        }
        match whole.split('.').collect::<Vec<_>>().as_slice() {
            [name] if self.known.iter().any(|known| known.eq_ignore_ascii_case(name)) => Ok(sql_name(name)),
            [dataset, table] | [_, dataset, table] if is_plain(dataset) && is_plain(table) => {
                self.read.push((sqlite_schema(dataset), (*table).to_owned()));
                Ok(sqlite_path(dataset, table))
            }
            _ => Err(refused()),
        }
    }
}
