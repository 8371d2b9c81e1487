//! Checks a query by a dry run, which is free and returns the query's columns. A table that doesn't exist yet is
//! replaced by an empty subquery with its columns.

use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use super::BigQueryWarehouse;
use super::about::about;
use super::api_error::ApiError;
use super::job::dry;
use super::schema::kind;
use super::statement::Statement;
use crate::partition::Timezone;
use crate::sql::{changed, tokens};
use crate::table::{Returned, TableDef};
use crate::warehouse::{ErrorClass, Trial, Tried};

impl BigQueryWarehouse {
    pub(super) async fn tried(&self, trial: Trial<'_>) -> Result<Tried, ApiError> {
        let code = |problem: String| ApiError::new(ErrorClass::Code, problem);
        let sql = self.names.local(trial.sql).map_err(code)?;
        let sql = with_planned(&sql, trial.planned).map_err(code)?;
        let sql = self.names.apply(&sql).map_err(code)?;
        let sql = about(&sql, &[trial.date], Timezone::UTC).map_err(code)?;
        let statement = Statement::new(sql);
        let dry_run = || async {
            let client = self.client().await?;
            dry(&client, &self.account, statement.clone()).await
        };
        let in_context = match self.insist(dry_run).await {
            Ok(in_context) => in_context,
            Err(error) if error.is_not_found() => return Ok(Tried::Missing(self.missing(&error.message))),
            Err(error) => return Err(error),
        };
        let schema = in_context
            .statistics
            .and_then(|in_context| in_context.query)
            .and_then(|query| query.schema);
        Ok(match schema.and_then(|schema| schema.fields) {
            None => Tried::NotReported,
            Some(fields) => Tried::Returns(
                (fields.iter())
                    .map(|field| Returned {
                        name: field.name.clone(),
                        kind: Some(kind(field)),
                    })
                    .collect(),
            ),
        })
    }
}

impl BigQueryWarehouse {
    /// The missing table, as named in the plan; the whole message if it can't be extracted.
    fn missing(&self, reason: &str) -> String {
        let is_path = |word: &&str| word.matches('.').count() == 1 && word.contains(':');
        let named = reason
            .split_whitespace()
            .map(|word| word.trim_matches(['`', '\'', '"', ',', '.']))
            .find(is_path);
        let path = named.and_then(|word| word.rsplit_once(':')).map(|(_, path)| path);
        path.map_or_else(|| reason.to_owned(), |path| self.prefix.planned(path))
    }
}

/// The query with each planned table in backticks replaced by an empty subquery.
fn with_planned(sql: &str, planned: &[&TableDef]) -> Result<String, String> {
    let of = |word: &Word| planned.iter().find(|table| is_named(word, table));
    let pieces: Vec<TokenWithSpan> = tokens(sql)?;
    // For each reference to a planned table, in order: whether it has an alias.
    let mut aliased = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        if let Token::Word(word) = &piece.token
            && of(word).is_some()
        {
            let next = pieces[at + 1..]
                .iter()
                .find(|next| !matches!(next.token, Token::Whitespace(_)));
            aliased.push(next.is_some_and(|next| is_alias(&next.token)));
        }
    }
    let mut aliased = aliased.into_iter();
    changed(sql, |word| {
        let table = of(word)?;
        let has_alias = aliased.next().unwrap_or(true);
        let alias = if has_alias {
            String::new()
        } else {
            format!(" AS `{}`", table.name)
        };
        Some(format!("{}{alias}", empty(table)))
    })
}

fn is_named(word: &Word, table: &TableDef) -> bool {
    word.quote_style == Some('`') && word.value == table.path()
}

/// Keywords that may follow a table and are not its alias.
const CLAUSES: [&str; 25] = [
    "WHERE",
    "JOIN",
    "ON",
    "GROUP",
    "ORDER",
    "LIMIT",
    "UNION",
    "LEFT",
    "RIGHT",
    "FULL",
    "INNER",
    "CROSS",
    "USING",
    "HAVING",
    "QUALIFY",
    "WINDOW",
    "TABLESAMPLE",
    "FOR",
    "PIVOT",
    "UNPIVOT",
    "EXCEPT",
    "INTERSECT",
    "NATURAL",
    "OUTER",
    "SELECT",
];

fn is_alias(next: &Token) -> bool {
    let Token::Word(word) = next else {
        return false;
    };
    word.quote_style.is_some() || !CLAUSES.contains(&word.value.to_ascii_uppercase().as_str())
}

/// A subquery with the columns of a table and no rows.
fn empty(table: &TableDef) -> String {
    let columns: Vec<String> = (table.columns.iter())
        .map(|column| {
            let value = match &column.kind {
                kind if kind.is_array() => format!("CAST([] AS {})", kind.sql_of_value()),
                kind => format!("CAST(NULL AS {})", kind.sql_of_value()),
            };
            format!("{value} AS `{}`", column.name)
        })
        .collect();
    format!("(SELECT {} LIMIT 0)", columns.join(", "))
}

#[cfg(test)]
mod tests {
    use crate::partition::{Grain, Timezone};
    use std::borrow::Cow;

    use super::*;
    use crate::table::{Column, ColumnType, Slice};

    #[test]
    fn missing_tables_are_replaced_by_empty_ones_in_the_query() {
        let table = TableDef {
            dataset: Cow::Borrowed("port"),
            name: Cow::Borrowed("calls"),
            doc: Cow::Borrowed(""),
            columns: Cow::Owned(vec![
                Column::required("day", ColumnType::Date, ""),
                Column::nullable("tags", ColumnType::StringArray, ""),
            ]),
            date_column: Cow::Borrowed("day"),
            grain: Grain::Day,
            zone: Timezone::UTC,
            slice: Slice::default(),
            key: Cow::Borrowed(&[]),
            cluster: Cow::Borrowed(&[]),
            require_partition_filter: false,
        };
        let empty = "(SELECT CAST(NULL AS DATE) AS `day`, CAST([] AS ARRAY<STRING>) AS `tags` LIMIT 0)";
        let sql = "SELECT calls.day FROM `port.calls` WHERE TRUE UNION ALL\nSELECT c.day FROM `port.calls` c, `port.other`";
        assert_eq!(
            with_planned(sql, &[&table]).unwrap(),
            format!(
                "SELECT calls.day FROM {empty} AS `calls` WHERE TRUE UNION ALL\nSELECT c.day FROM {empty} c, `port.other`"
            )
        );
        assert_eq!(with_planned(sql, &[]).unwrap(), sql);
    }
}
