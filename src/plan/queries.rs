//! The queries of a plan: where their text comes from, and the project that table names may leave out.

use std::fs;
use std::path::PathBuf;

use super::builtin::SQL;
use super::slices::SlicedTables;
use super::variables::{TextForm, Unresolved, Variables};
use super::with_hint;
use crate::sql::{refuse_too_deep, renamed};

/// Where a plan's SQL files are read from.
pub(super) enum QuerySource {
    Builtin,
    Folder(PathBuf),
}

impl QuerySource {
    fn sql(&self, path: &str) -> Result<String, String> {
        match self {
            Self::Builtin => SQL
                .iter()
                .find(|asset| asset.path == path)
                .map(|asset| asset.text.to_owned())
                .ok_or_else(|| with_hint("SQL file", path, SQL.iter().map(|asset| asset.path))),
            Self::Folder(folder) => {
                let path = folder.join(path);
                fs::read_to_string(&path)
                    .map_err(|error| format!("cannot read SQL file {}: {error}", path.display()))
            }
        }
    }
}

/// Reads the queries of one plan.
pub(super) struct Queries<'o> {
    origin: &'o QuerySource,
    /// The project they were written for; its tables are read from whichever project the plan runs on.
    project: Option<String>,
    variables: &'o Variables,
    sliced: SlicedTables,
}

impl<'o> Queries<'o> {
    pub(super) const fn new(
        origin: &'o QuerySource,
        project: Option<String>,
        variables: &'o Variables,
        sliced: SlicedTables,
    ) -> Self {
        Self {
            origin,
            project,
            variables,
            sliced,
        }
    }

    /// The folder of the plan file; `None` for a built-in plan.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        match self.origin {
            QuerySource::Builtin => None,
            QuerySource::Folder(folder) => std::path::absolute(folder).ok(),
        }
    }

    /// The key that a mistake of a query belongs to.
    pub(super) const fn key(sql_file: Option<&String>) -> &'static str {
        if sql_file.is_some() { "sql_file" } else { "sql" }
    }

    /// A query given inline or in a file next to the plan, processed by [`Self::local`]; or everything that is wrong with
    /// it, which may have been reported elsewhere.
    pub(super) fn query(&self, sql: Option<&str>, sql_file: Option<&str>) -> Result<String, Vec<String>> {
        let one = |problem: String| vec![problem];
        match (sql, sql_file) {
            (Some(sql), None) => self.local(sql).map_err(one),
            (None, Some(path)) => {
                let sql = self.origin.sql(path).map_err(one)?;
                self.local(&self.resolved(sql)?).map_err(one)
            }
            _ => Err(one("give either sql or sql_file".to_owned())),
        }
    }

    /// The text of an SQL file with its variables, if the plan has any.
    fn resolved(&self, sql: String) -> Result<String, Vec<String>> {
        if !self.variables.any() {
            return Ok(sql);
        }
        self.variables.resolve(&sql, TextForm::Sql).map_err(|unresolved| {
            // A missing value is reported where the variable is declared.
            let is_reported = |unresolved: &&Unresolved| matches!(unresolved, Unresolved::Missing(_));
            let unreported = unresolved.iter().filter(|unresolved| !is_reported(unresolved));
            unreported
                .map(|unresolved| self.variables.problem(unresolved))
                .collect()
        })
    }

    /// The query with the values of its variables, the plan's own project removed from every table name, and the tables of
    /// which the plan has a slice limited to it. A query is refused that is too deep for those who walk its syntax tree.
    pub(super) fn local(&self, sql: &str) -> Result<String, String> {
        refuse_too_deep(sql)?;
        let sql = self.variables.bound(sql)?;
        let sql = match &self.project {
            None => sql,
            Some(_) => renamed(&sql, |name| {
                (name.project() == self.project).then(|| format!("`{}`", name.local()))
            })?,
        };
        self.sliced.limit(sql)
    }
}

/// Refuses a text that is not the id of a project.
pub(super) fn project_id(text: String) -> Result<String, String> {
    let is_valid = text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:".contains(c));
    if is_valid {
        return Ok(text);
    }
    Err(format!(
        "'{text}' is not a valid project id; write it like my-project-123"
    ))
}

#[cfg(test)]
mod tests {
    use super::super::load::{load, parse};
    use super::*;

