//! Breakdowns: queries that explain why some of the values a check counts are missing.

use std::collections::HashSet;

use toml::Spanned;

use super::mistakes::{EntryMistakes, PlanMistakes};
use super::names::EntryNames;
use super::queries::Queries;
use super::raw::RawBreakdown;

/// Explains missing values by cause, date and group. It explains a check and never decides about a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakdownSpec {
    /// The check it explains; a check has at most one breakdown.
    pub check: String,
    /// What is counted, in a few words.
    pub title: String,
    /// The query, in `GoogleSQL`: one row for each date, group and cause.
    pub sql: String,
    /// The date column.
    pub date: String,
    /// The columns to group by, in display order.
    pub by: Vec<String>,
    /// The cause column; NULL means the value is present.
    pub cause: String,
    /// The count column; its name says what is counted.
    pub count: String,
    /// The causes of missing values, in display order; never empty.
    pub causes: Vec<String>,
    /// The causes for which the check doesn't count a value at all.
    pub not_counted: Vec<String>,
}

/// The breakdowns without mistakes; each must explain one of these checks.
pub(super) fn breakdowns(
    raw: Vec<Spanned<RawBreakdown>>,
    checks: &EntryNames,
    queries: &Queries<'_>,
    mistakes: &mut PlanMistakes<'_>,
) -> Vec<BreakdownSpec> {
    let mut breakdowns: Vec<BreakdownSpec> = Vec::with_capacity(raw.len());
    for raw in raw {
        let (place, raw) = (raw.span().start, raw.into_inner());
        let check = raw.check.as_ref();
        let subject = check.map_or_else(String::new, |check| format!("breakdown of '{check}': "));
        let mut found = mistakes.of(place, subject);
        let Some(breakdown) = raw.read(checks, queries, &mut found) else {
            continue;
        };
        if breakdowns.iter().any(|other| other.check == breakdown.check) {
            let problem = format!(
                "breakdown of '{}' is duplicated; names must be unique",
                breakdown.check
            );
            mistakes.of(place, String::new()).note("check", &problem);
        }
        breakdowns.push(breakdown);
    }
    breakdowns
}

impl RawBreakdown {
    fn read(
        self,
        checks: &EntryNames,
        queries: &Queries<'_>,
        found: &mut EntryMistakes<'_, '_>,
    ) -> Option<BreakdownSpec> {
        let sql = queries.query(self.sql.as_deref(), self.sql_file.as_deref());
        let sql = found.take_all(Queries::key(self.sql_file.as_ref()), sql);
        let check = found.require("check", self.check);
        let check = check.and_then(|check| found.take("check", checks.known("check", check)));
        let title = found.require("title", self.title);
        let date = found.require("date", self.date);
        let cause = found.require("cause", self.cause);
        let count = found.require("count", self.count);
        let causes = found.require("causes", self.causes);
        if causes.as_ref().is_some_and(Vec::is_empty) {
            found.note("causes", "causes is empty; list the causes the query can return");
        }
        let mut seen = HashSet::new();
        for cause in causes.iter().flatten().chain(&self.not_counted) {
            if !seen.insert(cause) {
                found.note(
                    "causes",
                    &format!("cause '{cause}' is duplicated; list each cause once"),
                );
            }
        }
        Some(BreakdownSpec {
            check: check?,
            title: title?,
            sql: sql?,
            date: date?,
            by: self.by,
            cause: cause?,
            count: count?,
            causes: causes?,
            not_counted: self.not_counted,
        })
    }
}
