//! Dataset names in a project: as written, or with a prefix that separates a rehearsal.

use std::collections::HashSet;
use std::fmt;

use crate::sql::{TableName, tables};
use crate::table::TableDef;

/// The prefix of every dataset name, empty in production, and the project if jobs run in another one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prefix {
    text: String,
    /// A two-part table name is resolved in the project that runs the job, so it needs the project in front.
    project: Option<String>,
}

impl Prefix {
    /// Parses a prefix of letters, digits and underscores.
    ///
    /// # Errors
    /// If `BigQuery` doesn't allow it in a dataset name.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && text.len() <= 200 {
            return Ok(Self {
                text: text.to_owned(),
                project: None,
            });
        }
        Err(format!(
            "'{text}' is not a valid dataset prefix; use letters, digits and underscores, for example rehearsal_"
        ))
    }

    /// The same prefix for tables in `project` with jobs in another project.
    #[must_use]
    pub fn within(self, project: &str) -> Self {
        Self {
            project: Some(project.to_owned()),
            ..self
        }
    }

    /// Whether queries are sent unchanged.
    pub(super) const fn is_empty(&self) -> bool {
        self.text.is_empty() && self.project.is_none()
    }

    pub(super) fn dataset(&self, table: &TableDef) -> String {
        format!("{}{}", self.text, table.dataset)
    }

    pub(super) fn path(&self, table: &TableDef) -> String {
        self.qualified(&format!("{}.{}", self.dataset(table), table.name))
    }

    /// A path with its dataset prefixed, as written in a query.
    pub(super) fn qualified(&self, path: &str) -> String {
        match &self.project {
            Some(project) => format!("{project}.{path}"),
            None => path.to_owned(),
        }
    }

    /// Rejects a query that names a table of one of these datasets without backticks and without a project. The prefix
    /// would not be applied, and the query would read production tables. An empty prefix accepts every query.
    ///
    /// # Errors
    /// If there is such a table; the message names it.
    pub fn refuse_unmarked(&self, sql: &str, datasets: &HashSet<&str>) -> Result<(), String> {
        if self.is_empty() {
            return Ok(());
        }
        let tables = tables(sql)?;
        let unmarked = (tables
            .iter()
            .filter(|table| !table.is_marked && table.project().is_none()))
        .filter_map(TableName::path)
        .find(|(dataset, _)| datasets.contains(dataset));
        unmarked.map_or(Ok(()), |(dataset, table)| {
            let table = format!("{dataset}.{table}");
            Err(format!(
                "a query uses {table} without backticks around the whole name, so --dataset-prefix and \
                 --billing-project can't apply; write `{table}`"
            ))
        })
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_outside_backticks_are_refused_with_a_prefix() {
        let prefix = Prefix::parse("try_").unwrap();
        let datasets = HashSet::from(["port"]);
        let sql = "SELECT c.day FROM `port.calls` AS c, port.tons -- port.other";
        let problem = prefix.refuse_unmarked(sql, &datasets).unwrap_err();
        assert!(
            problem.contains("uses port.tons without backticks around"),
            "{problem}"
        );
        assert_eq!(Prefix::default().refuse_unmarked(sql, &datasets), Ok(()));
        assert_eq!(
            prefix.refuse_unmarked("SELECT 'port.calls', calls.day", &datasets),
            Ok(())
        );
        let elsewhere = "SELECT day FROM other-project.port.tons";
        assert_eq!(prefix.refuse_unmarked(elsewhere, &datasets), Ok(()));
    }

    #[test]
    fn an_invalid_prefix_is_refused() {
        assert!(Prefix::parse("try-this").unwrap_err().contains("underscores"));
    }
}
