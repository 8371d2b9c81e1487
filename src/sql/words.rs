//! The words of a query, and changing single ones while every other letter stays as it was written.

use sqlparser::dialect::BigQueryDialect;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Word};

/// The query in its smallest pieces, each with its place.
///
/// # Errors
/// When it cannot be cut into any, in a sentence for the operator.
pub fn tokens(sql: &str) -> Result<Vec<TokenWithSpan>, String> {
    let mut tokens = Vec::new();
    Tokenizer::new(&BigQueryDialect {}, sql)
        .with_unescape(false)
        .tokenize_with_location_into_buf(&mut tokens)
        .map_err(|error| format!("the query cannot be read: {error}"))?;
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
    let mut lines: Vec<String> = sql.split('\n').map(ToOwned::to_owned).collect();
    // From the end, so that the places of the words before stay what they are.
    for spanned in tokens(sql)?.iter().rev() {
        let Token::Word(word) = &spanned.token else {
            continue;
        };
        let Some(text) = change(word) else { continue };
        // Lines and columns count from 1.
        let place = (
            usize::try_from(spanned.span.start.line),
            usize::try_from(spanned.span.start.column),
        );
        let (Ok(line), Ok(column)) = place else { continue };
        if let Some(line) = lines.get_mut(line - 1) {
            let letters = word.value.chars().count() + if word.quote_style.is_some() { 2 } else { 0 };
            let at = |letter: usize| line.char_indices().nth(letter).map_or(line.len(), |(at, _)| at);
            let range = at(column - 1)..at(column - 1 + letters);
            line.replace_range(range, &text);
        }
    }
    Ok(lines.join("\n"))
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
