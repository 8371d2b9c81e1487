//! Tokens of a query, and replacing single ones without changing any other character.

use sqlparser::dialect::BigQueryDialect;
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer, Word};

/// Splits a query into tokens with their positions.
///
/// # Errors
/// When it can't be tokenized; returns a message for the operator.
pub fn tokens(sql: &str) -> Result<Vec<TokenWithSpan>, String> {
    let mut tokens = Vec::new();
    Tokenizer::new(&BigQueryDialect {}, sql)
        .with_unescape(false)
        .tokenize_with_location_into_buf(&mut tokens)
        .map_err(|error| format!("cannot parse the query: {error}"))?;
    Ok(tokens)
}

/// The parameters of a query, in lower case and without `@`.
///
/// # Errors
/// When it can't be tokenized; returns a message for the operator.
pub fn parameters(sql: &str) -> Result<Vec<String>, String> {
    let parameter = |token: TokenWithSpan| match token.token {
        Token::Word(word) if word.quote_style.is_none() => {
            word.value.strip_prefix('@').map(str::to_ascii_lowercase)
        }
        _ => None,
    };
    Ok(tokens(sql)?.into_iter().filter_map(parameter).collect())
}

/// The query with each word replaced for which `change` returns a text; it gets them in order. Strings and comments contain
/// no words.
///
/// # Errors
/// When it can't be tokenized; returns a message for the operator.
pub fn changed(sql: &str, mut change: impl FnMut(&Word) -> Option<String>) -> Result<String, String> {
    let replaced = tokens(sql)?
        .into_iter()
        .filter_map(|spanned| match &spanned.token {
            Token::Word(word) => Some((spanned.span, change(word)?)),
            _ => None,
        });
    Ok(with_replaced(sql, replaced))
}

/// The query with these parts replaced, which are in order and don't overlap. Takes one pass: a query may have very many
/// parts in one line.
pub(super) fn with_replaced(sql: &str, parts: impl Iterator<Item = (Span, String)>) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut position = Position {
        at: Location { line: 1, column: 1 },
        rest: sql,
    };
    for (span, new) in parts {
        text.push_str(position.skip_to(span.start));
        text.push_str(&new);
        position.skip_to(span.end);
    }
    text.push_str(position.rest);
    text
}

/// The bytes of a query before a position of its tokens.
pub(super) fn offset(sql: &str, at: Location) -> usize {
    let mut position = Position {
        at: Location { line: 1, column: 1 },
        rest: sql,
    };
    position.skip_to(at).len()
}

/// A position in a query, as the line and column that tokens have.
struct Position<'a> {
    at: Location,
    /// The query from there on.
    rest: &'a str,
}

impl<'a> Position<'a> {
    /// Moves on; returns the text in between.
    fn skip_to(&mut self, to: Location) -> &'a str {
        let mut length = 0;
        for letter in self.rest.chars() {
            if self.at >= to {
                break;
            }
            length += letter.len_utf8();
            self.at = match letter {
                '\n' => Location {
                    line: self.at.line + 1,
                    column: 1,
                },
                _ => Location {
                    column: self.at.column + 1,
                    ..self.at
                },
            };
        }
        let (skipped, rest) = self.rest.split_at(length);
        self.rest = rest;
        skipped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_in_strings_and_comments_are_ignored() {
        let sql = "SELECT '@a', \"it's @b\", '''x'y @c''', 'o\\'@d', r'\\' -- @e\n# @f\n/* @g */ FROM `p.@h` WHERE x = @Date";
        assert_eq!(parameters(sql).unwrap(), ["date"]);
    }

    #[test]
    fn words_are_replaced_on_every_line_and_beside_wide_letters() {
        let sql = "SELECT 'é', a, -- a\n\n  `a`, b\n, 'x\ny' || a";
        let change = |word: &Word| (word.value == "a").then(|| "long".to_owned());
        let expected = "SELECT 'é', long, -- a\n\n  long, b\n, 'x\ny' || long";
        assert_eq!(changed(sql, change).unwrap(), expected);
    }
}
