//! Tokens of a query, and replacing single ones without changing any other character.

use sqlparser::dialect::BigQueryDialect;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Word};

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

/// The query with each word replaced for which `change` returns a text. Strings and comments contain no words.
///
/// # Errors
/// When it can't be tokenized; returns a message for the operator.
pub fn changed(sql: &str, change: impl Fn(&Word) -> Option<String>) -> Result<String, String> {
    let mut letters = Letters::of(sql);
    // From the end, so that earlier positions stay valid.
    for spanned in tokens(sql)?.iter().rev() {
        let Token::Word(word) = &spanned.token else {
            continue;
        };
        if let Some(text) = change(word) {
            letters.replace(spanned.span.start, spanned.span.end, &text);
        }
    }
    Ok(letters.text())
}

/// The text of a query by line, because token positions are line and column.
pub(super) struct Letters(Vec<String>);

impl Letters {
    pub(super) fn of(sql: &str) -> Self {
        Self(sql.split('\n').map(ToOwned::to_owned).collect())
    }

    /// Replaces everything from `start` up to `end`; earlier positions stay valid.
    pub(super) fn replace(&mut self, start: Location, end: Location, text: &str) {
        let (Some(start), Some(end)) = (self.place(start), self.place(end)) else {
            return;
        };
        let Some(last) = self.0.get(end.0) else { return };
        let rest = last[end.1..].to_owned();
        let Some(first) = self.0.get_mut(start.0) else {
            return;
        };
        first.truncate(start.1);
        first.push_str(text);
        first.push_str(&rest);
        self.0.drain(start.0 + 1..=end.0);
    }

    pub(super) fn text(&self) -> String {
        self.0.join("\n")
    }

    /// Converts a position, with line and column from 1, to a line index and byte offset.
    fn place(&self, at: Location) -> Option<(usize, usize)> {
        let number = usize::try_from(at.line).ok()?.checked_sub(1)?;
        let column = usize::try_from(at.column).ok()?.checked_sub(1)?;
        let line = self.0.get(number)?;
        let byte = line
            .char_indices()
            .nth(column)
            .map_or(line.len(), |(byte, _)| byte);
        Some((number, byte))
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
}
