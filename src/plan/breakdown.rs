//! Breakdowns: queries that explain why some of the values a check counts are missing.

use std::collections::HashSet;

use serde::Deserialize;

use super::{CheckSpec, with_hint};

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBreakdown {
    pub(super) check: String,
    title: String,
    pub(super) sql: Option<String>,
    pub(super) sql_file: Option<String>,
    date: String,
    #[serde(default)]
    by: Vec<String>,
    cause: String,
    count: String,
    causes: Vec<String>,
    #[serde(alias = "beside", default)]
    not_counted: Vec<String>,
}

/// Validates a breakdown and resolves its query; it must explain one of these checks.
pub(super) fn breakdown(
    raw: RawBreakdown,
    sql: String,
    checks: &[CheckSpec],
) -> Result<BreakdownSpec, String> {
    if !checks.iter().any(|check| check.name == raw.check) {
        let known = checks.iter().map(|check| check.name.as_str());
        return Err(with_hint("check", &raw.check, known));
    }
    if raw.causes.is_empty() {
        return Err("causes is empty; list the causes the query can return".to_owned());
    }
    let mut seen = HashSet::new();
    for cause in raw.causes.iter().chain(&raw.not_counted) {
        if !seen.insert(cause) {
            return Err(format!("cause '{cause}' is duplicated; list each cause once"));
        }
    }
    Ok(BreakdownSpec {
        check: raw.check,
        title: raw.title,
        sql,
        date: raw.date,
        by: raw.by,
        cause: raw.cause,
        count: raw.count,
        causes: raw.causes,
        not_counted: raw.not_counted,
    })
}
