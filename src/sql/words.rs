//! The words of a query, and changing single ones while every other letter stays as it was written.

use sqlparser::dialect::BigQueryDialect;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Word};

/// The query in its smallest pieces, each with its place.
///
/// # Errors
/// When it cannot be cut into any, in a sentence for the operator.
pub fn tokens(sql: &str) -> Result<Vec<TokenWithSpan>, String> {
    let mut tokens = Vec::new();
    Tokenizer::new(&BigQueryDialect {}, sql)
        .with_unescape(false)
        .tokenize_with_location_into_buf(&mut tokens)
        .map_err(|error| format!("cannot parse the query: {error}"))?;
    Ok(tokens)
}

/// The parameters that stand in a query, lower case, without their `@`.
///
/// # Errors
/// When it cannot be cut into words, in a sentence for the operator.
pub fn parameters(sql: &str) -> Result<Vec<String>, String> {
    let parameter = |token: TokenWithSpan| match token.token {
        Token::Word(word) if word.quote_style.is_none() => {
            word.value.strip_prefix('@').map(str::to_ascii_lowercase)
        }
        _ => None,
    };
    Ok(tokens(sql)?.into_iter().filter_map(parameter).collect())
}

/// The query with another text for each word that `change` has one for. Texts and comments hold no words.
///
/// # Errors
/// When it cannot be cut into words, in a sentence for the operator.
pub fn changed(sql: &str, change: impl Fn(&Word) -> Option<String>) -> Result<String, String> {
    let mut letters = Letters::of(sql);
    // From the end, so that the places of the words before stay what they are.
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

/// The letters of a query by line and column, which is how the places of its words are told.
pub(super) struct Letters(Vec<String>);

impl Letters {
    pub(super) fn of(sql: &str) -> Self {
        Self(sql.split('\n').map(ToOwned::to_owned).collect())
    }

    /// Puts a text in the place of all letters from `start` until before `end`; every place before them stays what it is.
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

    /// The line and the byte in it of a place; lines and columns count from 1.
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
    fn what_stands_in_a_text_or_a_comment_is_no_parameter() {
        let sql = "SELECT '@a', \"it's @b\", '''x'y @c''', 'o\\'@d', r'\\' -- @e\n# @f\n/* @g */ FROM `p.@h` WHERE x = @Date";
        assert_eq!(parameters(sql).unwrap(), ["date"]);
    }
}
