//! Puts the values of variables into the strings of a parsed plan file, before anything is read from them. A key with a
//! variable that has no value is removed, so that only the variable is reported.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::references::{TextPart, parts};
use super::variables::{TextForm, Unresolved, Variables};

/// The tables that define the variables.
const DEFINITIONS: [&str; 2] = ["vars", "environment"];

/// The keys of a stage whose text goes to a program, which may have variables of its own.
const OF_PROGRAMS: [&str; 2] = ["command", "environment"];

/// The keys of an entry whose tables have keys of the author's choice.
const WITH_OWN_KEYS: [&str; 3] = ["environment", "where", "slice"];

/// The keys with a query, in the plan and its entries.
const QUERIES: [&str; 3] = ["sql", "expect_rows", "active"];

/// A string with references that can't be replaced.
pub(super) struct UnresolvedString {
    /// Its place in the file, with its quotes.
    pub(super) at: Range<usize>,
    pub(super) unresolved: Vec<Unresolved>,
}

/// Resolves every string of the file except those that define variables, and in a plan without variables queries and
/// the words of programs.
pub(super) fn substitute(document: &mut DeTable<'_>, variables: &Variables) -> Vec<UnresolvedString> {
    let mut found = Vec::new();
    for (key, value) in document.iter_mut() {
        let key = key.get_ref().as_ref();
        if key == "name" {
            found.extend(in_plan_name(value));
        } else if !DEFINITIONS.contains(&key) {
            in_key(key, value, variables, &mut found);
        }
    }
    found
}

/// The variables in the name of the plan, which has to be known before its variables are.
fn in_plan_name(value: &Spanned<DeValue<'_>>) -> Option<UnresolvedString> {
    let reference = |part: &TextPart<'_>| match part {
        TextPart::Reference(name) => Some(Unresolved::InPlanName((*name).to_owned())),
        TextPart::Text(_) => None,
    };
    let unresolved: Vec<_> = (parts(value.get_ref().as_str()?).iter())
        .filter_map(reference)
        .collect();
    let at = value.span();
    (!unresolved.is_empty()).then_some(UnresolvedString { at, unresolved })
}

fn in_key(
    key: &str,
    value: &mut Spanned<DeValue<'_>>,
    variables: &Variables,
    found: &mut Vec<UnresolvedString>,
) {
    let is_query = QUERIES.contains(&key);
    if !variables.any() && (is_query || OF_PROGRAMS.contains(&key)) {
        return;
    }
    let form = if is_query { TextForm::Sql } else { TextForm::Any };
    let at = value.span();
    match value.get_mut() {
        // A key named sql in there is not a query.
        DeValue::Table(table) if WITH_OWN_KEYS.contains(&key) => {
            for (_, value) in table.iter_mut() {
                in_value(value.span(), value.get_mut(), TextForm::Any, variables, found);
            }
        }
        value => in_value(at, value, form, variables, found),
    }
}

fn in_value(
    at: Range<usize>,
    value: &mut DeValue<'_>,
    form: TextForm,
    variables: &Variables,
    found: &mut Vec<UnresolvedString>,
) {
    match value {
        DeValue::String(text) if text.contains('$') => match variables.resolve(text, form) {
            Ok(resolved) => *text = Cow::Owned(resolved),
            Err(unresolved) => found.push(UnresolvedString { at, unresolved }),
        },
        DeValue::Array(items) => {
            for item in items.iter_mut() {
                in_value(item.span(), item.get_mut(), form, variables, found);
            }
        }
        DeValue::Table(table) => {
            for (key, value) in table.iter_mut() {
                in_key(key.get_ref(), value, variables, found);
            }
        }
        _ => {}
    }
}

/// The byte offset of a reference in the text of a file: within this string, or where the string begins.
pub(super) fn offset(text: &str, string: &UnresolvedString, unresolved: &Unresolved) -> usize {
    let reference = format!("${{{}}}", unresolved.name());
    let within = text.get(string.at.clone()).and_then(|text| text.find(&reference));
    string.at.start + within.unwrap_or(0)
}
