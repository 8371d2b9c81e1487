//! The tables a query reads, found by their position: after FROM, JOIN, a comma between tables, or TABLE in a call.
//! Unknown syntax hides no table, and a column, string or comment is never mistaken for one.
//!
//! What a view, a routine or `EXTERNAL_QUERY` reads is not visible here.

use std::fmt;
use std::ops::Range;

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

use super::reserved::is_reserved;
use super::words::{tokens, with_replaced};

/// Follows the dataset in the name of a metadata view.
const INFORMATION_SCHEMA: &str = "INFORMATION_SCHEMA";

/// Begins the names of the older metadata views, which follow the dataset directly.
const LEGACY_METADATA: &str = "__TABLES";

/// A table as named in a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName {
    /// The parts of the name: `project.dataset.table` or fewer.
    parts: Vec<String>,
    /// Whether the whole name is in one pair of backticks.
    pub is_marked: bool,
}

impl TableName {
    /// The name of `dataset.table`, as in one pair of backticks.
    #[must_use]
    pub fn of_path(path: &str) -> Self {
        Self {
            parts: split(path),
            is_marked: true,
        }
    }

    /// The same table without its project.
    #[must_use]
    pub fn without_project(&self) -> Self {
        let (project, local) = self.parts.split_at(self.parts.len() - self.local_parts());
        Self {
            parts: local.to_vec(),
            // A project precedes only tables, never columns.
            is_marked: self.is_marked || !project.is_empty(),
        }
    }

    /// The dataset; `None` for a name with one part and for metadata of a project or region.
    #[must_use]
    pub fn dataset(&self) -> Option<String> {
        let local = self.local();
        let (dataset, _) = local.split_once('.')?;
        let lower = dataset.to_ascii_lowercase();
        let is_wider = lower.starts_with("region-") || dataset.eq_ignore_ascii_case(INFORMATION_SCHEMA);
        (!is_wider).then(|| dataset.to_owned())
    }

    /// Whether it is metadata of a dataset, a region or a project.
    #[must_use]
    pub fn is_metadata(&self) -> bool {
        let is_legacy = |part: &String| part.to_ascii_uppercase().starts_with(LEGACY_METADATA);
        self.is_information_schema() || self.parts.last().is_some_and(is_legacy)
    }

    /// Whether it matches several tables.
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        self.parts.last().is_some_and(|part| part.ends_with('*'))
    }

    /// Dataset and table; `None` for a name with one part, such as a WITH name.
    #[must_use]
    pub fn path(&self) -> Option<(&str, &str)> {
        match self.parts.as_slice() {
            [.., dataset, table] => Some((dataset, table)),
            _ => None,
        }
    }

    /// The project, if the name has one. A domain-scoped project contains a dot.
    #[must_use]
    pub fn project(&self) -> Option<String> {
        let (project, _) = self.parts.split_at(self.parts.len() - self.local_parts());
        (!project.is_empty()).then(|| project.join("."))
    }

    /// The name without its project.
    #[must_use]
    pub fn local(&self) -> String {
        let (_, local) = self.parts.split_at(self.parts.len() - self.local_parts());
        local.join(".")
    }

    /// The dataset, if it belongs to this project. A name without a project counts only if it is in one pair of
    /// backticks; a region has no dataset.
    #[must_use]
    pub fn dataset_in(&self, project: &str) -> Option<String> {
        let is_there = self.project().map_or(self.is_marked, |named| named == project);
        self.dataset().filter(|_| is_there)
    }

    /// Whether both may read the same table. Either may be a wildcard, or one partition. Only two projects that are named
    /// and differ are told apart: the other name may mean the project that the query runs on.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let (Some((dataset, name)), Some((other_dataset, other_name))) = (self.path(), other.path()) else {
            return false;
        };
        let projects = self.project().zip(other.project());
        if projects.is_some_and(|(one, two)| one != two) || !dataset.eq_ignore_ascii_case(other_dataset) {
            return false;
        }
        let whole = |name: &str| {
            let name = name.split_once('$').map_or(name, |(whole, _)| whole);
            name.to_ascii_lowercase()
        };
        let (name, other_name) = (whole(name), whole(other_name));
        match (name.strip_suffix('*'), other_name.strip_suffix('*')) {
            (None, None) => name == other_name,
            (Some(start), None) => other_name.starts_with(start),
            (None, Some(start)) => name.starts_with(start),
            (Some(one), Some(two)) => one.starts_with(two) || two.starts_with(one),
        }
    }

    /// Number of parts without the project: dataset and table, one more for a metadata view.
    fn local_parts(&self) -> usize {
        self.parts
            .len()
            .min(if self.is_information_schema() { 3 } else { 2 })
    }

    fn is_information_schema(&self) -> bool {
        (self.parts.iter().nth_back(1)).is_some_and(|part| part.eq_ignore_ascii_case(INFORMATION_SCHEMA))
    }

    /// Whether it reads this `dataset.table`: the table itself, one of its partitions, or through a wildcard. The
    /// project is ignored.
    ///
    /// Case is ignored too: `SQLite` and case-insensitive `BigQuery` datasets ignore it, and tables whose names differ
    /// only in case are never intended.
    #[must_use]
    pub fn covers(&self, table: &str) -> bool {
        let Some((dataset, name)) = self.path() else {
            return false;
        };
        let Some((other_dataset, other)) = table.split_once('.') else {
            return false;
        };
        let name = name.split_once('$').map_or(name, |(whole, _)| whole);
        let is_it = match name.strip_suffix('*') {
            Some(start) => {
                (other.get(..start.len())).is_some_and(|begins| begins.eq_ignore_ascii_case(start))
            }
            None => other.eq_ignore_ascii_case(name),
        };
        is_it && other_dataset.eq_ignore_ascii_case(dataset)
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parts.join("."))
    }
}

