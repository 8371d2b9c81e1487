//! The slices of a plan's tables: read from its stages, part of its name, and a condition wherever one of its queries reads
//! such a table.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::raw::{RawSliceValue, RawStage};
use super::references::{TextPart, parts};
use super::stage::{StageKind, StageOutput, StageSpec};
use super::{FilledTable, Plan};
use crate::sql::{TableName, limited, tables};
use crate::table::{ColumnType, Dialect, Slice, SliceValue};

/// The sliced tables of a plan, each with the condition of its rows.
#[derive(Debug, Default)]
pub(super) struct SlicedTables(Vec<(String, String)>);

impl SlicedTables {
    /// Those of the stages whose slice is valid; the others are reported with their stage.
    pub(super) fn of(stages: &[Spanned<RawStage>]) -> Self {
        let sliced = stages.iter().filter_map(|stage| {
            let stage = stage.get_ref();
            let condition = stage.own_slice().ok()?.condition(Dialect::GoogleSql)?;
            Some((stage.table.clone()?, condition))
        });
        Self(sliced.collect())
    }

    /// The query with these tables limited to their slices. A table of another project is another one.
    pub(super) fn limit(&self, sql: String) -> Result<String, String> {
        if self.0.is_empty() {
            return Ok(sql);
        }
        limited(&sql, |name| {
            let sliced = self.0.iter().find(|(table, _)| name.covers(table));
            let (_, condition) = sliced.filter(|_| name.project().is_none())?;
            Some(condition.clone())
        })
    }
}

impl RawStage {
    /// The slice of its table, with values of the types that it declares for the columns.
    pub(super) fn own_slice(&self) -> Result<Slice, String> {
        let Some(raw) = &self.slice else {
            return Ok(Slice::default());
        };
        let slice = written(raw)?;
        let Some(columns) = &self.columns else {
            return Ok(slice);
        };
        let columns = columns.iter().map(Spanned::get_ref);
        let kinds = columns.map(|raw| Some((raw.name.as_str(), ColumnType::parse(&raw.kind).ok()?)));
        // A type that can't be read is reported with its column.
        let Some(kinds) = kinds.collect::<Option<Vec<_>>>() else {
            return Ok(slice);
        };
        let columns: Vec<_> = kinds.iter().map(|(name, kind)| (*name, kind)).collect();
        slice.typed(&columns)
    }
}

fn written(raw: &BTreeMap<String, RawSliceValue>) -> Result<Slice, String> {
    let value = |(name, value): (&String, &RawSliceValue)| {
        let value = match value {
            RawSliceValue::Text(text) => SliceValue::Text(text.clone()),
            RawSliceValue::Number(number) => SliceValue::Int(*number),
        };
        (name.clone(), value)
    };
    Slice::new(raw.iter().map(value).collect())
}

/// The slice of all stages together.
///
/// # Errors
/// If two stages contradict each other.
pub(super) fn of_plan(stages: &[StageSpec]) -> Result<Slice, String> {
    let slices = stages.iter().filter_map(StageSpec::slice);
    Slice::joined(slices).map_err(|(column, [one, other])| {
        format!("slice: column '{column}' is '{one}' and '{other}' in different stages; give all of them one value")
    })
}

/// The slice of a plan file before its variables are replaced, with these values of them; `None` if one has none. An invalid
/// value is reported later.
pub(super) fn of_document(document: &DeTable<'_>, value: impl Fn(&str) -> Option<String>) -> Option<Slice> {
    let mut all = Vec::new();
    for (column, held) in sliced(document) {
        let held = match held {
            DeValue::Integer(number) => {
                SliceValue::Int(i64::from_str_radix(number.as_str(), number.radix()).ok()?)
            }
            DeValue::String(text) => {
                let part = |part: TextPart<'_>| match part {
                    TextPart::Text(text) => Some(text.to_owned()),
                    TextPart::Reference(name) => value(name),
                };
                SliceValue::Text(parts(text).into_iter().map(part).collect::<Option<String>>()?)
            }
            _ => return None,
        };
        all.push(Slice::new(BTreeMap::from([(column.to_owned(), held)])).ok()?);
    }
    Slice::joined(&all).ok()
}

