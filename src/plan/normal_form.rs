//! The normal form of a query: what is left when comments, white space and the case of keywords are taken away.
//! Two texts with the same normal form are the same query. It knows no warehouse and never fails.

use sqlparser::ast::Statement;
use sqlparser::dialect::BigQueryDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserOptions};
use sqlparser::tokenizer::{Token, Tokenizer, Word};

/// The deepest syntax tree that is read. A chain of operators is a branch as long as the chain, and is walked by
/// recursion.
const DEEPEST: usize = 400;

/// The words of `GoogleSQL` that are never a name unless they are quoted, sorted.
const RESERVED: [&str; 95] = [
    "ALL",
    "AND",
    "ANY",
    "ARRAY",
    "AS",
    "ASC",
    "ASSERT_ROWS_MODIFIED",
    "AT",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "COLLATE",
    "CONTAINS",
    "CREATE",
    "CROSS",
    "CUBE",
    "CURRENT",
    "DEFAULT",
    "DEFINE",
    "DESC",
    "DISTINCT",
    "ELSE",
    "END",
    "ENUM",
    "ESCAPE",
    "EXCEPT",
    "EXCLUDE",
    "EXISTS",
    "EXTRACT",
    "FALSE",
    "FETCH",
    "FOLLOWING",
    "FOR",
    "FROM",
    "FULL",
    "GROUP",
    "GROUPING",
    "GROUPS",
    "HASH",
    "HAVING",
    "IF",
    "IGNORE",
    "IN",
    "INNER",
    "INTERSECT",
    "INTERVAL",
    "INTO",
    "IS",
    "JOIN",
    "LATERAL",
    "LEFT",
    "LIKE",
    "LIMIT",
    "LOOKUP",
    "MERGE",
    "NATURAL",
    "NEW",
    "NO",
    "NOT",
    "NULL",
    "NULLS",
    "OF",
    "ON",
    "OR",
    "ORDER",
    "OUTER",
    "OVER",
    "PARTITION",
    "PRECEDING",
    "PROTO",
    "QUALIFY",
    "RANGE",
    "RECURSIVE",
    "RESPECT",
    "RIGHT",
    "ROLLUP",
    "ROWS",
    "SELECT",
    "SET",
    "SOME",
    "STRUCT",
    "TABLESAMPLE",
    "THEN",
    "TO",
    "TREAT",
    "TRUE",
    "UNBOUNDED",
    "UNION",
    "UNNEST",
    "USING",
    "WHEN",
    "WHERE",
    "WINDOW",
    "WITH",
];

/// A query without what does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NormalForm {
    /// The words of its syntax tree.
    Tree(Vec<String>),
    /// The parser cannot read it: its own words.
    Words(Vec<String>),
    /// It cannot even be cut into words: the text.
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

/// The tokens that count, literals as they are written.
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

/// The words of the syntax tree; none where there is no tree, or the tree does not hold every name and literal.
fn tree(tokens: &[Token]) -> Option<Vec<String>> {
    if depth(tokens) > DEEPEST {
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

/// How deep the syntax tree can be at most: brackets and operators between two commas, one within the other.
fn depth(tokens: &[Token]) -> usize {
    let mut levels = vec![0];
    let (mut deep, mut deepest) = (0, 0);
    for token in tokens {
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => levels.push(0),
            Token::RParen | Token::RBracket | Token::RBrace if levels.len() > 1 => {
                deep -= levels.pop().unwrap_or_default();
            }
            Token::Comma => {
                if let Some(level) = levels.last_mut() {
                    deep -= std::mem::take(level);
                }
            }
            _ if is_operator(token) => {
                deep += 1;
                if let Some(level) = levels.last_mut() {
                    *level += 1;
                }
            }
            _ => {}
        }
        deepest = deepest.max(deep + levels.len());
    }
    deepest
}

fn is_operator(token: &Token) -> bool {
    match token {
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::AND
                | Keyword::OR
                | Keyword::NOT
                | Keyword::IS
                | Keyword::IN
                | Keyword::LIKE
                | Keyword::BETWEEN
                | Keyword::UNION
                | Keyword::EXCEPT
                | Keyword::INTERSECT
                | Keyword::COLLATE
                | Keyword::AT
                | Keyword::CASE
        ),
        Token::Number(..) | Token::Period => false,
        token => !is_literal(token),
    }
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

/// Names and literals, sorted: none may get lost on the way through the syntax tree.
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

/// Tokens as text, keywords and the names of functions in capitals: neither minds its case.
fn words(tokens: &[Token]) -> Vec<String> {
    let is_call = |at: usize| {
        tokens.get(at + 1) == Some(&Token::LParen)
            && at.checked_sub(1).and_then(|before| tokens.get(before)) != Some(&Token::Period)
    };
    let word = |(at, token): (usize, &Token)| match token {
        Token::Word(word) if word.quote_style.is_none() && (is_reserved(word) || is_call(at)) => {
            word.value.to_ascii_uppercase()
        }
        token => token.to_string(),
    };
    tokens.iter().enumerate().map(word).collect()
}

fn is_reserved(word: &Word) -> bool {
    RESERVED
        .binary_search(&word.value.to_ascii_uppercase().as_str())
        .is_ok()
}