/// Every table in a query, in order and with duplicates. WITH names are included, with one part.
///
/// # Errors
/// When the query can't be tokenized; returns a message for the operator.
pub fn tables(sql: &str) -> Result<Vec<TableName>, String> {
    let (_, found) = found(sql)?;
    Ok(found.into_iter().map(|table| table.name).collect())
}

/// The query with each table renamed for which `rename` returns a name, however it is spelled.
///
/// # Errors
/// When the query can't be tokenized; returns a message for the operator.
pub fn renamed(sql: &str, rename: impl Fn(&TableName) -> Option<String>) -> Result<String, String> {
    let (spans, found) = found(sql)?;
    let replaced = found.iter().filter_map(|FoundTable { name, place, .. }| {
        let (first, last) = (spans.get(place.start)?, spans.get(place.end - 1)?);
        let mut text = rename(name)?;
        // Without a space, an alias in backticks would become a part of a name in backticks.
        let follows = spans
            .get(place.end)
            .filter(|next| next.span.start == last.span.end);
        if follows.is_some_and(|next| matches!(&next.token, Token::Word(word) if word.quote_style.is_some()))
        {
            text.push(' ');
        }
        Some((Span::new(first.span.start, last.span.end), text))
    });
    Ok(with_replaced(sql, replaced))
}

/// A table in a query.
pub(super) struct FoundTable {
    pub(super) name: TableName,
    /// Its tokens.
    pub(super) place: Range<usize>,
    /// Whether it stands where a subquery could: after FROM, JOIN or a comma between tables.
    pub(super) is_read: bool,
}

