//! Limits the tables that a query reads to some of their rows: each is replaced by a subquery with a condition, under the name
//! that the rest of the query knows it by.

use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

use super::reserved::is_reserved;
use super::tables::{FoundTable, TableName, found, is_unquoted};
use super::words::with_replaced;

/// Words after a table that apply to its stored rows, which a subquery doesn't have.
const OF_STORED_ROWS: [&str; 2] = ["FOR", "TABLESAMPLE"];

/// Words that may be an alias, unless a parenthesis follows.
const OPERATORS: [&str; 3] = ["PIVOT", "UNPIVOT", "MATCH_RECOGNIZE"];

/// How the names of columns begin that only a stored table has.
const PSEUDO_COLUMNS: [&str; 2] = ["_PARTITION", "_TABLE_SUFFIX"];

/// The query with each table limited for which `condition` returns one. The condition may name its columns.
///
/// # Errors
/// If it can't be tokenised, or a table is read where it can't be limited; returns a message for the operator.
pub fn limited(sql: &str, condition: impl Fn(&TableName) -> Option<String>) -> Result<String, String> {
    let (spans, found) = found(sql)?;
    let mut replaced = Vec::new();
    for table in &found {
        let Some(condition) = condition(&table.name) else {
            continue;
        };
        refuse(&spans, table)?;
        let (Some(first), Some(last)) = (spans.get(table.place.start), spans.get(table.place.end - 1)) else {
            continue;
        };
        let alias = if has_alias(&spans[table.place.end..]) {
            String::new()
        } else {
            format!(" AS {}", quoted_name(&table.name))
        };
        let text = format!("(SELECT * FROM `{}` WHERE {condition}){alias}", table.name);
        replaced.push((Span::new(first.span.start, last.span.end), text));
    }
    Ok(with_replaced(sql, replaced.into_iter()))
}

/// The last part of a name, by which a query knows a table without an alias.
fn quoted_name(name: &TableName) -> String {
    format!("`{}`", name.path().map_or("", |(_, table)| table))
}

fn refuse(spans: &[TokenWithSpan], table: &FoundTable) -> Result<(), String> {
    let name = &table.name;
    if name.is_wildcard() {
        return Err(format!(
            "'{name}' includes a table of which the plan has a slice; write the name of the table"
        ));
    }
    if name.path().is_some_and(|(_, table)| table.contains('$')) {
        return Err(format!(
            "'{name}' is a partition of a table of which the plan has a slice; write the table, with a condition on its \
             date"
        ));
    }
    if !table.is_read {
        return Err(format!(
            "table {name}, of which the plan has a slice, is named outside of FROM and JOIN, where it can't be limited to \
             the slice; read it in a subquery"
        ));
    }
    let after = after_alias(spans.get(table.place.end..).unwrap_or_default()).first();
    if let Some(word) = after.and_then(|spanned| is_any(&spanned.token, &OF_STORED_ROWS)) {
        return Err(format!(
            "{word} after table {name} needs the whole table, but the plan has a slice of it; leave it out"
        ));
    }
    if let Some(column) = column_of(spans, table) {
        return Err(format!(
            "'{column}' names a column with the dataset of table {name}, of which the plan has a slice; give the table an \
             alias, and name the column with it"
        ));
    }
    let is_pseudo = |token: &Token| match token {
        Token::Word(word) => PSEUDO_COLUMNS.into_iter().any(|start| {
            (word.value.get(..start.len())).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
        }),
        _ => false,
    };
    match spans.iter().find(|spanned| is_pseudo(&spanned.token)) {
        None => Ok(()),
        Some(spanned) => Err(format!(
            "the query uses {} and reads table {name}, of which the plan has a slice; a slice has no such column, so read \
             the other table in a query of its own stage",
            spanned.token
        )),
    }
}

/// The column that is named with the dataset of a table, as in `d.t.column`.
fn column_of(spans: &[TokenWithSpan], table: &FoundTable) -> Option<String> {
    let (dataset, name) = table.name.path()?;
    let is = |token: &Token, name: &str| match token {
        Token::Word(word) => word.value.eq_ignore_ascii_case(name),
        _ => false,
    };
    let window = spans.windows(5).enumerate().find(|(at, window)| {
        let tokens = [0, 1, 2, 3, 4].map(|at| &window[at].token);
        is(tokens[0], dataset)
            && *tokens[1] == Token::Period
            && is(tokens[2], name)
            && *tokens[3] == Token::Period
            && (at.checked_sub(1)).is_none_or(|before| spans[before].token != Token::Period)
    });
    window.map(|(_, window)| format!("{dataset}.{name}.{}", window[4].token))
}

/// What follows a table and its alias, if it has one.
fn after_alias(after: &[TokenWithSpan]) -> &[TokenWithSpan] {
    let words = match after.first() {
        Some(first) if is_any(&first.token, &["AS"]).is_some() => 2,
        Some(_) if has_alias(after) => 1,
        _ => 0,
    };
    after.get(words..).unwrap_or_default()
}

fn has_alias(after: &[TokenWithSpan]) -> bool {
    let mut tokens = after.iter().map(|spanned| &spanned.token);
    match tokens.next() {
        Some(token @ Token::Word(word)) if is_unquoted(token) => {
            let is = |known: &str| word.value.eq_ignore_ascii_case(known);
            let is_operator = OPERATORS.into_iter().any(is) && tokens.next() == Some(&Token::LParen);
            is("AS") || !(is_reserved(&word.value) || is_operator)
        }
        Some(Token::Word(_)) => true,
        _ => false,
    }
}

