//! Where datasets are in a project: under their own names, or behind a prefix that sets a rehearsal apart.

use std::fmt;

use sqlparser::dialect::BigQueryDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

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
        let mut tokens = Vec::new();
        Tokenizer::new(&BigQueryDialect {}, sql)
            .with_unescape(false)
            .tokenize_with_location_into_buf(&mut tokens)
            .map_err(|error| format!("the query cannot be read: {error}"))?;
        let mut lines: Vec<String> = sql.split('\n').map(ToOwned::to_owned).collect();
        for spanned in tokens.iter().rev().filter(|spanned| is_path(&spanned.token)) {
            let start = spanned.span.start;
            // Lines and columns count from 1; the prefix goes behind the backtick in the first of them.
            let line = usize::try_from(start.line)
                .ok()
                .and_then(|line| lines.get_mut(line - 1));
            let (Some(line), Ok(column)) = (line, usize::try_from(start.column)) else {
                continue;
            };
            if let Some((at, _)) = line.char_indices().nth(column) {
                line.insert_str(at, &self.0);
            }
        }
        Ok(lines.join("\n"))
    }
}

/// Whether a token is `dataset.table` in backticks.
fn is_path(token: &Token) -> bool {
    matches!(token, Token::Word(word) if word.quote_style == Some('`') && word.value.matches('.').count() == 1)
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
    fn a_prefix_that_no_dataset_can_have_is_refused() {
        assert!(Prefix::parse("try-this").unwrap_err().contains("underscores"));
    }
}