/// The tokens of a query without white space, and every table in it with its token range.
pub(super) fn found(sql: &str) -> Result<(Vec<TokenWithSpan>, Vec<FoundTable>), String> {
    let spans: Vec<TokenWithSpan> = (tokens(sql)?.into_iter())
        .filter(|spanned| !matches!(spanned.token, Token::Whitespace(_)))
        .collect();
    let tokens: Vec<&Token> = spans.iter().map(|spanned| &spanned.token).collect();
    let mut found = Vec::new();
    let mut scopes = vec![ParenState::default()];
    let mut at = 0;
    while let Some(&token) = tokens.get(at) {
        let before = at.checked_sub(1).map(|at| tokens[at]);
        let expects = scopes.last().is_some_and(|scope| scope.expects);
        match token {
            Token::LParen => {
                scopes.push(ParenState {
                    lists_tables: expects,
                    expects,
                    is_extract: before.is_some_and(is_extract),
                });
                at += 1;
                continue;
            }
            Token::RParen if scopes.len() > 1 => {
                scopes.pop();
            }
            _ => {}
        }
        let Some(scope) = scopes.last_mut() else { break };
        let keyword = keyword(token, before);
        if expects && names_table(keyword, token) {
            let (name, after) = path(&tokens, at);
            scope.expects = false;
            // A call is not a table, but its arguments may contain one.
            if tokens.get(after) != Some(&&Token::LParen) {
                found.push(FoundTable {
                    name,
                    place: at..after,
                    is_read: true,
                });
            }
            at = after;
            continue;
        }
        if let Some(name) = whole_path(token) {
            found.push(FoundTable {
                name,
                place: at..at + 1,
                is_read: false,
            });
        } else if keyword == Keyword::TABLE && precedes_a_table(before) && is_name(tokens.get(at + 1)) {
            let (name, after) = path(&tokens, at + 1);
            found.push(FoundTable {
                name,
                place: at + 1..after,
                is_read: false,
            });
            at = after;
            continue;
        } else {
            scope.take(token, keyword, before);
        }
        at += 1;
    }
    Ok((spans, found))
}

/// State within one pair of parentheses.
#[derive(Debug, Default, Clone, Copy)]
struct ParenState {
    /// Whether it is in a FROM clause, where a comma precedes another table.
    lists_tables: bool,
    /// Whether a table comes next.
    expects: bool,
    /// Whether it is EXTRACT(… FROM …), whose FROM names no table.
    is_extract: bool,
}

impl ParenState {
    fn take(&mut self, token: &Token, keyword: Keyword, before: Option<&Token>) {
        let is_distinct_from =
            || matches!(before, Some(Token::Word(word)) if word.keyword == Keyword::DISTINCT);
        match keyword {
            Keyword::FROM if self.is_extract || is_distinct_from() => {}
            Keyword::FROM | Keyword::JOIN => (self.lists_tables, self.expects) = (true, true),
            // Not the start of a query, as in `UNNEST(…) WITH OFFSET`: the FROM clause goes on.
            Keyword::WITH if self.lists_tables && !self.expects => {}
            Keyword::SELECT
            | Keyword::WITH
            | Keyword::WHERE
            | Keyword::GROUP
            | Keyword::HAVING
            | Keyword::QUALIFY
            | Keyword::WINDOW
            | Keyword::ORDER
            | Keyword::LIMIT
            | Keyword::UNION
            | Keyword::INTERSECT
            | Keyword::EXCEPT => (self.lists_tables, self.expects) = (false, false),
            _ if *token == Token::VerticalBarRightAngleBracket => *self = Self::default(),
            _ => self.expects = *token == Token::Comma && self.lists_tables,
        }
    }
}

/// The keyword of a token; `NoKeyword` for names, in backticks or after a dot.
fn keyword(token: &Token, before: Option<&Token>) -> Keyword {
    match token {
        Token::Word(word) if word.quote_style.is_none() && before != Some(&Token::Period) => word.keyword,
        _ => Keyword::NoKeyword,
    }
}

/// Whether a token is a word outside of backticks.
pub(super) fn is_unquoted(token: &Token) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none())
}

fn is_extract(token: &Token) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("extract"))
}

/// Whether a table name can begin here: not a subquery.
fn names_table(keyword: Keyword, token: &Token) -> bool {
    matches!(token, Token::Word(_)) && !matches!(keyword, Keyword::SELECT | Keyword::WITH | Keyword::FROM)
}