fn is_any<'w>(token: &Token, words: &[&'w str]) -> Option<&'w str> {
    match token {
        Token::Word(word) if is_unquoted(token) => {
            (words.iter().copied()).find(|known| word.value.eq_ignore_ascii_case(known))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn german(sql: &str) -> Result<String, String> {
        limited(sql, |name| {
            (name.project().is_none() && name.covers("d.t")).then(|| "c = 'DE'".to_owned())
        })
    }

    const SLICE: &str = "(SELECT * FROM `d.t` WHERE c = 'DE')";

    #[rstest]
    #[case("SELECT n FROM d.t", "SELECT n FROM {} AS `t`")]
    #[case("SELECT n FROM `d.t` WHERE n > 1", "SELECT n FROM {} AS `t` WHERE n > 1")]
    #[case("SELECT x.n FROM `d`.`t` AS x", "SELECT x.n FROM {} AS x")]
    #[case(
        "SELECT x.n FROM d.t x JOIN e.u USING (n)",
        "SELECT x.n FROM {} x JOIN e.u USING (n)"
    )]
    #[case("SELECT `x`.n FROM d.t`x`", "SELECT `x`.n FROM {}`x`")]
    #[case(
        "SELECT t.n FROM e.u JOIN D.T ON t.n = u.n",
        "SELECT t.n FROM e.u JOIN (SELECT * FROM `D.T` WHERE c = 'DE') AS `T` ON t.n = u.n"
    )]
    #[case(
        "SELECT 1 FROM d.t, UNNEST(t.items) AS i, e.u",
        "SELECT 1 FROM {} AS `t`, UNNEST(t.items) AS i, e.u"
    )]
    #[case(
        "SELECT 1 FROM e.u, d.t AS a CROSS JOIN d.t AS b",
        "SELECT 1 FROM e.u, {} AS a CROSS JOIN {} AS b"
    )]
    #[case(
        "WITH t AS (SELECT n FROM d.t) SELECT n FROM t",
        "WITH t AS (SELECT n FROM {} AS `t`) SELECT n FROM t"
    )]
    #[case(
        "SELECT (SELECT MAX(n) FROM d.t WHERE n IN (SELECT n FROM d.t)) -- d.t\n, 'FROM d.t'",
        "SELECT (SELECT MAX(n) FROM {} AS `t` WHERE n IN (SELECT n FROM {} AS `t`)) -- d.t\n, 'FROM d.t'"
    )]
    #[case(
        "SELECT 1 FROM d.t PIVOT(SUM(n) FOR m IN (1))",
        "SELECT 1 FROM {} AS `t` PIVOT(SUM(n) FOR m IN (1))"
    )]
    #[case(
        "SELECT COUNT(*) AS table FROM d.t",
        "SELECT COUNT(*) AS table FROM {} AS `t`"
    )]
    #[case(
        "SELECT 1 FROM UNNEST([1]) AS n WITH OFFSET AS o, d.t",
        "SELECT 1 FROM UNNEST([1]) AS n WITH OFFSET AS o, {} AS `t`"
    )]
    #[case("SELECT pivot.n FROM d.t pivot", "SELECT pivot.n FROM {} pivot")]
    #[case("FROM d.t |> WHERE n > 1", "FROM {} AS `t` |> WHERE n > 1")]
    #[case("SELECT 1 FROM p.d.t JOIN d.t_2", "SELECT 1 FROM p.d.t JOIN d.t_2")]
    #[case(
        "SELECT 1 FROM d.t_2 WHERE _PARTITIONTIME > x",
        "SELECT 1 FROM d.t_2 WHERE _PARTITIONTIME > x"
    )]
    fn every_read_is_limited_and_keeps_its_name(#[case] sql: &str, #[case] expected: &str) {
        assert_eq!(german(sql).unwrap(), expected.replace("{}", SLICE));
    }

    #[rstest]
    #[case(
        "SELECT d.t.n FROM d.t",
        "'d.t.n' names a column with the dataset of table d.t"
    )]
    #[case("SELECT `d.t`.n FROM d.t", "is named outside of FROM and JOIN")]
    #[case(
        "SELECT * FROM ML.PREDICT(MODEL m.m, TABLE d.t)",
        "is named outside of FROM and JOIN"
    )]
    #[case(
        "SELECT * FROM d.t FOR SYSTEM_TIME AS OF x",
        "FOR after table d.t needs the whole table"
    )]
    #[case(
        "SELECT * FROM d.t AS x FOR SYSTEM_TIME AS OF y",
        "FOR after table d.t needs the whole table"
    )]
    #[case(
        "SELECT * FROM d.t x TABLESAMPLE SYSTEM (1 PERCENT)",
        "TABLESAMPLE after table d.t"
    )]
    #[case(
        "SELECT * FROM d.t TABLESAMPLE SYSTEM (1 PERCENT)",
        "TABLESAMPLE after table d.t"
    )]
    #[case("SELECT * FROM `d.*`", "'d.*' includes a table of which the plan has a slice")]
    #[case("SELECT * FROM `d.t$20240101`", "'d.t$20240101' is a partition of a table")]
    #[case(
        "SELECT * FROM d.t WHERE _PARTITIONTIME = @start",
        "the query uses _PARTITIONTIME"
    )]
    fn a_read_that_cant_be_limited_is_refused(#[case] sql: &str, #[case] said: &str) {
        let refused = german(sql).unwrap_err();
        assert!(refused.contains(said), "{refused}");
    }
}
