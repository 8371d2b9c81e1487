//! Where datasets are in a project: under their own names, or behind a prefix that sets a rehearsal apart.

use std::collections::HashSet;
use std::fmt;

use sqlparser::tokenizer::Word;

use crate::sql::{TableName, changed, tables};
use crate::table::TableDef;

/// What stands before every dataset's name; empty in production.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prefix(String);

impl Prefix {
    /// A prefix of letters, digits and underscores.
    ///
    /// # Errors
    /// When `BigQuery` would not take it in a dataset's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && text.len() <= 200 {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "'{text}' cannot begin a dataset's name; use letters, digits and underscores, as in rehearsal_"
        ))
    }

    /// Whether datasets have their own names.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn dataset(&self, table: &TableDef) -> String {
        format!("{}{}", self.0, table.dataset)
    }

    pub(super) fn path(&self, table: &TableDef) -> String {
        format!("{}.{}", self.dataset(table), table.name)
    }

    /// A query with the prefix before the dataset of every path in backticks. Nothing else of it is touched; without
    /// a prefix nothing at all.
    pub(super) fn apply(&self, sql: &str) -> Result<String, String> {
        if self.is_empty() {
            return Ok(sql.to_owned());
        }
        changed(sql, |word| {
            is_path(word).then(|| format!("`{}{}`", self.0, word.value))
        })
    }

    /// Refuses a query in which a table of one of these datasets stands without backticks: the prefix would not reach
    /// it, and the query would read what it was to leave alone. Without a prefix nothing is refused.
    ///
    /// # Errors
    /// In a sentence for the operator that names the table.
    pub fn refuse_unmarked(&self, sql: &str, datasets: &HashSet<&str>) -> Result<(), String> {
        if self.is_empty() {
            return Ok(());
        }
        let tables = tables(sql)?;
        let unmarked = (tables.iter().filter(|table| !table.is_marked))
            .filter_map(TableName::path)
            .find(|(dataset, _)| datasets.contains(dataset));
        unmarked.map_or(Ok(()), |(dataset, table)| {
            let table = format!("{dataset}.{table}");
            Err(format!(
                "a query names {table} without backticks around the whole of it, where --dataset-prefix {self} does not reach it; \
                 write `{table}` in them"
            ))
        })
    }
}

/// What a statement that makes a dataset says of where; nothing where `BigQuery` decides.
pub(super) fn made_in(location: Option<&str>) -> String {
    location.map_or_else(String::new, |location| {
        format!(" OPTIONS (location = '{location}')")
    })
}

/// Whether a word is `dataset.table` in backticks.
fn is_path(word: &Word) -> bool {
    word.quote_style == Some('`') && word.value.matches('.').count() == 1
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQL: &str = r"-- One a date.
SELECT game_date, COUNT(*) FROM `nba_analytics.team_offense_game_summary` AS t
WHERE REGEXP_CONTAINS(game_id, r'^\d{8}_`a.b`') AND t.`odd name` = 'it\'s'";

    #[test]
    fn only_paths_in_backticks_get_the_prefix() {
        let prefix = Prefix::parse("try_").unwrap();
        let expected = SQL.replace("`nba_analytics.", "`try_nba_analytics.");
        assert_eq!(prefix.apply(SQL).unwrap(), expected);
        assert_eq!(Prefix::default().apply(SQL).unwrap(), SQL);
    }

    #[test]
    fn a_table_the_prefix_would_not_reach_is_named() {
        let prefix = Prefix::parse("try_").unwrap();
        let datasets = HashSet::from(["port"]);
        let sql = "SELECT c.day FROM `port.calls` AS c, port.tons -- port.other";
        let problem = prefix.refuse_unmarked(sql, &datasets).unwrap_err();
        assert!(
            problem.contains("names port.tons without backticks around"),
            "{problem}"
        );
        assert_eq!(Prefix::default().refuse_unmarked(sql, &datasets), Ok(()));
        assert_eq!(
            prefix.refuse_unmarked("SELECT 'port.calls', calls.day", &datasets),
            Ok(())
        );
    }

    #[test]
    fn a_prefix_that_no_dataset_can_have_is_refused() {
        assert!(Prefix::parse("try-this").unwrap_err().contains("underscores"));
    }
}