/// Whether the word TABLE after this token precedes a table: in the arguments of a call, and in statements. It isn't
/// reserved, so elsewhere it is the name of a column or an alias.
fn precedes_a_table(before: Option<&Token>) -> bool {
    match before {
        Some(Token::LParen | Token::Comma | Token::RArrow) => true,
        Some(Token::Word(word)) if word.quote_style.is_none() => matches!(
            word.keyword,
            Keyword::ALTER
                | Keyword::CREATE
                | Keyword::DROP
                | Keyword::EXTERNAL
                | Keyword::REPLACE
                | Keyword::SNAPSHOT
                | Keyword::TEMP
                | Keyword::TEMPORARY
                | Keyword::TRUNCATE
        ),
        _ => false,
    }
}

/// Whether a name can begin with this token.
fn is_name(token: Option<&&Token>) -> bool {
    match token {
        Some(Token::Word(word)) => word.quote_style.is_some() || !is_reserved(&word.value),
        _ => false,
    }
}

/// `dataset.table` in one pair of backticks is a table in any position.
fn whole_path(token: &Token) -> Option<TableName> {
    match token {
        Token::Word(word) if word.quote_style == Some('`') && word.value.contains('.') => Some(TableName {
            parts: split(&word.value),
            is_marked: true,
        }),
        _ => None,
    }
}

/// Parses the name that starts at `from`; returns it with the position after it.
fn path(tokens: &[&Token], from: usize) -> (TableName, usize) {
    let mut text = String::new();
    let mut at = from;
    let mut words = 0;
    let mut quoted = 0;
    loop {
        match tokens.get(at) {
            Some(Token::Word(word)) => {
                words += 1;
                quoted += usize::from(word.quote_style == Some('`'));
                text.push_str(&word.value);
            }
            // A project can have dashes with digits after them: `my-project-1.raw.events`.
            Some(Token::Number(digits, _)) => text.push_str(digits),
            _ => break,
        }
        at += 1;
        match tokens.get(at) {
            Some(Token::Period) => text.push('.'),
            Some(Token::Minus) => text.push('-'),
            _ if text.ends_with('.') => continue,
            _ => break,
        }
        at += 1;
    }
    let name = TableName {
        parts: split(&text),
        is_marked: words == 1 && quoted == 1,
    };
    (name, at)
}

