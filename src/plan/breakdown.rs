//! A breakdown as the plan describes it: a query that says why what a check counts is not all known.

use std::collections::HashSet;

use serde::Deserialize;

use super::{CheckSpec, with_hint};

/// Why a share is not whole, by date and whatever else. It explains a check and decides nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakdownSpec {
    /// The check it explains; none has two.
    pub check: String,
    /// What is known or not, in a few words.
    pub title: String,
    /// The query, in `GoogleSQL`: one row for each date, group and cause.
    pub sql: String,
    /// The column of dates.
    pub date: String,
    /// The columns to group by, in the order they are shown.
    pub by: Vec<String>,
    /// The column of causes; NULL is what is known.
    pub cause: String,
    /// The column of numbers; its name is what is counted.
    pub count: String,
    /// The causes for which something the check counts is not known, in the order they are shown; never empty.
    pub causes: Vec<String>,
    /// The causes for which the check does not count something at all.
    pub beside: Vec<String>,
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
    #[serde(default)]
    beside: Vec<String>,
}

/// The breakdown as it was written, with its query; it explains one of these checks.
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
    for cause in raw.causes.iter().chain(&raw.beside) {
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
        beside: raw.beside,
    })
}
