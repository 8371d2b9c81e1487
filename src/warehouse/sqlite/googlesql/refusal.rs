//! Errors for constructs that can't be translated. The message names the construct.

use sqlparser::dialect::BigQueryDialect;
use sqlparser::parser::ParserError;
use sqlparser::tokenizer::{Token, Tokenizer};

use crate::warehouse::{ErrorClass, WarehouseError};

/// A construct without a rule, as an error message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SqlRefusal(String);

impl SqlRefusal {
    /// A construct, by its name or a part of its text.
    pub(super) fn construct(name: impl std::fmt::Display) -> Self {
        const MAX_CHARACTERS: usize = 80;
        let name = name.to_string();
        let short: String = name.chars().take(MAX_CHARACTERS).collect();
        let cut = if short.len() < name.len() { "…" } else { "" };
        Self(format!(
            "the embedded warehouse does not support {short}{cut}; rewrite it, or run this query on BigQuery"
        ))
    }

    /// A function, by its name.
    pub(super) fn function(name: &str) -> Self {
        Self::construct(format_args!("{name}(…)"))
    }

    /// A statement that isn't a query.
    pub(super) fn other(what: &str) -> Self {
        Self(format!("a query can't be {what}; write a SELECT"))
    }

    /// A variable with the name of a column.
    pub(super) fn hidden(name: &str, of: &str) -> Self {
        Self(format!(
            "the variable '{name}' has the name of a column of {of}; give it another name"
        ))
    }

    /// Tables of a wildcard whose columns have different types.
    pub(super) fn other_types(one: &str, newest: &str, column: &str, types: [&str; 2]) -> Self {
        let [held, wanted] = types;
        Self(format!(
            "a wildcard reads {one} and {newest}, which have '{column}' as {held} and {wanted}; make them the same type"
        ))
    }

    /// A literal with another meaning in `SQLite`, and how to write it.
    pub(super) fn literal(text: &str, instead: &str) -> Self {
        Self(format!(
            "the embedded warehouse compares '{text}' as text; write {instead}"
        ))
    }
}

impl From<SqlRefusal> for WarehouseError {
    fn from(refusal: SqlRefusal) -> Self {
        Self::new(ErrorClass::Code, refusal.0)
    }
}

/// The error for a query that can't be parsed. A function with its own syntax, such as `ML.PREDICT(MODEL …)`, is named;
/// otherwise it is the parser's message.
pub(super) fn unread(sql: &str, error: &ParserError) -> WarehouseError {
    let tokens = Tokenizer::new(&BigQueryDialect, sql)
        .tokenize()
        .unwrap_or_default();
    let foreign = called(&tokens).into_iter().find(|name| name.contains('.'));
    foreign.map_or_else(
        || {
            let message = error.to_string();
            let message = message.strip_prefix("sql parser error: ").unwrap_or(&message);
            WarehouseError::new(ErrorClass::Code, format!("cannot parse the query: {message}"))
        },
        |name| SqlRefusal::function(&name).into(),
    )
}

/// The functions called in the text: identifiers joined by dots before a parenthesis.
pub(super) fn called(tokens: &[Token]) -> Vec<String> {
    let mut names = Vec::new();
    let mut name = String::new();
    for token in tokens {
        match token {
            Token::Word(word) if name.is_empty() || name.ends_with('.') => name.push_str(&word.value),
            Token::Word(word) => name.clone_from(&word.value),
            Token::Period if !name.is_empty() => name.push('.'),
            Token::LParen if !name.is_empty() => names.push(std::mem::take(&mut name)),
            _ => name.clear(),
        }
    }
    names
}