fn split(path: &str) -> Vec<String> {
    path.split('.').map(|part| part.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn reads(sql: &str, table: &str) -> bool {
        tables(sql).unwrap().iter().any(|name| name.covers(table))
    }

    #[rstest]
    #[case("SELECT * FROM x.a")]
    #[case("SELECT * FROM x.a AS t WHERE t.day = @date")]
    #[case("SELECT * FROM `x.a`")]
    #[case("SELECT * FROM `x`.`a`")]
    #[case("SELECT * FROM `x`.a t")]
    #[case("SELECT * FROM x . a")]
    #[case("SELECT * FROM x /* of */ . -- the\n a")]
    #[case("SELECT * FROM`x.a`")]
    #[case("SELECT * FROM proj.x.a")]
    #[case("SELECT * FROM my-project.x.a")]
    #[case("SELECT * FROM my-project-123.x.a")]
    #[case("SELECT * FROM `my-project.x.a`")]
    #[case("SELECT * FROM `my-project`.x.a")]
    #[case("SELECT * FROM `my-project`.`x.a`")]
    #[case("SELECT * FROM `example.com:old`.`x`.`a`")]
    #[case("SELECT * FROM `example.com:old.x.a`")]
    #[case("select * from X.A")]
    #[case("SELECT * FROM raw.events, x.a")]
    #[case("SELECT * FROM raw.events AS e, UNNEST(e.list) AS l, x.a")]
    #[case("SELECT * FROM raw.events e JOIN x.a ON e.day = a.day")]
    #[case("SELECT * FROM raw.events e JOIN raw.b ON e.k = b.k, x.a")]
    #[case("SELECT * FROM raw.events LEFT OUTER JOIN `x.a` USING (day)")]
    #[case("SELECT * FROM (raw.events CROSS JOIN x.a)")]
    #[case("SELECT * FROM ((x.a))")]
    #[case("SELECT * FROM (SELECT * FROM (SELECT day FROM x.a))")]
    #[case("WITH old AS (SELECT * FROM x.a) SELECT * FROM old")]
    #[case("WITH a AS (SELECT 1), b AS (SELECT * FROM x.a) SELECT * FROM a, b")]
    #[case("SELECT 1 UNION ALL SELECT n FROM x.a")]
    #[case("SELECT n FROM raw.b EXCEPT DISTINCT (SELECT n FROM x.a)")]
    #[case("SELECT (SELECT MAX(n) FROM x.a) AS n")]
    #[case("SELECT ARRAY(SELECT n FROM x.a)")]
    #[case("SELECT 1 FROM raw.b WHERE EXISTS (SELECT 1 FROM x.a WHERE a.day = b.day)")]
    #[case("SELECT 1 FROM raw.b WHERE n IN (SELECT n FROM x.a)")]
    #[case("SELECT 1 FROM raw.b WHERE n NOT IN (SELECT EXTRACT(DAY FROM day) FROM x.a)")]
    #[case("SELECT CASE WHEN (SELECT TRUE FROM x.a) THEN 1 END")]
    #[case("SELECT * FROM x.a FOR SYSTEM_TIME AS OF TIMESTAMP '2024-01-01'")]
    #[case("SELECT * FROM `x.a$20240101`")]
    #[case("SELECT * FROM `x.a*`")]
    #[case("SELECT * FROM `x.*` WHERE _TABLE_SUFFIX = 'a'")]
    #[case("SELECT * FROM `p.x.*`")]
    #[case("SELECT * FROM x.a TABLESAMPLE SYSTEM (10 PERCENT)")]
    #[case("SELECT * FROM x.a PIVOT (SUM(n) FOR d IN ('a', 'b'))")]
    #[case("SELECT * FROM APPENDS(TABLE x.a, NULL, NULL)")]
    #[case("SELECT * FROM ML.PREDICT(MODEL m.m, TABLE `x`.`a`)")]
    #[case("SELECT * FROM ML.PREDICT(MODEL m.m, (SELECT * FROM x.a))")]
    #[case("FROM x.a |> WHERE n > 1")]
    #[case("FROM raw.b |> JOIN x.a USING (n)")]
    #[case("FROM raw.b |> UNION ALL (FROM x.a)")]
    #[case("SELECT a.from, b.n FROM raw.b b, x.a a")]
    #[case("SELECT * FROM `raw.b` b JOIN (x.a a JOIN raw.c c ON a.k = c.k) ON TRUE")]
    #[case("SELECT r'\\', '''FROM ''' FROM x.a # FROM nowhere.at_all")]
    #[case("SELECT n IS NOT DISTINCT FROM 1, m FROM x.a")]
    #[case("WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT n FROM t, x.a) SELECT * FROM t")]
    #[case("SELECT COUNT(*) AS table FROM x.a")]
    #[case("SELECT 1, table FROM x.a")]
    #[case("SELECT table FROM x.a")]
    #[case("SELECT COUNT(table), table + 1 AS n FROM x.a GROUP BY table, n")]
    #[case("SELECT 1 AS table, (SELECT n FROM x.a)")]
    #[case("SELECT replace, table FROM x.a")]
    #[case("WITH table AS (SELECT 1) SELECT * FROM table, x.a")]
    #[case("WITH table AS (SELECT 1) SELECT * FROM table AS t JOIN x.a USING (n)")]
    #[case("SELECT * FROM raw.b AS table, x.a")]
    #[case("SELECT * FROM raw.b table JOIN x.a USING (n)")]
    #[case("SELECT EXTRACT(DAY FROM table) FROM x.a")]
    #[case("SELECT * FROM f(input => TABLE x.a)")]
    #[case("SELECT * FROM UNNEST([1]) AS n WITH OFFSET AS o, x.a")]
    #[case("SELECT * FROM UNNEST([1]) AS n WITH OFFSET, x.a AS a")]
    #[case("SELECT * FROM raw.b b, b.items AS i WITH OFFSET o, x.a")]
    #[case("SELECT * FROM raw.b LEFT JOIN UNNEST([1]) WITH OFFSET o ON TRUE, x.a")]
    #[case("SELECT * FROM (WITH b AS (SELECT 1) SELECT * FROM b, x.a)")]
    fn tables_are_found_in_every_spelling(#[case] sql: &str) {
        assert!(reads(sql, "x.a"), "{sql}\n{:?}", tables(sql).unwrap());
    }

    #[rstest]
    #[case("SELECT 'FROM x.a', \"x.a\", '''FROM x.a'''")]
    #[case("SELECT 1 -- FROM x.a\n# FROM x.a\n/* FROM x.a */")]
    #[case("SELECT x.a FROM raw.b AS x")]
    #[case("SELECT n, x.a, x.b FROM raw.b AS x GROUP BY x.b, x.a ORDER BY x.a, x.a")]
    #[case("SELECT 1 FROM raw.b AS x WHERE x.n IN (1, x.a)")]
    #[case("SELECT 1 FROM raw.b AS x JOIN raw.c AS c ON x.a = c.a AND f(c.b, x.a)")]
    #[case("SELECT EXTRACT(DAY FROM x.a) FROM raw.b AS x")]
    #[case("SELECT x.b IS DISTINCT FROM x.a FROM raw.b AS x")]
    #[case("SELECT * EXCEPT (b), x.a FROM raw.b AS x")]
    #[case("WITH a AS (SELECT 1) SELECT * FROM a")]
    #[case("WITH a AS (SELECT 1) SELECT * FROM `a` AS x, raw.b")]
    #[case("SELECT * FROM x.ab")]
    #[case("SELECT * FROM ax.a")]
    #[case("SELECT * FROM `x.b*`")]
    #[case("SELECT * FROM `y.*`")]
    #[case("SELECT * FROM x.INFORMATION_SCHEMA.TABLES")]
    #[case("SELECT * FROM raw.b, UNNEST(x.a) AS n")]
    #[case("SELECT * FROM x.a(1, 2)")]
    #[case(
        "SELECT SUM(n) OVER (PARTITION BY x.b, x.a ORDER BY x.a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM raw.b AS x"
    )]
    #[case("SELECT n FROM raw.b AS x QUALIFY ROW_NUMBER() OVER (PARTITION BY n, x.a) = 1")]
    #[case("FROM raw.b AS x |> AGGREGATE COUNT(x.b) AS b, x.a")]
    #[case("SELECT STRUCT(x.b, x.a) FROM raw.b AS x LIMIT 1")]
    #[case("SELECT * FROM (WITH b AS (SELECT 1) SELECT n, x.a FROM b AS x)")]
    #[case("SELECT 1 AS table, x.a FROM raw.b AS x, UNNEST(x.list) WITH OFFSET o WHERE o IN (1, x.a)")]
    fn names_that_are_not_tables_are_ignored(#[case] sql: &str) {
        assert!(!reads(sql, "x.a"), "{sql}\n{:?}", tables(sql).unwrap());
    }

    #[test]
    fn only_paths_in_one_pair_of_backticks_are_marked() {
        let marked = |sql: &str| tables(sql).unwrap()[0].is_marked;
        assert!(marked("SELECT * FROM `x.a`"));
        assert!(!marked("SELECT * FROM `x`.`a`"));
        assert!(!marked("SELECT * FROM x.a"));
    }

    #[rstest]
    #[case("x.a", None, "x.a")]
    #[case("`my-project.x.a`", Some("my-project"), "x.a")]
    #[case("my-project-1.x.a", Some("my-project-1"), "x.a")]
    #[case("`my-project`.`x`.a", Some("my-project"), "x.a")]
    #[case("`example.com:old.x.a`", Some("example.com:old"), "x.a")]
    #[case("x.INFORMATION_SCHEMA.TABLES", None, "x.INFORMATION_SCHEMA.TABLES")]
    #[case(
        "`my-project.x.INFORMATION_SCHEMA.TABLES`",
        Some("my-project"),
        "x.INFORMATION_SCHEMA.TABLES"
    )]
    #[case("`my-project.x.a$20240101`", Some("my-project"), "x.a$20240101")]
    fn names_are_split_into_project_and_local_path(
        #[case] name: &str,
        #[case] project: Option<&str>,
        #[case] local: &str,
    ) {
        let named = &tables(&format!("SELECT * FROM {name}")).unwrap()[0];
        assert_eq!(
            (named.project().as_deref(), named.local()),
            (project, local.to_owned())
        );
    }

    #[test]
    fn only_tables_are_renamed_in_every_spelling() {
        let sql = "SELECT 'é `p.x.a`', 1 FROM `p.x.a` AS é -- `p.x.a`\nJOIN p . x /* … */ .a USING (n),\n\
                   `p`.`x`.a JOIN `q.x.a`, x.a WHERE n IN (SELECT n FROM p-1.x.a)";
        let own = |name: &TableName| {
            (name.project().as_deref() == Some("p")).then(|| format!("`y.{}`", name.local()))
        };
        assert_eq!(
            renamed(sql, own).unwrap(),
            "SELECT 'é `p.x.a`', 1 FROM `y.x.a` AS é -- `p.x.a`\nJOIN `y.x.a` USING (n),\n\
             `y.x.a` JOIN `q.x.a`, x.a WHERE n IN (SELECT n FROM p-1.x.a)"
        );
    }

    #[rstest]
    #[case("CREATE TABLE `p.x.a` (n INT64)", "CREATE TABLE `y.x.a` (n INT64)")]
    #[case("CREATE TABLE p.x.a (n INT64)", "CREATE TABLE `y.x.a` (n INT64)")]
    #[case("INSERT INTO `p.x.a` (n) VALUES (1)", "INSERT INTO `y.x.a` (n) VALUES (1)")]
    #[case("SELECT * FROM p.x.f(1)", "SELECT * FROM p.x.f(1)")]
    fn column_lists_are_not_function_calls(#[case] sql: &str, #[case] expected: &str) {
        let own = |name: &TableName| Some(format!("`y.{}`", name.local()));
        assert_eq!(renamed(sql, own).unwrap(), expected);
    }

    #[rstest]
    #[case("raw.events", "RAW.Events", true)]
    #[case("raw.events", "raw.events$20240101", true)]
    #[case("raw.events", "raw.events_2", false)]
    #[case("raw.events_*", "raw.events_20240101", true)]
    #[case("raw.events_*", "raw.events", false)]
    #[case("raw.events_*", "raw.events_2024*", true)]
    #[case("raw.events_2024*", "raw.*", true)]
    #[case("raw.events_2024*", "raw.events_2023*", false)]
    #[case("raw.events", "src.events", false)]
    #[case("p.raw.events", "raw.events", true)]
    #[case("p.raw.events", "q.raw.events", false)]
    fn tables_overlap_by_wildcard_partition_and_project(
        #[case] one: &str,
        #[case] other: &str,
        #[case] overlap: bool,
    ) {
        let (one, other) = (TableName::of_path(one), TableName::of_path(other));
        assert_eq!((one.overlaps(&other), other.overlaps(&one)), (overlap, overlap));
    }

    #[test]
    fn deeply_nested_sql_is_parsed() {
        let deep = 200_000;
        let sql = format!("SELECT {}1{} FROM x.a", "(".repeat(deep), ")".repeat(deep));
        assert!(reads(&sql, "x.a"));
        let unbalanced = format!("SELECT 1 FROM x.a {}", ")".repeat(deep));
        assert!(reads(&unbalanced, "x.a"));
        assert!(!reads(&format!("SELECT {}1", "1 + ".repeat(deep)), "x.a"));
    }

    #[test]
    fn unterminated_strings_are_refused() {
        assert!(
            tables("SELECT 'open")
                .unwrap_err()
                .contains("cannot parse the query")
        );
    }

    #[test]
    fn an_alias_beside_a_table_stays_an_alias() {
        let rename = |_: &TableName| Some("`p.x.a`".to_owned());
        let moved = renamed("SELECT * FROM x.b`t` JOIN x.c USING (day)", rename).unwrap();
        assert_eq!(moved, "SELECT * FROM `p.x.a` `t` JOIN `p.x.a` USING (day)");
    }
}
