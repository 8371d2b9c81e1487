//! Validates the checks of a plan file: `[[check]]`, `[[source_check]]` and `[[source_table]]`.

use std::collections::HashSet;

use toml::Spanned;

use super::Fingerprint;
use super::check::{Bound, CheckSpec, Expectation, SourceTable, TextTest};
use super::definition::of_check;
use super::division::StageGrains;
use super::mistakes::{EntryMistakes, PlanMistakes};
use super::names::EntryNames;
use super::queries::Queries;
use super::raw::{RawCheck, RawExpectation, RawSourceTable};
use crate::partition::PartitionRanges;

/// The checks without mistakes. Each belongs to one of these stages, or to a feed if none are given.
pub(super) fn checks(
    raw: Vec<Spanned<RawCheck>>,
    stages: Option<&EntryNames>,
    grains: &StageGrains,
    queries: &Queries<'_>,
    mistakes: &mut PlanMistakes<'_>,
) -> Vec<CheckSpec> {
    let mut checks = Vec::with_capacity(raw.len());
    for raw in raw {
        let (place, raw) = (raw.span().start, raw.into_inner());
        let name = raw.name.as_ref();
        let subject = name.map_or_else(String::new, |name| format!("check '{name}': "));
        checks.extend(raw.read(stages, grains, queries, &mut mistakes.of(place, subject)));
    }
    checks
}

impl RawCheck {
    fn read(
        self,
        stages: Option<&EntryNames>,
        grains: &StageGrains,
        queries: &Queries<'_>,
        found: &mut EntryMistakes<'_, '_>,
    ) -> Option<CheckSpec> {
        let name = found.require("name", self.name);
        let stage = match stages {
            None => found.require("feed", self.stage),
            Some(stages) => {
                let stage = found.require("stage", self.stage);
                stage.and_then(|stage| found.take("stage", stages.known("stage", stage)))
            }
        };
        let title = found.require("title", self.title);
        let severity = found.require("severity", self.severity);
        let sql = queries.query(self.sql.as_deref(), self.sql_file.as_deref());
        let sql = found.take_all(Queries::key(self.sql_file.as_ref()), sql);
        let expect = found.require("expect", self.expect);
        let expect = expect.and_then(|expect| found.take("expect", expectations(expect)));
        let grain = match (stages, &stage) {
            (Some(_), Some(stage)) => grains.of_stage(stage),
            _ => grains.shortest(),
        };
        let dates = PartitionRanges::selected(&self.dates, grain);
        let dates = found.take("dates", dates.map_err(|error| error.to_string()));
        let mut check = CheckSpec {
            name: name?,
            stage: stage?,
            title: title?,
            severity: severity?,
            sql: sql?,
            expect: expect?,
            before: self.before,
            dates: dates?.partitions().collect(),
            fingerprint: Fingerprint::default(),
        };
        check.fingerprint = of_check(&check);
        Some(check)
    }
}

/// The source tables without mistakes.
pub(super) fn source_tables(
    raw: Vec<Spanned<RawSourceTable>>,
    queries: &Queries<'_>,
    mistakes: &mut PlanMistakes<'_>,
) -> Vec<SourceTable> {
    let mut seen = HashSet::new();
    let mut tables = Vec::with_capacity(raw.len());
    for raw in raw {
        let (place, raw) = (raw.span().start, raw.into_inner());
        let mut found = mistakes.of(place, String::new());
        let Some(name) = found.require("name", raw.name) else {
            continue;
        };
        if !seen.insert(name.clone()) {
            let problem = format!("source table '{name}' is duplicated; names must be unique");
            found.note("name", &problem);
        }
        let mut found = mistakes.of(place, format!("source table '{name}': "));
        let title = found.require("title", raw.title);
        let sql = queries.query(raw.sql.as_deref(), raw.sql_file.as_deref());
        let sql = found.take_all(Queries::key(raw.sql_file.as_ref()), sql);
        tables.extend((title.zip(sql)).map(|(title, sql)| SourceTable { name, title, sql }));
    }
    tables
}

fn expectations(raw: Vec<RawExpectation>) -> Result<Vec<Expectation>, String> {
    if raw.is_empty() {
        return Err("expect is empty; give at least one expectation".to_owned());
    }
    raw.into_iter().map(expectation).collect()
}

fn expectation(raw: RawExpectation) -> Result<Expectation, String> {
    let bound = match (raw.equals, raw.at_least, raw.at_most, raw.more_than) {
        (None, None, None, None) => None,
        (Some(limit), None, None, None) => Some(Bound::Equals(limit)),
        (None, Some(low), Some(high), None) if low <= high => Some(Bound::Between(low, high)),
        (None, Some(limit), None, None) => Some(Bound::AtLeast(limit)),
        (None, None, Some(limit), None) => Some(Bound::AtMost(limit)),
        (None, None, None, Some(limit)) => Some(Bound::MoreThan(limit)),
        _ => return Err("these limits contradict each other; give one, or at_least with at_most".to_owned()),
    };
    let text_test = match (raw.starts_with, raw.matches) {
        (None, None) => None,
        (Some(start), None) => Some(TextTest::StartsWith(start)),
        (None, Some(pattern)) => {
            regex::Regex::new(&pattern).map_err(|error| format!("matches = '{pattern}': {error}"))?;
            Some(TextTest::Matches(pattern))
        }
        _ => return Err("give starts_with or matches, not both".to_owned()),
    };
    let mut row = raw.row.into_iter();
    match (
        raw.rows,
        raw.column,
        raw.every,
        bound,
        text_test,
        row.next(),
        row.next(),
    ) {
        (Some(rows), None, None, None, None, None, None) => Ok(Expectation::Rows(rows)),
        (None, Some(column), None, Some(bound), None, row, None) => {
            Ok(Expectation::Cell { column, row, bound })
        }
        (None, None, Some(column), None, Some(test), None, None) => Ok(Expectation::Every { column, test }),
        _ => Err(
            "an expectation is one of: rows = N; column with a limit (and where = { column = \"text\" }); \
                  every with starts_with or matches"
                .to_owned(),
        ),
    }
}
