//! Changing single words of a query and leaving every other letter of it as it was written.

use sqlparser::dialect::BigQueryDialect;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Word};

/// The query in its smallest pieces, each with its place.
///
/// # Errors
/// When it cannot be cut into any, in a sentence for the operator.
pub(super) fn tokens(sql: &str) -> Result<Vec<TokenWithSpan>, String> {
    let mut tokens = Vec::new();
    Tokenizer::new(&BigQueryDialect {}, sql)
        .with_unescape(false)
        .tokenize_with_location_into_buf(&mut tokens)
        .map_err(|error| format!("the query cannot be read: {error}"))?;
    Ok(tokens)
}

/// The query with another text for each word that `change` has one for. Texts and comments hold no words.
///
/// # Errors
/// When it cannot be cut into words, in a sentence for the operator.
pub(super) fn changed(sql: &str, change: impl Fn(&Word) -> Option<String>) -> Result<String, String> {
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
