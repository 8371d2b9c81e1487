//! `LIKE` and regular expressions. A constant pattern is compiled once per statement. `GoogleSQL` uses RE2, which
//! differs from the regex crate in two ways that are rewritten: `\d`, `\w`, `\s` and `\b` are ASCII only, and classes
//! have no nesting or set operators.

use std::sync::Arc;

use regex::Regex;
use rusqlite::functions::Context;
use rusqlite::{Connection, Result};

use super::{any_null, refuse, scalar, text};

pub(super) fn register(connection: &Connection) -> Result<()> {
    scalar(connection, "gsql_regexp_contains", 2, contains)?;
    scalar(connection, "gsql_regexp_extract", 2, extract)?;
    scalar(connection, "gsql_like", 2, like)
}

fn contains(context: &Context<'_>) -> Result<Option<bool>> {
    if any_null(context) {
        return Ok(None);
    }
    Ok(Some(compiled(context, re2)?.is_match(text(context, 0)?)))
}

/// The first match, or its capture group if there is one.
fn extract(context: &Context<'_>) -> Result<Option<String>> {
    if any_null(context) {
        return Ok(None);
    }
    let pattern = compiled(context, re2)?;
    if pattern.captures_len() > 2 {
        return Err(refuse("REGEXP_EXTRACT takes a pattern with at most one group"));
    }
    let found = pattern.captures(text(context, 0)?).and_then(|groups| {
        groups
            .get(groups.len() - 1)
            .map(|group| group.as_str().to_owned())
    });
    Ok(found)
}

fn like(context: &Context<'_>) -> Result<Option<bool>> {
    if any_null(context) {
        return Ok(None);
    }
    Ok(Some(compiled(context, wildcards)?.is_match(text(context, 0)?)))
}

/// The pattern in the second argument, compiled once while it is the same constant.
fn compiled(
    context: &Context<'_>,
    rewrite: fn(&str) -> std::result::Result<String, String>,
) -> Result<Arc<Regex>> {
    if let Some(known) = context.get_aux::<Regex>(1)? {
        return Ok(known);
    }
    let written = text(context, 1)?;
    let pattern = rewrite(written)
        .and_then(|pattern| Regex::new(&pattern).map_err(|error| error.to_string()))
        .map_err(|error| refuse(format!("invalid pattern {written:?}: {error}")))?;
    context.set_aux(1, pattern)
}

/// Rewrites an RE2 pattern for the regex crate.
fn re2(written: &str) -> std::result::Result<String, String> {
    let mut pattern = String::with_capacity(written.len() + 16);
    let mut letters = written.chars().peekable();
    let mut in_class = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                let escaped = letters.next().ok_or("it ends in a backslash")?;
                push_escape(&mut pattern, escaped, in_class)?;
            }
            '[' if !in_class => {
                in_class = true;
                pattern.push('[');
                pattern.extend(letters.next_if_eq(&'^'));
                // A closing bracket in first position is literal.
                if letters.next_if_eq(&']').is_some() {
                    pattern.push_str(r"\]");
                }
            }
            '[' if letters.peek() == Some(&':') => {
                pattern.push('[');
                for inner in letters.by_ref() {
                    pattern.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            '[' | '&' | '~' if in_class => pattern.extend(['\\', letter]),
            ']' if in_class => {
                in_class = false;
                pattern.push(']');
            }
            other => pattern.push(other),
        }
    }
    Ok(pattern)
}

fn push_escape(pattern: &mut String, escaped: char, in_class: bool) -> std::result::Result<(), String> {
    match escaped {
        'd' => pattern.push_str("[0-9]"),
        'D' => pattern.push_str("[^0-9]"),
        'w' => pattern.push_str("[0-9A-Za-z_]"),
        'W' => pattern.push_str("[^0-9A-Za-z_]"),
        's' => pattern.push_str(r"[\t\n\f\r ]"),
        'S' => pattern.push_str(r"[^\t\n\f\r ]"),
        'b' if !in_class => pattern.push_str(r"(?-u:\b)"),
        'B' | 'C' | 'Q' | 'p' | 'P' => return Err(format!("\\{escaped} is not supported")),
        other => pattern.extend(['\\', other]),
    }
    Ok(())
}

/// Converts a `LIKE` pattern to a regular expression: `%` matches any text, `_` any character, `\` escapes the next
/// one.
fn wildcards(written: &str) -> std::result::Result<String, String> {
    let mut pattern = String::from("(?s)^");
    let mut letters = written.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '%' => pattern.push_str(".*"),
            '_' => pattern.push('.'),
            '\\' => {
                let literal = letters.next().ok_or("it ends in a backslash")?;
                pattern.push_str(&regex::escape(literal.encode_utf8(&mut [0; 4])));
            }
            other => pattern.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    pattern.push('$');
    Ok(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn re2_patterns_match_as_in_bigquery() {
        for (written, text, matches) in [
            (r"^\d{8}_[A-Z]{2,3}_[A-Z]{2,3}$", "20231216_CHI_MIA", true),
            (r"^\d{8}_[A-Z]{2,3}_[A-Z]{2,3}$", "18447218", false),
            (r"^\d$", "٣", false),
            (r"^[\d_]+$", "12_3", true),
            (r"^\w$", "é", false),
            (r"\bcat\b", "a cat.", true),
            (r"^[[]$", "[", true),
            (r"^[]a]$", "]", true),
            (r"^[^]a]$", "b", true),
            (r"^[a&&b]+$", "a&b", true),
            (r"^[[:alpha:]]+$", "abc", true),
        ] {
            let pattern = Regex::new(&re2(written).unwrap()).unwrap();
            assert_eq!(pattern.is_match(text), matches, "{written} on {text}");
        }
        assert_eq!(re2(r"\pL").unwrap_err(), r"\p is not supported");
    }
}
