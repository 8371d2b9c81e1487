//! A check in the plan: a query, an expectation and a severity.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fingerprint;
use crate::figures::plural;
use crate::partition::Partition;

/// What a failing check does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Failing is FAIL: the gate stays closed and the exit code is 1.
    Blocking,
    /// Failing is WARN: shown and counted, nothing else.
    Advisory,
}

/// A bound on a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// Equal to this.
    Equals(f64),
    /// Greater than or equal to this.
    AtLeast(f64),
    /// Less than or equal to this.
    AtMost(f64),
    /// Greater than this.
    MoreThan(f64),
    /// Between the two, both included.
    Between(f64, f64),
}

/// A test on every text in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextTest {
    /// Starts with this prefix.
    StartsWith(String),
    /// Matches this regular expression.
    Matches(String),
}

/// One condition on a query's result. A check may have several; all must hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Expectation {
    /// The result has this many rows; with 0, every row is a failing row.
    Rows(u64),
    /// A number in the first row, or in the row where another column has a given text.
    Cell {
        /// The number's column.
        column: String,
        /// Selects the row by (column, text). A missing row counts as 0.
        row: Option<(String, String)>,
        /// The bound.
        bound: Bound,
    },
    /// Every text in this column passes the test, and there is at least one row.
    Every {
        /// The column.
        column: String,
        /// The test.
        test: TextTest,
    },
}

/// A check of a stage's table or of a raw table.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckSpec {
    /// Name, unique in the plan.
    pub name: String,
    /// The stage it belongs to; for a raw-data check, the feed.
    pub stage: String,
    /// What it checks, in a few words.
    pub title: String,
    /// What it does when it fails.
    pub severity: Severity,
    /// The query, in `GoogleSQL`.
    pub sql: String,
    /// The conditions on the result; never empty.
    pub expect: Vec<Expectation>,
    /// The operator's note of the value before the backfill.
    pub before: Option<String>,
    /// The dates it covers; empty means all. It runs once they have been run.
    pub dates: Vec<Partition>,
    /// Fingerprint of its query, expectations, severity and dates; results are stored with it.
    pub fingerprint: Fingerprint,
}

/// A query on the raw tables whose result is shown as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceTable {
    /// Name, unique among these tables.
    pub name: String,
    /// What it shows, in a few words.
    pub title: String,
    /// The query, in `GoogleSQL`.
    pub sql: String,
}

/// The target of a check that expects no row.
const NO_OFFENDING_ROW: &str = "no offending row";

/// A check's value that says what was counted: `3 failing_dates rows on 2 dates` of a check that expects no row.
#[must_use]
pub fn value_text(value: &str, target: &str) -> String {
    let counts_offending =
        target == NO_OFFENDING_ROW && value.starts_with(|first: char| first.is_ascii_digit());
    if counts_offending {
        value.replacen(" row", " offending row", 1)
    } else {
        value.to_owned()
    }
}

/// A check's value with its target, unless the value alone says what was expected.
#[must_use]
pub fn value_and_target(value: &str, target: &str) -> String {
    let value = value_text(value, target);
    if target == NO_OFFENDING_ROW {
        value
    } else {
        format!("{value} (target {target})")
    }
}

impl CheckSpec {
    /// The expectation as text, for the target column of the checklist.
    #[must_use]
    pub fn target(&self) -> String {
        self.expect
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ")
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equals(limit) => write!(f, "= {limit}"),
            Self::AtLeast(limit) => write!(f, ">= {limit}"),
            Self::AtMost(limit) => write!(f, "<= {limit}"),
            Self::MoreThan(limit) => write!(f, "> {limit}"),
            Self::Between(low, high) => write!(f, "{low} to {high}"),
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(0) => f.write_str(NO_OFFENDING_ROW),
            Self::Rows(rows) => write!(f, "{rows} {}", plural(*rows, "row")),
            Self::Cell {
                column,
                row: None,
                bound,
            } => write!(f, "{column} {bound}"),
            Self::Cell {
                column,
                row: Some((_, text)),
                bound,
            } => write!(f, "{text} {column} {bound}"),
            Self::Every {
                column,
                test: TextTest::StartsWith(start),
            } => {
                write!(f, "every {column} {start}…")
            }
            Self::Every {
                column,
                test: TextTest::Matches(_),
            } => write!(f, "every {column} well formed"),
        }
    }
}