    const PLAN: &str = r#"
name = "p"
title = "Queries of a project"
project = "old-project"
from = "2024-01-01"
to = "2024-01-02"
active = "SELECT day FROM `old-project.raw.days`"
[[stage]]
name = "one"
kind = "sql"
sql = "SELECT day FROM old-project.raw.events WHERE day = @date"
expect_rows = "SELECT COUNT(*) FROM `other-project.raw.events` WHERE day = @date"
table = "mart.t"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }]
[[check]]
name = "there"
stage = "one"
title = "Rows are there"
severity = "advisory"
sql = "SELECT COUNT(*) AS n FROM `old-project.mart.t`"
expect = [{ column = "n", at_least = 1 }]
"#;

    #[test]
    fn the_default_project_is_stripped_from_table_names() {
        let plan = parse(PLAN, &QuerySource::Builtin).unwrap();
        let queries: Vec<&str> = plan.stages[0].queries().collect();
        for sql in [
            "SELECT day FROM `raw.events` WHERE day = @date",
            "SELECT day FROM `raw.days`",
            "SELECT COUNT(*) FROM `other-project.raw.events` WHERE day = @date",
        ] {
            assert!(queries.contains(&sql), "{sql} in {queries:?}");
        }
        assert_eq!(plan.checks[0].sql, "SELECT COUNT(*) AS n FROM `mart.t`");
        let local = parse(&PLAN.replace("old-project.", ""), &QuerySource::Builtin).unwrap();
        assert_eq!(plan.checks[0].fingerprint, local.checks[0].fingerprint);
    }

    #[test]
    fn invalid_projects_are_refused() {
        let refused = parse(
            &PLAN.replace("\"old-project\"", "\"Old project\""),
            &QuerySource::Builtin,
        );
        let mistakes = refused.unwrap_err();
        assert_eq!(
            mistakes[0].to_string(),
            "line 4: 'Old project' is not a valid project id; write it like my-project-123"
        );
    }

    /// The five critical queries as the operators wrote them, and as they run on any project.
    #[test]
    fn critical_queries_are_verbatim_and_work_in_any_project() {
        const QUERIES: [&str; 5] = [
            r"SELECT ROUND(COUNT(*) / COUNT(DISTINCT game_date), 1) as avg_teams_per_date
FROM `nba-props-platform.nba_analytics.team_offense_game_summary`
WHERE game_date >= '2021-10-19';",
            r"SELECT COUNT(*) as total,
  COUNTIF(REGEXP_CONTAINS(game_id, r'^\d{8}_[A-Z]{2,3}_[A-Z]{2,3}$')) as valid,
  ROUND(100.0 * COUNTIF(REGEXP_CONTAINS(game_id, r'^\d{8}_[A-Z]{2,3}_[A-Z]{2,3}$')) / COUNT(*), 1) as pct
FROM `nba-props-platform.nba_analytics.team_offense_game_summary`
WHERE game_date >= '2021-10-19';",
            r"SELECT primary_source_used, COUNT(*) as count
FROM `nba-props-platform.nba_analytics.team_offense_game_summary`
WHERE game_date >= '2021-10-19' GROUP BY primary_source_used;",
            r"WITH completeness AS (
  SELECT game_date, COUNT(*) as teams,
    CASE WHEN COUNT(*)>=20 THEN 'FULL' WHEN COUNT(*)>=10 THEN 'PARTIAL' ELSE 'INCOMPLETE' END as status
  FROM `nba-props-platform.nba_analytics.team_offense_game_summary`
  WHERE game_date >= '2021-10-19' GROUP BY game_date
)
SELECT status, COUNT(*) as dates, ROUND(100.0*COUNT(*)/SUM(COUNT(*)) OVER(),1) as pct
FROM completeness GROUP BY status;",
            r"SELECT game_id, team_abbr, points_scored, primary_source_used
FROM `nba-props-platform.nba_analytics.team_offense_game_summary`
WHERE game_date = '2023-12-16' ORDER BY game_id, team_abbr;",
        ];
        let plan = load("nba").unwrap();
        let critical = plan
            .checks
            .iter()
            .filter(|check| check.name.starts_with("critical_"));
        for (query, check) in QUERIES.iter().zip(critical) {
            let path = format!("checks/nba/{}.sql", check.name);
            let asset = SQL.iter().find(|asset| asset.path == path).unwrap();
            assert!(asset.text.trim_end().ends_with(query), "{}", asset.text);
            let asked = query.replace("nba-props-platform.", "");
            assert!(check.sql.trim_end().ends_with(&asked), "{}", check.sql);
        }
        let sql = plan.checks.iter().chain(&plan.sources).map(|check| &check.sql);
        let named: Vec<&String> = sql.filter(|sql| sql.contains("nba-props")).collect();
        assert!(named.is_empty(), "{named:?}");
    }
}
