//! A check as the plan describes it: a query, an expectation, and how much it matters.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Fingerprint;
use crate::figures::plural;

/// Whether a check that is not met stops anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Not met is FAIL: the gate stays shut and the exit code is 1.
    Blocking,
    /// Not met is WARN: shown, counted, and nothing more.
    Advisory,
}

/// A limit on a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// Exactly this.
    Equals(f64),
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
    /// More than this.
    MoreThan(f64),
    /// From the first to the second, both included.
    Between(f64, f64),
}

/// What every text of a column must look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextTest {
    /// Begins with this.
    StartsWith(String),
    /// Matches this regular expression.
    Matches(String),
}

/// One thing a query's answer must show. A check may have several; all must hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Expectation {
    /// The answer has this many rows; with 0, every row is an offence.
    Rows(u64),
    /// A number in the answer's first row, or in the row where another column has a given text.
    Cell {
        /// The column that holds the number.
        column: String,
        /// Which row: (column, text). A missing row counts as 0.
        row: Option<(String, String)>,
        /// The limit.
        bound: Bound,
    },
    /// Every row's text in this column passes the test, and there is at least one row.
    Every {
        /// The column.
        column: String,
        /// The test.
        test: TextTest,
    },
}

/// A check of a stage's table, or of the raw tables.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckSpec {
    /// Name, unique in the plan.
    pub name: String,
    /// The stage it belongs to; for a check of the raw tables, the feed.
    pub stage: String,
    /// What it asks, in a few words.
    pub title: String,
    /// Whether it stops anything.
    pub severity: Severity,
    /// The query, in `GoogleSQL`.
    pub sql: String,
    /// What the answer must show; never empty.
    pub expect: Vec<Expectation>,
    /// The value before the backfill, as the operator noted it.
    pub before: Option<String>,
    /// The dates it is about; empty means all. It waits until they were run.
    pub dates: Vec<NaiveDate>,
    /// Of its query, expectations, severity and scope: an answer belongs to it.
    pub fingerprint: Fingerprint,
}

/// A query about the raw tables whose answer is shown as it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceTable {
    /// Name, unique among these tables.
    pub name: String,
    /// What it shows, in a few words.
    pub title: String,
    /// The query, in `GoogleSQL`.
    pub sql: String,
}

impl CheckSpec {
    /// The expectation in words, for the checklist's target column.
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
            Self::Rows(0) => f.write_str("no offending row"),
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
