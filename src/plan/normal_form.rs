//! The normal form of a query: without comments, white space and the case of keywords. Queries with the same normal
//! form are equivalent. Never fails.

use sqlparser::ast::Statement;
use sqlparser::dialect::BigQueryDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserOptions};
use sqlparser::tokenizer::{Token, Tokenizer};

use crate::sql::{Depth, is_reserved};

/// Levels of a syntax tree above which a query is not printed from it. Changing it changes fingerprints.
const MAX_PRINTED_LEVELS: usize = 400;

/// A query in normal form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NormalForm {
    /// The tokens of its syntax tree, printed.
    Tree(Vec<String>),
    /// The parser can't read it: its tokens, keywords and function names in upper case.
    Words(Vec<String>),
    /// The tokenizer can't read it: its text.
    Text(String),
}

impl NormalForm {
    pub(super) fn of(sql: &str) -> Self {
        let Some(tokens) = tokens(sql) else {
            return Self::Text(sql.trim().to_owned());
        };
        tree(&tokens).map_or_else(|| Self::Words(words(&tokens)), Self::Tree)
    }
}

/// Tokens without white space and trailing semicolons; literals as written.
fn tokens(sql: &str) -> Option<Vec<Token>> {
    let tokens = Tokenizer::new(&BigQueryDialect, sql)
        .with_unescape(false)
        .tokenize();
    let mut tokens = tokens.ok()?;
    tokens.retain(|token| !matches!(token, Token::Whitespace(_) | Token::EOF));
    while tokens.last() == Some(&Token::SemiColon) {
        tokens.pop();
    }
    Some(tokens)
}

/// The printed tokens of the syntax tree; `None` if there is no tree, or if printing it lost a name or literal.
fn tree(tokens: &[Token]) -> Option<Vec<String>> {
    if is_deep(tokens) {
        return None;
    }
    let mut parser = Parser::new(&BigQueryDialect)
        .with_options(ParserOptions::new().with_unescape(false))
        .with_tokens(tokens.to_vec());
    let statements = parser.parse_statements().ok()?;
    let [statement @ Statement::Query(_)] = statements.as_slice() else {
        return None;
    };
    let written = self::tokens(&statement.to_string())?;
    (names(&written) == names(tokens)).then(|| words(&written))
}

/// Whether the syntax tree may be too deep to print.
fn is_deep(tokens: &[Token]) -> bool {
    let mut depth = Depth::default();
    tokens.iter().any(|token| {
        depth.take(token);
        depth.levels() > MAX_PRINTED_LEVELS
    })
}

fn is_literal(token: &Token) -> bool {
    matches!(
        token,
        Token::Number(..)
            | Token::Char(_)
            | Token::SingleQuotedString(_)
            | Token::DoubleQuotedString(_)
            | Token::TripleSingleQuotedString(_)
            | Token::TripleDoubleQuotedString(_)
            | Token::SingleQuotedByteStringLiteral(_)
            | Token::DoubleQuotedByteStringLiteral(_)
            | Token::TripleSingleQuotedByteStringLiteral(_)
            | Token::TripleDoubleQuotedByteStringLiteral(_)
            | Token::SingleQuotedRawStringLiteral(_)
            | Token::DoubleQuotedRawStringLiteral(_)
            | Token::TripleSingleQuotedRawStringLiteral(_)
            | Token::TripleDoubleQuotedRawStringLiteral(_)
    )
}

/// Names and literals, sorted; printing the syntax tree must not lose any.
fn names(tokens: &[Token]) -> Vec<String> {
    let is_name = |token: &Token| match token {
        Token::Word(word) => word.keyword == Keyword::NoKeyword,
        token => is_literal(token),
    };
    let mut names: Vec<String> = tokens
        .iter()
        .filter(|token| is_name(token))
        .map(ToString::to_string)
        .collect();
    names.sort_unstable();
    names
}

/// Tokens as text; reserved words and function names in upper case, since they are case-insensitive.
fn words(tokens: &[Token]) -> Vec<String> {
    let is_call = |at: usize| {
        tokens.get(at + 1) == Some(&Token::LParen)
            && at.checked_sub(1).and_then(|before| tokens.get(before)) != Some(&Token::Period)
    };
    let word = |(at, token): (usize, &Token)| match token {
        Token::Word(word) if word.quote_style.is_none() && (is_reserved(&word.value) || is_call(at)) => {
            word.value.to_ascii_uppercase()
        }
        token => token.to_string(),
    };
    tokens.iter().enumerate().map(word).collect()
}
