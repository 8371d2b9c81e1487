//! A query with the statements before it: `DECLARE` of variables and `CREATE TEMP FUNCTION`, as `GoogleSQL` scripts have
//! them.

use sqlparser::tokenizer::Token;

use super::reading::{declares, makes_a_temporary_function};
use super::words::{offset, tokens};

/// A query, and the statements that must run before it in the same script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryScript<'s> {
    /// The statements before the query, with their semicolons; empty if there are none.
    pub before: &'s str,
    /// The query, without a semicolon.
    pub query: &'s str,
}

impl<'s> QueryScript<'s> {
    /// Divides the text of a query.
    ///
    /// # Errors
    /// When it can't be tokenised, another statement precedes the query, or there is no query; returns a message for the
    /// operator.
    pub fn of(sql: &'s str) -> Result<Self, String> {
        let mut statements = statements(sql)?;
        // A second semicolon, or a comment after the last.
        if statements.len() > 1 {
            statements.retain(|statement| !statement.words.is_empty());
        }
        let Some((query, before)) = statements.split_last() else {
            return Ok(Self {
                before: "",
                query: sql,
            });
        };
        let is_before = |statement: &StatementText<'_>| {
            declares(&statement.words) || makes_a_temporary_function(&statement.words)
        };
        if let Some(other) = before.iter().find(|statement| !is_before(statement)) {
            let begin = other.words.first().map_or_else(String::new, ToString::to_string);
            return Err(format!(
                "only DECLARE and CREATE TEMP FUNCTION may precede the query, not '{begin}'; write one SELECT"
            ));
        }
        if is_before(query) {
            return Err("no query follows the declarations; add a SELECT".to_owned());
        }
        Ok(Self {
            before: sql[..query.start].trim(),
            query: query.text.trim(),
        })
    }
}

/// A statement of a text, without its semicolon.
struct StatementText<'s> {
    start: usize,
    text: &'s str,
    /// Its tokens without white space and comments.
    words: Vec<Token>,
}

fn statements(sql: &str) -> Result<Vec<StatementText<'_>>, String> {
    let mut found = Vec::new();
    let (mut start, mut words) = (0, Vec::new());
    for token in tokens(sql)? {
        match token.token {
            Token::SemiColon => {
                let text = &sql[start..offset(sql, token.span.start)];
                found.push(StatementText {
                    start,
                    text,
                    words: std::mem::take(&mut words),
                });
                start = offset(sql, token.span.end);
            }
            Token::Whitespace(_) => {}
            word => words.push(word),
        }
    }
    found.push(StatementText {
        start,
        text: &sql[start..],
        words,
    });
    Ok(found)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("SELECT 1", "", "SELECT 1")]
    #[case("", "", "")]
    #[case("DECLARE n INT64;; SELECT n;;", "DECLARE n INT64;;", "SELECT n")]
    #[case("SELECT ';' AS a -- ;\n;\n-- end;", "", "SELECT ';' AS a -- ;")]
    #[case(
        "DECLARE n INT64 DEFAULT 1; SELECT n",
        "DECLARE n INT64 DEFAULT 1;",
        "SELECT n"
    )]
    #[case(
        "-- é;\ndeclare a, b DATE;\nCREATE TEMPORARY FUNCTION f(é INT64) RETURNS STRING LANGUAGE js AS \"\"\"return 'a;b';\"\"\"\n;\nWITH t AS (SELECT 1)\nSELECT f(a) FROM t;",
        "-- é;\ndeclare a, b DATE;\nCREATE TEMPORARY FUNCTION f(é INT64) RETURNS STRING LANGUAGE js AS \"\"\"return 'a;b';\"\"\"\n;",
        "WITH t AS (SELECT 1)\nSELECT f(a) FROM t"
    )]
    fn a_query_is_found_behind_its_declarations(
        #[case] sql: &str,
        #[case] before: &str,
        #[case] query: &str,
    ) {
        assert_eq!(QueryScript::of(sql), Ok(QueryScript { before, query }));
    }

    #[rstest]
    #[case("SELECT 1; SELECT 2", "not 'SELECT'; write one SELECT")]
    #[case("DECLARE n INT64; SET n = 2; SELECT n", "not 'SET'")]
    #[case("CREATE TEMP TABLE t AS SELECT 1; SELECT * FROM t", "not 'CREATE'")]
    #[case("CREATE FUNCTION d.f() AS (1); SELECT d.f()", "not 'CREATE'")]
    #[case("DECLARE n INT64;", "no query follows the declarations; add a SELECT")]
    #[case("SELECT 'open", "cannot parse the query")]
    fn other_scripts_are_refused(#[case] sql: &str, #[case] problem: &str) {
        let refused = QueryScript::of(sql).unwrap_err();
        assert!(refused.contains(problem), "{refused}");
    }
}
