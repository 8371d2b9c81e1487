//! A stage as the plan describes it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use chrono::Weekday;
use serde::Deserialize;

use super::Fingerprint;
use crate::table::TableDef;

/// How the rows of a stage come about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StageKind {
    /// One of the built-in basketball rules, found by the stage's name.
    Nba,
    /// A query makes them, within the warehouse.
    Sql(Box<SqlSpec>),
    /// A program of the operator's does.
    Command(Box<CommandSpec>),
}

/// A stage whose rows a query makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlSpec {
    /// The table it fills.
    pub table: TableDef,
    /// What it answers for its dates.
    pub query: DateQuery,
    /// How many rows a date must have.
    pub expect: ExpectRows,
}

/// A SELECT in `GoogleSQL` that is about dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateQuery {
    /// Its text.
    pub sql: String,
    /// How its dates stand in it.
    pub binds: Binds,
}

/// How dates stand in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binds {
    /// `@date`: it is asked for one date after the other.
    OneDate,
    /// `@dates`: it is asked for many at once.
    ManyDates,
}

/// How many rows a date must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectRows {
    /// One or more; nobody said how many.
    Some,
    /// This many.
    Exactly(u32),
    /// As many as a query answers.
    Query(DateQuery),
}

/// A stage that a program does, date by date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandSpec {
    /// The program and its arguments; `{date}` in them stands for the date.
    pub argv: Vec<String>,
    /// Set for it on top of backcourt's own environment; `{date}` stands for the date here too.
    pub environment: BTreeMap<String, String>,
    /// Where it is started: the folder of the plan file, or wherever backcourt was, for a built-in plan.
    pub folder: Option<PathBuf>,
    /// How long it may take for one date.
    pub timeout: Duration,
    /// The exit code that says there is nothing to do for the date.
    pub skip_exit_code: Option<u8>,
    /// The exit code that asks to be tried again later.
    pub retry_exit_code: u8,
    /// What it leaves behind.
    pub leaves: Leaves,
    /// How many rows a date must have, where it leaves any.
    pub expect: ExpectRows,
}

/// What a program leaves behind in the warehouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leaves {
    /// Nothing that backcourt could look at: its exit code alone says how it went.
    Nothing,
    /// Rows it writes there itself.
    Rows {
        /// `dataset.table`.
        table: String,
        /// The column they are told apart by.
        date_column: String,
    },
    /// Rows it prints, which backcourt stores.
    Printed(TableDef),
}

/// On which dates a stage has work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Active {
    /// On all.
    Always,
    /// On these days of the week.
    Weekdays(Vec<Weekday>),
    /// On those a query answers in its first column.
    Query(String),
}

/// A table a stage reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadSpec {
    /// `dataset.table`.
    pub table: String,
    /// How many days before its own date a unit looks at, besides its own.
    pub days_back: u32,
}

/// How a stage begins once the gates before it are passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advance {
    /// By itself.
    #[default]
    Auto,
    /// When the operator says so.
    Ask,
}

/// What is done date by date, for one table at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageSpec {
    /// Name, unique in the plan.
    pub name: String,
    /// `dataset.table` it fills; none if it fills none.
    pub table: Option<String>,
    /// How its rows come about.
    pub kind: StageKind,
    /// Stages whose gate must be passed before this one starts; each stands before it in the plan.
    pub needs: Vec<String>,
    /// Whether it begins by itself.
    pub advance: Advance,
    /// On which dates it has work; a built-in stage knows that itself.
    pub active: Active,
    /// The tables it reads; a built-in stage knows that itself.
    pub reads: Vec<ReadSpec>,
    /// Of everything that determines its rows: stored rows belong to it.
    pub fingerprint: Fingerprint,
}

impl StageSpec {
    /// The queries a run will ask for it, its checks left out.
    pub fn queries(&self) -> impl Iterator<Item = &str> {
        let (query, expect) = match &self.kind {
            StageKind::Nba => (None, None),
            StageKind::Sql(spec) => (Some(spec.query.sql.as_str()), Some(&spec.expect)),
            StageKind::Command(spec) => (None, Some(&spec.expect)),
        };
        let expect = match expect {
            Some(ExpectRows::Query(query)) => Some(query.sql.as_str()),
            _ => None,
        };
        let active = match &self.active {
            Active::Query(sql) => Some(sql.as_str()),
            _ => None,
        };
        query.into_iter().chain(expect).chain(active)
    }
}