/// The variables in the slices of a plan file.
pub(super) fn variables<'d>(document: &'d DeTable<'_>) -> Vec<&'d str> {
    let texts = sliced(document).filter_map(|(_, value)| value.as_str());
    let names = texts.flat_map(parts).filter_map(|part| match part {
        TextPart::Reference(name) => Some(name),
        TextPart::Text(_) => None,
    });
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Every column of a slice with its value, as written.
fn sliced<'d, 't>(document: &'d DeTable<'t>) -> impl Iterator<Item = (&'d str, &'d DeValue<'t>)> {
    let stages = document
        .get("stage")
        .and_then(|stages| stages.get_ref().as_array());
    let tables = stages.into_iter().flatten().filter_map(|stage| {
        let stage = stage.get_ref().as_table()?;
        stage.get("slice")?.get_ref().as_table()
    });
    tables
        .flatten()
        .map(|(column, value)| (column.get_ref().as_ref(), value.get_ref()))
}

impl StageSpec {
    /// The slice of its table that it fills; `None` if it has no table or fills all of it.
    #[must_use]
    pub fn slice(&self) -> Option<&Slice> {
        let slice = match &self.kind {
            StageKind::Nba => return None,
            StageKind::Sql(spec) => match &spec.table {
                FilledTable::Complete(table) => &table.slice,
                FilledTable::Inferred(table) => &table.slice,
            },
            StageKind::Command(spec) => match &spec.output {
                StageOutput::Nothing => return None,
                StageOutput::Rows { slice, .. } => slice,
                StageOutput::Printed(table) => &table.slice,
            },
        };
        (!slice.is_whole()).then_some(slice)
    }
}

impl Plan {
    /// Refuses a query that reads a sliced table by its full name, which a plan file alone doesn't know for one of its own.
    pub(super) fn reads_are_limited(&self, is_own: impl Fn(&str) -> bool) -> Result<(), String> {
        let sliced = self.stages.iter().filter(|stage| stage.slice().is_some());
        let sliced: Vec<&str> = sliced.filter_map(|stage| stage.table.as_deref()).collect();
        if sliced.is_empty() {
            return Ok(());
        }
        for (subject, sql) in self.queries() {
            let whole = tables(sql)?.into_iter().find(|name: &TableName| {
                name.project().is_some_and(|project| is_own(&project))
                    && sliced.iter().any(|table| name.covers(table))
            });
            if let Some(name) = whole {
                return Err(format!(
                    "{subject}: '{name}' names a table of which the plan has a slice with its project; write {}, so that only \
                     the slice is read",
                    name.local()
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::load::parse;
    use super::super::mistake::in_lines;
    use super::super::queries::QuerySource;
    use super::*;

    const PLAN: &str = r#"
name = "p"
title = "Users of a country"
from = "2024-01-01"
to = "2024-01-02"
active = "SELECT day FROM mart.users"
[[stage]]
name = "users"
kind = "sql"
sql = "SELECT day, country, shard FROM raw.events WHERE day = @date"
table = "mart.users"
date_column = "day"
key = ["day", "country", "shard"]
slice = { country = "DE", shard = 3 }
active = ["mon", "tue", "wed"]
columns = [
  { name = "day", type = "DATE" },
  { name = "country", type = "STRING" },
  { name = "shard", type = "INT64" },
]
[[stage]]
name = "sums"
kind = "sql"
needs = ["users"]
reads = [{ table = "mart.users" }]
sql = "SELECT u.day, u.country FROM mart.users AS u JOIN `other.mart.users` AS o USING (day) WHERE u.day = @date"
expect_rows = "SELECT COUNT(*) FROM `mart.users` WHERE day = @date"
table = "mart.sums"
date_column = "day"
slice = { country = "DE" }
[[check]]
name = "there"
stage = "sums"
title = "Rows are there"
severity = "advisory"
sql = "SELECT COUNT(*) AS n FROM mart.users, mart.sums"
expect = [{ column = "n", at_least = 1 }]
[[breakdown]]
check = "there"
title = "Why not"
sql = "SELECT day, 'none' AS cause, COUNT(*) AS rows FROM mart.sums GROUP BY day"
date = "day"
cause = "cause"
count = "rows"
causes = ["none"]
"#;

    fn parsed(text: &str) -> Result<Plan, String> {
        parse(text, &QuerySource::Builtin).map_err(in_lines)
    }

    #[test]
    fn every_query_of_the_plan_sees_the_slices() {
        let plan = parsed(PLAN).unwrap();
        assert_eq!(plan.name, "p [country=DE, shard=3]");
        assert_eq!(
            (plan.written_name(), plan.slice.to_string().as_str()),
            ("p", "country=DE, shard=3")
        );
        let users = "(SELECT * FROM `mart.users` WHERE `country` = 'DE' AND `shard` = 3)";
        let sums = "(SELECT * FROM `mart.sums` WHERE `country` = 'DE')";
        let queries: Vec<String> = plan.queries().map(|(_, sql)| sql.to_owned()).collect();
        for sql in [
            "SELECT day, country, shard FROM raw.events WHERE day = @date".to_owned(),
            format!(
                "SELECT u.day, u.country FROM {users} AS u JOIN `other.mart.users` AS o USING (day) WHERE u.day = @date"
            ),
            format!("SELECT COUNT(*) FROM {users} AS `users` WHERE day = @date"),
            format!("SELECT day FROM {users} AS `users`"),
            format!("SELECT COUNT(*) AS n FROM {users} AS `users`, {sums} AS `sums`"),
            format!("SELECT day, 'none' AS cause, COUNT(*) AS rows FROM {sums} AS `sums` GROUP BY day"),
        ] {
            assert!(queries.contains(&sql), "{sql} in {queries:#?}");
        }
        let other = parsed(&PLAN.replace("\"DE\"", "\"FR\"")).unwrap();
        for (one, other) in plan.stages.iter().zip(&other.stages) {
            assert_ne!(one.fingerprint, other.fingerprint);
        }
        assert_ne!(plan.checks[0].fingerprint, other.checks[0].fingerprint);
        // Only the project that the plan runs on has the table.
        assert!(plan.reads_are_declared(|project| project == "acme").is_ok());
        let refused = plan.reads_are_limited(|project| project == "other").unwrap_err();
        assert_eq!(
            refused,
            "stage 'sums': 'other.mart.users' names a table of which the plan has a slice with its project; write \
             mart.users, so that only the slice is read"
        );
    }

    #[rstest]
    #[case::text_for_number(
        "shard = 3",
        "shard = \"x\"",
        "stage 'users': slice: column 'shard' is an INT64, but 'x' is not"
    )]
    #[case::number_for_text(
        "country = \"DE\", shard",
        "country = 7, shard",
        "slice: column 'country' is a STRING, but '7' is not"
    )]
    #[case::not_plain(
        "shard = 3",
        "shard = \"03\"",
        "'03' of column 'shard' is not in its plain form; write '3'"
    )]
    #[case::unknown(
        "shard = 3",
        "shrad = 3",
        "slice: column 'shrad' is not in the table, which has day, country, shard"
    )]
    #[case::empty("slice = { country = \"DE\" }", "slice = {}", "slice: it has no column")]
    #[case::other_type("shard = 3", "shard = 3.5", "expected a text or a whole number")]
    #[case::not_in_key(
        "\"country\", \"shard\"]",
        "\"country\"]",
        "slice: column 'shard' is not in key"
    )]
    #[case::without_key(
        "key = [\"day\", \"country\", \"shard\"]\nslice = { country = \"DE\", shard = 3 }",
        "slice = { country = \"DE\" }",
        ""
    )]
    #[case::date_column(
        "slice = { country = \"DE\" }",
        "slice = { day = \"2024-01-01\" }",
        "slice: 'day' is the date_column"
    )]
    #[case::contradiction(
        "slice = { country = \"DE\" }",
        "slice = { country = \"FR\" }",
        "slice: column 'country' is 'DE' and 'FR' in different stages"
    )]
    #[case::of_time(
        "mart.users AS u",
        "mart.users FOR SYSTEM_TIME AS OF x AS u",
        "stage 'sums': FOR after table mart.users"
    )]
    #[case::in_check(
        "mart.users, mart.sums",
        "mart.users, mart.sums, `mart.s*`",
        "check 'there': 'mart.s*' includes a table"
    )]
    #[case::plan_name(
        "name = \"p\"",
        "name = \"p [a=b]\"",
        "the name ends in ' [a=b]', which is the mark of a slice"
    )]
    #[case::built_in(
        "[[check]]",
        "[[stage]]\nname = \"team_offense\"\nkind = \"nba\"\ntable = \"nba.t\"\nslice = { a = 1 }\n[[check]]",
        "a stage of kind nba does not take slice"
    )]
    #[case::no_table(
        "[[check]]",
        "[[stage]]\nname = \"c\"\nkind = \"command\"\ncommand = [\"true\", \"{date}\"]\nslice = { a = 1 }\n[[check]]",
        "slice needs a table"
    )]
    fn a_slice_that_does_not_divide_its_table_is_refused(
        #[case] good: &str,
        #[case] bad: &str,
        #[case] said: &str,
    ) {
        let plan = PLAN.replacen(good, bad, 1);
        assert_ne!(plan, PLAN);
        match parsed(&plan) {
            Ok(_) => assert_eq!(said, ""),
            Err(refused) => assert!(!said.is_empty() && refused.contains(said), "{refused}"),
        }
    }

    #[test]
    fn a_nullable_column_divides_no_table() {
        let nullable = "{ name = \"country\", type = \"STRING\", nullable = true }";
        let plan = PLAN
            .replace("{ name = \"country\", type = \"STRING\" }", nullable)
            .replacen("key = [\"day\", \"country\", \"shard\"]\n", "", 1);
        let refused = parsed(&plan).unwrap_err();
        assert!(
            refused.contains("slice: column 'country' is nullable"),
            "{refused}"
        );
    }
}
