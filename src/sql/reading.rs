//! Refuses queries that could write. Only the first words of each statement matter: no statement of `GoogleSQL` that
//! begins like a query changes a table, and a pipe operator that writes is recognised too.

use sqlparser::tokenizer::{Token, Word};

use super::words::tokens;

/// The words a statement that only reads begins with. `DECLARE` and `SET` change only variables.
const READING: [&str; 5] = ["SELECT", "WITH", "FROM", "DECLARE", "SET"];

/// Pipe operators that write.
const WRITING_OPERATORS: [&str; 3] = ["CREATE", "EXPORT", "INSERT"];

/// Refuses a query with a statement that could write. Temporary functions are allowed.
///
/// # Errors
/// If there is one, or if the query can't be tokenised; returns a message for the operator.
pub fn refuse_writing(sql: &str) -> Result<(), String> {
    let spans = tokens(sql)?;
    let tokens: Vec<Token> = (spans.into_iter().map(|spanned| spanned.token))
        .filter(|token| !matches!(token, Token::Whitespace(_)))
        .collect();
    for statement in tokens.split(|token| *token == Token::SemiColon) {
        let begin = (statement.iter()).find(|token| !matches!(token, Token::LParen));
        if let Some(begin) = begin
            && !(is_any(begin, &READING) || makes_a_temporary_function(statement))
        {
            return Err(writes(begin));
        }
        for pair in statement.windows(2) {
            if pair[0] == Token::VerticalBarRightAngleBracket && is_any(&pair[1], &WRITING_OPERATORS) {
                return Err(writes(&pair[1]));
            }
        }
    }
    Ok(())
}

fn writes(begin: &Token) -> String {
    format!("a query contains {begin}, which could write; with --dataset-prefix queries may only read")
}

fn is_any(token: &Token, words: &[&str]) -> bool {
    bare(token).is_some_and(|word| words.iter().any(|known| word.value.eq_ignore_ascii_case(known)))
}

/// The word of a token that is not in backticks.
fn bare(token: &Token) -> Option<&Word> {
    match token {
        Token::Word(word) if word.quote_style.is_none() => Some(word),
        _ => None,
    }
}

/// Whether a statement declares variables.
pub(super) fn declares(statement: &[Token]) -> bool {
    statement.first().is_some_and(|token| is_any(token, &["DECLARE"]))
}

/// Whether a statement makes a function that ends with its script.
pub(super) fn makes_a_temporary_function(statement: &[Token]) -> bool {
    let mut words = statement.iter();
    let mut next_is = |known: &[&str]| words.next().is_some_and(|token| is_any(token, known));
    let replaces = statement.get(1).is_some_and(|token| is_any(token, &["OR"]));
    let aggregates = |token: Option<&Token>| token.is_some_and(|token| is_any(token, &["AGGREGATE"]));
    next_is(&["CREATE"])
        && (!replaces || next_is(&["OR"]) && next_is(&["REPLACE"]))
        && next_is(&["TEMP", "TEMPORARY"])
        && (!aggregates(statement.get(if replaces { 4 } else { 2 })) || next_is(&["AGGREGATE"]))
        && next_is(&["FUNCTION"])
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("SELECT 1")]
    #[case("-- DELETE\nSELECT 'DELETE; DROP' AS `delete`;")]
    #[case("with a AS (SELECT 1) SELECT * FROM a;\n")]
    #[case("((SELECT 1) UNION ALL (SELECT 2))")]
    #[case("FROM d.t |> WHERE n > 1 |> AGGREGATE COUNT(*)")]
    #[case("DECLARE n INT64 DEFAULT 1; SET n = 2; SELECT n")]
    #[case("CREATE TEMP FUNCTION f(n INT64) AS (n + 1); SELECT f(1)")]
    #[case("CREATE OR REPLACE TEMPORARY AGGREGATE FUNCTION f(n INT64) AS (SUM(n)); SELECT f(1)")]
    #[case("")]
    fn queries_that_read_are_accepted(#[case] sql: &str) {
        assert_eq!(refuse_writing(sql), Ok(()));
    }

    #[rstest]
    #[case("DELETE FROM d.t WHERE TRUE", "DELETE")]
    #[case("SELECT 1; drop TABLE d.t", "drop")]
    #[case("SELECT 1;;MERGE d.t USING d.u ON TRUE WHEN MATCHED THEN DELETE", "MERGE")]
    #[case("/* SELECT */ INSERT INTO d.t (n) SELECT 1", "INSERT")]
    #[case("CREATE TABLE d.t AS SELECT 1", "CREATE")]
    #[case("CREATE FUNCTION d.f() AS (1)", "CREATE")]
    #[case("CREATE OR REPLACE TABLE d.t AS SELECT 1", "CREATE")]
    #[case("EXECUTE IMMEDIATE 'DELETE FROM d.t WHERE TRUE'", "EXECUTE")]
    #[case("BEGIN DELETE FROM d.t WHERE TRUE; END", "BEGIN")]
    #[case("IF TRUE THEN DELETE FROM d.t WHERE TRUE; END IF", "IF")]
    #[case("CALL d.p()", "CALL")]
    #[case("EXPORT DATA OPTIONS (uri = 'gs://b/*') AS SELECT 1", "EXPORT")]
    #[case("FROM d.t |> EXPORT DATA OPTIONS (uri = 'gs://b/*')", "EXPORT")]
    fn statements_that_write_are_refused(#[case] sql: &str, #[case] word: &str) {
        let problem = refuse_writing(sql).unwrap_err();
        assert!(
            problem.starts_with(&format!("a query contains {word}, ")),
            "{problem}"
        );
    }
}
