//! Table names in operator queries. Names that belong to the project get the prefix if they are moved, however they are
//! spelled. Tables of other projects keep their names.

use std::collections::HashSet;

use super::datasets::Prefix;
use crate::sql::{TableName, renamed};

/// Resolves table names for one project.
#[derive(Debug, Clone)]
pub(super) struct Names {
    project: String,
    prefix: Prefix,
}

impl Names {
    pub(super) const fn new(project: String, prefix: Prefix) -> Self {
        Self { project, prefix }
    }

    /// The query with every table of this project written as `` `dataset.table` ``, without the project.
    ///
    /// # Errors
    /// If the query can't be tokenised; returns a message for the operator.
    pub(super) fn local(&self, sql: &str) -> Result<String, String> {
        renamed(sql, |name| {
            self.is_own(name).then(|| format!("`{}`", name.local()))
        })
    }

    /// The query as sent: [`Self::local`], plus the prefix on the dataset of every moved name in one pair of backticks,
    /// and the project if jobs run in another one. Nothing else is changed.
    ///
    /// # Errors
    /// If the query can't be tokenised, or could write beside the prefix; returns a message for the operator.
    pub(super) fn apply(&self, sql: &str) -> Result<String, String> {
        self.prefix.refuse_writing(sql)?;
        // Whatever runs a query, it never reads production's table in place of a moved one.
        self.prefix.refuse_unmarked(sql, &HashSet::new())?;
        renamed(sql, |name| {
            let is_ours = self.is_own(name) || (self.is_changed() && is_local_path(name));
            is_ours.then(|| format!("`{}`", self.prefix.qualified(&self.prefix.located(name))))
        })
    }

    fn is_own(&self, name: &TableName) -> bool {
        name.project().is_some_and(|project| project == self.project)
    }

    fn is_changed(&self) -> bool {
        !self.prefix.is_empty()
    }
}

/// Whether a name is `dataset.table`, or dataset metadata, in one pair of backticks. Regions have no dataset.
fn is_local_path(name: &TableName) -> bool {
    name.is_marked
        && name.path().is_some()
        && name.project().is_none()
        && !name.local().to_ascii_lowercase().starts_with("region-")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const SQL: &str = r"-- One a date.
SELECT game_date, COUNT(*) FROM `nba_analytics.team_offense_game_summary` AS t
WHERE REGEXP_CONTAINS(game_id, r'^\d{8}_`a.b`') AND t.`odd name` = 'it\'s'";

    fn names(prefix: &str) -> Names {
        Names::new("acme-prod".to_owned(), Prefix::parse(prefix).unwrap())
    }

    #[test]
    fn only_paths_in_backticks_get_the_prefix() {
        let expected = SQL.replace("`nba_analytics.", "`try_nba_analytics.");
        assert_eq!(names("try_").apply(SQL).unwrap(), expected);
        assert_eq!(names("").apply(SQL).unwrap(), SQL);
    }

    #[rstest]
    #[case("`acme-prod.d.t`", "`d.t`", "`try_d.t`")]
    #[case("acme-prod.d.t", "`d.t`", "`try_d.t`")]
    #[case("`acme-prod`.d.`t`", "`d.t`", "`try_d.t`")]
    #[case("`acme-prod.d.t_*`", "`d.t_*`", "`try_d.t_*`")]
    #[case(
        "`acme-prod.d.INFORMATION_SCHEMA.TABLES`",
        "`d.INFORMATION_SCHEMA.TABLES`",
        "`try_d.INFORMATION_SCHEMA.TABLES`"
    )]
    #[case(
        "`d.INFORMATION_SCHEMA.TABLES`",
        "`d.INFORMATION_SCHEMA.TABLES`",
        "`try_d.INFORMATION_SCHEMA.TABLES`"
    )]
    #[case(
        "`region-us.INFORMATION_SCHEMA.JOBS`",
        "`region-us.INFORMATION_SCHEMA.JOBS`",
        "`region-us.INFORMATION_SCHEMA.JOBS`"
    )]
    #[case("`acme-test.d.t`", "`acme-test.d.t`", "`acme-test.d.t`")]
    #[case("acme-test.d.t", "acme-test.d.t", "acme-test.d.t")]
    fn the_own_project_is_optional_in_names(#[case] name: &str, #[case] sent: &str, #[case] moved: &str) {
        let sql = |name: &str| format!("SELECT 1 FROM {name} AS t");
        assert_eq!(names("").apply(&sql(name)).unwrap(), sql(sent));
        assert_eq!(names("").local(&sql(name)).unwrap(), sql(sent));
        assert_eq!(names("try_").apply(&sql(name)).unwrap(), sql(moved));
    }

    #[rstest]
    #[case("`d.t`", "`try_d.t`")]
    #[case("`acme-prod.d.t`", "`try_d.t`")]
    #[case("acme-prod.d.t", "`try_d.t`")]
    #[case("`d.t$20240101`", "`try_d.t$20240101`")]
    #[case("`d.u`", "`d.u`")]
    #[case("`src.t`", "`src.t`")]
    #[case("`acme-prod.src.t`", "`src.t`")]
    #[case("acme-prod.src.t", "`src.t`")]
    #[case("src.t", "src.t")]
    #[case("`src.INFORMATION_SCHEMA.TABLES`", "`src.INFORMATION_SCHEMA.TABLES`")]
    #[case("`acme-test.d.t`", "`acme-test.d.t`")]
    fn tables_that_a_plan_only_reads_keep_their_datasets(#[case] name: &str, #[case] sent: &str) {
        let prefix = Prefix::parse("try_").unwrap();
        let prefix = prefix.moving_only(["d.t".to_owned()].into());
        let names = Names::new("acme-prod".to_owned(), prefix);
        let sql = |name: &str| format!("SELECT 1 FROM {name} AS t");
        assert_eq!(names.apply(&sql(name)).unwrap(), sql(sent));
        assert!(names.apply(&format!("DELETE FROM {name} WHERE TRUE")).is_err());
    }

    #[test]
    fn queries_billed_elsewhere_name_the_table_project() {
        let prefix = Prefix::parse("try_").unwrap().within("acme-prod");
        let names = Names::new("acme-prod".to_owned(), prefix);
        let sql = "SELECT 1 FROM `d.t` JOIN acme-prod.d.u JOIN `acme-test.d.v` JOIN `region-us.INFORMATION_SCHEMA.JOBS`";
        assert_eq!(
            names.apply(sql).unwrap(),
            "SELECT 1 FROM `acme-prod.try_d.t` JOIN `acme-prod.try_d.u` JOIN `acme-test.d.v` \
             JOIN `region-us.INFORMATION_SCHEMA.JOBS`"
        );
    }

    #[test]
    fn an_unparsable_query_is_refused() {
        assert!(
            names("")
                .apply("SELECT 'open")
                .unwrap_err()
                .contains("cannot parse the query")
        );
    }
}
