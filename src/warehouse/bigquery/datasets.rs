//! Dataset names in a project: as written, or with a prefix that separates a rehearsal.
//!
//! What is written always gets the prefix. What is read gets it if it is moved.

use std::collections::{BTreeSet, HashSet};
use std::fmt;

use super::moved::MovedTables;
use crate::sql::{TableName, refuse_writing, tables};
use crate::table::TableDef;

/// The prefix of datasets, empty in production, the tables it moves, and the project if jobs run in another one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prefix {
    text: String,
    /// A two-part table name is resolved in the project that runs the job, so it needs the project in front.
    project: Option<String>,
    moved: MovedTables,
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
                moved: MovedTables::Every,
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

    /// The same prefix for a plan that fills these tables, given as `dataset.table`. Every other table is read where it
    /// is, and queries can't write.
    #[must_use]
    pub fn moving_only(self, filled: BTreeSet<String>) -> Self {
        Self {
            moved: MovedTables::Filled(filled),
            ..self
        }
    }

    /// Whether queries are sent unchanged.
    pub(super) const fn is_empty(&self) -> bool {
        self.text.is_empty() && self.project.is_none()
    }

    /// The dataset of a table that is written.
    pub(super) fn dataset(&self, table: &TableDef) -> String {
        format!("{}{}", self.text, table.dataset)
    }

    /// A table that is written, as in a query.
    pub(super) fn path(&self, table: &TableDef) -> String {
        self.qualified(&format!("{}.{}", self.dataset(table), table.name))
    }

    /// A table that is read, as in a query.
    pub(super) fn read_path(&self, table: &TableDef) -> String {
        self.qualified(&self.located(&TableName::of_path(&table.path())))
    }

    /// A table or metadata of this project as it is named there: `dataset.table`, with the prefix if it is moved.
    pub(super) fn located(&self, name: &TableName) -> String {
        let text = if self.moved.contains(name) {
            self.text.as_str()
        } else {
            ""
        };
        format!("{text}{}", name.local())
    }

    /// The dataset in which a table of this name is read; `None` if the name has none.
    #[must_use]
    pub fn located_dataset(&self, name: &TableName) -> Option<String> {
        name.dataset()?;
        let located = self.located(name);
        located.split_once('.').map(|(dataset, _)| dataset.to_owned())
    }

    /// The name in the plan of a table named like this in the project.
    pub(super) fn planned(&self, located: &str) -> String {
        let bare = located.strip_prefix(&self.text);
        let is_moved = |bare: &&str| self.moved.contains(&TableName::of_path(bare));
        bare.filter(is_moved).unwrap_or(located).to_owned()
    }

    /// Whether this table, which the plan only reads, has the name that a table it fills gets by the prefix: writing one
    /// would change the other.
    #[must_use]
    pub fn would_fill(&self, name: &TableName) -> bool {
        match &self.moved {
            MovedTables::Filled(filled) if !self.text.is_empty() => {
                let is_moved_here = |path: &String| name.covers(&format!("{}{path}", self.text));
                !self.moved.contains(name) && filled.iter().any(is_moved_here)
            }
            MovedTables::Filled(_) | MovedTables::Every => false,
        }
    }

    /// Rejects a plan's query that could write while a prefix separates the plan from production: only tables that the
    /// plan fills are moved, so it could write to any other.
    ///
    /// # Errors
    /// If it could; the message names the statement.
    pub fn refuse_writing(&self, sql: &str) -> Result<(), String> {
        match self.moved {
            MovedTables::Filled(_) if !self.text.is_empty() => refuse_writing(sql),
            MovedTables::Filled(_) | MovedTables::Every => Ok(()),
        }
    }

    /// A path as written in a query.
    pub(super) fn qualified(&self, path: &str) -> String {
        match &self.project {
            Some(project) => format!("{project}.{path}"),
            None => path.to_owned(),
        }
    }

    /// Rejects a query that names a moved table of one of these datasets without backticks and without a project. The
    /// prefix would not be applied, and the query would read production's table. With jobs in another project, no table
    /// of the datasets can be named like this. An empty prefix accepts every query.
    ///
    /// # Errors
    /// If there is such a table; the message names it.
    pub fn refuse_unmarked(&self, sql: &str, datasets: &HashSet<&str>) -> Result<(), String> {
        if self.is_empty() {
            return Ok(());
        }
        let tables = tables(sql)?;
        let is_known = |name: &TableName| {
            name.dataset()
                .is_some_and(|dataset| datasets.contains(dataset.as_str()))
        };
        let is_moved = |name: &TableName| match &self.moved {
            _ if self.text.is_empty() => false,
            MovedTables::Every => is_known(name),
            // Without backticks a dataset is named in any letter case.
            MovedTables::Filled(_) => self.moved.contains(name),
        };
        let unmarked = (tables.iter())
            .filter(|name| !name.is_marked && name.project().is_none())
            .find(|name| is_moved(name) || (self.project.is_some() && is_known(name)));
        unmarked.map_or(Ok(()), |table| {
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

    /// However it is written, and whatever other queries name.
    #[test]
    fn a_moved_table_outside_backticks_is_refused_without_other_names() {
        let filled = BTreeSet::from(["mart.daily".to_owned()]);
        let prefix = Prefix::parse("try_").unwrap().moving_only(filled);
        for table in ["mart.daily", "Mart.Daily"] {
            let sql = format!("SELECT n FROM {table}");
            assert!(prefix.refuse_unmarked(&sql, &HashSet::new()).is_err(), "{table}");
        }
        for sql in [
            "SELECT n FROM `mart.daily`",
            "SELECT n FROM raw.events",
            "SELECT mart.day FROM mart",
        ] {
            assert_eq!(prefix.refuse_unmarked(sql, &HashSet::new()), Ok(()), "{sql}");
        }
    }

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
    fn only_moved_tables_need_backticks() {
        let filled = BTreeSet::from(["port.tons".to_owned()]);
        let prefix = Prefix::parse("try_").unwrap().moving_only(filled);
        let datasets = HashSet::from(["port", "raw"]);
        let refused = |prefix: &Prefix, table: &str| {
            prefix
                .refuse_unmarked(&format!("SELECT 1 FROM {table}"), &datasets)
                .is_err()
        };
        for (table, is_moved) in [
            ("port.tons", true),
            ("port.INFORMATION_SCHEMA.TABLES", true),
            ("port.calls", false),
            ("raw.days", false),
        ] {
            assert_eq!(refused(&prefix, table), is_moved, "{table}");
            assert!(refused(&prefix.clone().within("acme"), table), "{table}");
        }
    }

    #[test]
    fn tables_that_are_written_always_have_the_prefix() {
        let table = &TableDef::new("raw", "calls", "", Vec::new(), "day");
        let filled = BTreeSet::from(["port.tons".to_owned()]);
        let prefix = Prefix::parse("try_").unwrap().moving_only(filled);
        assert_eq!(prefix.path(table), "try_raw.calls");
        assert_eq!(prefix.dataset(table), "try_raw");
        assert_eq!(prefix.read_path(table), "raw.calls", "the plan only reads it");
        assert_eq!(prefix.planned("try_port.tons"), "port.tons");
        assert_eq!(
            prefix.planned("try_port.calls"),
            "try_port.calls",
            "it is not moved"
        );
    }

    #[test]
    fn a_table_with_the_name_of_a_moved_one_is_noticed() {
        let filled = BTreeSet::from(["port.tons".to_owned()]);
        let prefix = Prefix::parse("try_").unwrap().moving_only(filled.clone());
        let would_fill = |prefix: &Prefix, name: &str| prefix.would_fill(&TableName::of_path(name));
        assert!(would_fill(&prefix, "try_port.tons") && would_fill(&prefix, "try_port.*"));
        assert!(!would_fill(&prefix, "port.tons") && !would_fill(&prefix, "try_port.calls"));
        assert!(!would_fill(&Prefix::default().moving_only(filled), "port.tons"));
    }

    #[test]
    fn queries_of_a_plan_cannot_write() {
        let sql = "DELETE FROM `raw.days` WHERE TRUE";
        let prefix = Prefix::parse("try_").unwrap().moving_only(BTreeSet::new());
        assert!(prefix.refuse_writing(sql).unwrap_err().contains("DELETE"));
        let production = Prefix::default().moving_only(BTreeSet::new());
        assert_eq!(production.refuse_writing(sql), Ok(()));
    }

    #[test]
    fn an_invalid_prefix_is_refused() {
        assert!(Prefix::parse("try-this").unwrap_err().contains("underscores"));
    }
}
