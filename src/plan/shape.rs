//! Reads the text of a plan file into the raw types and reports whatever doesn't have their shape: every syntax error,
//! else every unknown key and every value of a wrong type. It doesn't know what a plan means.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::given::GivenVariables;
use super::mistake::{Mistake, intended_word, line_of};
use super::mistakes::{EntryPlace, PlanMistakes};
use super::raw::RawPlan;
use super::references::unescaped;
use super::substitute::{offset, substitute};
use super::variables::{Unresolved, Variables};

/// A plan file as it is read.
pub(super) struct PlanShape<'t> {
    /// The plan as written, with the values of its variables.
    pub(super) raw: RawPlan,
    pub(super) variables: Variables,
    /// The title with its references, if it can be read.
    pub(super) written_title: Option<String>,
    pub(super) mistakes: PlanMistakes<'t>,
}

/// The plan as written, and the mistakes of its shape. A misspelled key is read as the key that was probably meant; other
/// unknown keys and unreadable values are left out.
///
/// # Errors
/// When nothing of it can be read: returns all syntax errors.
pub(super) fn read<'t>(text: &'t str, given: &GivenVariables) -> Result<PlanShape<'t>, Vec<Mistake>> {
    let (document, unreadable) = DeTable::parse_recoverable(text);
    if !unreadable.is_empty() {
        // Entries next to a syntax error may be misread, so only the syntax errors are reported.
        return Err(unreadable
            .iter()
            .map(|error| Mistake::of_toml(text, error))
            .collect());
    }
    let span = document.span();
    let mut document = document.into_inner();
    let variables = Variables::of(&document, given);
    let written_title = document.get("title").and_then(|title| title.get_ref().as_str());
    let written_title = written_title.map(unescaped);
    let unresolved = substitute(&mut document, &variables);
    let mut mistakes = PlanMistakes::new(text, document);
    for string in unresolved {
        for unresolved in &string.unresolved {
            // A missing value is reported where the variable is declared.
            if !matches!(unresolved, Unresolved::Missing(_)) {
                mistakes.note(Mistake {
                    line: Some(line_of(text, offset(text, &string, unresolved))),
                    problem: variables.problem(unresolved),
                });
            }
        }
        if let Some((place, key)) = remove(mistakes.document(), &string.at) {
            mistakes.skip(place, key);
        }
        if mistakes.is_full() {
            return Err(mistakes.into_sorted());
        }
    }
    let mut renamed: Vec<Range<usize>> = Vec::new();
    loop {
        let document = Spanned::new(span.clone(), mistakes.document().clone());
        let error = match RawPlan::deserialize(Deserializer::from(document)) {
            Ok(raw) => {
                return Ok(PlanShape {
                    raw,
                    variables,
                    written_title,
                    mistakes,
                });
            }
            Err(error) => error,
        };
        let Some(at) = error.span() else {
            mistakes.note(Mistake::of_toml(text, &error));
            return Err(mistakes.into_sorted());
        };
        // A value that doesn't fit the name given to its key says only that another key was meant.
        if !renamed.iter().any(|value| includes(value, &at)) {
            mistakes.note(Mistake::of_toml(text, &error));
        }
        if let Some(value) = rename(mistakes.document(), &at, intended_word(&error)) {
            renamed.push(value);
        } else if let Some((place, key)) = remove(mistakes.document(), &at) {
            mistakes.skip(place, key);
        } else {
            return Err(mistakes.into_sorted());
        }
        if mistakes.is_full() {
            return Err(mistakes.into_sorted());
        }
    }
}

fn includes(whole: &Range<usize>, part: &Range<usize>) -> bool {
    whole.start <= part.start && part.end <= whole.end
}

/// Renames the key at this place, or removes it if there is no other name. Returns the place of its value, if there is
/// a key.
fn rename(table: &mut DeTable<'_>, at: &Range<usize>, name: Option<&str>) -> Option<Range<usize>> {
    let key = table.keys().find(|key| key.span() == *at).cloned();
    let Some(key) = key else {
        return table.iter_mut().find_map(|(_, value)| rename_in(value, at, name));
    };
    let value = table.remove(key.get_ref().as_ref())?;
    let span = value.span();
    if let Some(name) = name
        && !table.contains_key(name)
    {
        table.insert(Spanned::new(at.clone(), Cow::Owned(name.to_owned())), value);
    }
    Some(span)
}

fn rename_in(
    value: &mut Spanned<DeValue<'_>>,
    at: &Range<usize>,
    name: Option<&str>,
) -> Option<Range<usize>> {
    match value.get_mut() {
        DeValue::Table(table) => rename(table, at, name),
        DeValue::Array(items) => items.iter_mut().find_map(|item| rename_in(item, at, name)),
        _ => None,
    }
}

/// Removes the key with the value at this place: a key of an entry, or of the plan.
fn remove(document: &mut DeTable<'_>, at: &Range<usize>) -> Option<(EntryPlace, String)> {
    let key = key_of(document, at)?;
    let entries = document
        .get_mut(key.as_str())
        .and_then(|value| match value.get_mut() {
            DeValue::Array(entries) => Some(entries),
            _ => None,
        });
    for entry in entries.into_iter().flat_map(|entries| entries.iter_mut()) {
        let place = entry.span().start;
        let DeValue::Table(entry) = entry.get_mut() else {
            continue;
        };
        if let Some(key) = key_of(entry, at) {
            entry.remove(key.as_str());
            return Some((Some(place), key));
        }
    }
    document.remove(key.as_str());
    Some((None, key))
}

/// The key whose value contains this place.
fn key_of(table: &DeTable<'_>, at: &Range<usize>) -> Option<String> {
    let (key, _) = table.iter().find(|(_, value)| contains(value, at))?;
    Some(key.get_ref().to_string())
}

/// Whether a value contains a place. The span of a table with a header doesn't include its keys.
fn contains(value: &Spanned<DeValue<'_>>, at: &Range<usize>) -> bool {
    if includes(&value.span(), at) {
        return true;
    }
    match value.get_ref() {
        DeValue::Table(table) => table.values().any(|value| contains(value, at)),
        DeValue::Array(items) => items.iter().any(|item| contains(item, at)),
        _ => false,
    }
}
