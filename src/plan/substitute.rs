//! Puts the values of variables into the strings of a parsed plan file, before anything is read from them. A key with a
//! variable that has no value is removed, so that only the variable is reported.

use std::borrow::Cow;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::variables::{Unresolved, Variables};

/// The tables that define the variables.
const DEFINITIONS: [&str; 2] = ["vars", "environment"];

/// The keys of a stage whose text goes to a program, which may have variables of its own.
const OF_PROGRAMS: [&str; 2] = ["command", "environment"];

/// A string with a variable that has no value.
pub(super) struct UnresolvedString {
    /// Its place in the file, with its quotes.
    pub(super) at: Range<usize>,
    pub(super) unresolved: Unresolved,
}

/// Resolves every string of the file except those that define variables, and in a plan without variables those of
/// programs.
pub(super) fn substitute(document: &mut DeTable<'_>, variables: &Variables) -> Vec<UnresolvedString> {
    let mut found = Vec::new();
    for (key, value) in document.iter_mut() {
        if !DEFINITIONS.contains(&key.get_ref().as_ref()) {
            in_value(value.span(), value.get_mut(), variables, &mut found);
        }
    }
    found
}

fn in_value(
    at: Range<usize>,
    value: &mut DeValue<'_>,
    variables: &Variables,
    found: &mut Vec<UnresolvedString>,
) {
    match value {
        DeValue::String(text) if text.contains('$') => match variables.resolve(text) {
            Ok(resolved) => *text = Cow::Owned(resolved),
            Err(unresolved) => found.push(UnresolvedString { at, unresolved }),
        },
        DeValue::Array(items) => {
            for item in items.iter_mut() {
                in_value(item.span(), item.get_mut(), variables, found);
            }
        }
        DeValue::Table(table) => {
            for (key, value) in table.iter_mut() {
                if variables.any() || !OF_PROGRAMS.contains(&key.get_ref().as_ref()) {
                    in_value(value.span(), value.get_mut(), variables, found);
                }
            }
        }
        _ => {}
    }
}

/// The byte offset of a reference in the text of a file: within this string, or where the string begins.
pub(super) fn offset(text: &str, string: &UnresolvedString) -> usize {
    let (Unresolved::Unknown(name) | Unresolved::Missing(name)) = &string.unresolved;
    let reference = format!("${{{name}}}");
    let within = text.get(string.at.clone()).and_then(|text| text.find(&reference));
    string.at.start + within.unwrap_or(0)
}
