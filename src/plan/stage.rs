//! A stage in the plan.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{Datelike, Weekday};
use schemars::JsonSchema;
use serde::Deserialize;

use super::filled_table::{FilledTable, InferredTable};
use super::{Fingerprint, Template};
use crate::partition::{Grain, Partition, PartitionRange, Timezone};
use crate::table::{Slice, TableDef};

/// How the rows of a stage are computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StageKind {
    /// By a built-in basketball rule, selected by the stage's name.
    Nba,
    /// By a query in the warehouse.
    Sql(Box<SqlSpec>),
    /// By an external program.
    Command(Box<CommandSpec>),
}

/// A stage computed by a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlSpec {
    /// The table it fills.
    pub table: FilledTable,
    /// Computes the rows of its dates.
    pub query: DateQuery,
    /// Computes the rows of the first date instead, if the stage depends on its past.
    pub seed: Option<DateQuery>,
    /// Expected rows per date.
    pub expect: ExpectRows,
}

/// A `GoogleSQL` SELECT with a date parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateQuery {
    /// The SQL text.
    pub sql: String,
    /// Which date parameter it has.
    pub binds: Binds,
    /// The zone in which its days begin: of `@start` and `@end`.
    pub zone: Timezone,
}

/// The date parameter of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binds {
    /// `@date`: runs once per date.
    OneDate,
    /// `@dates`: runs for many dates at once.
    ManyDates,
}

/// Expected rows per date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectRows {
    /// One or more.
    Some,
    /// Exactly this many.
    Exactly(u32),
    /// The number a query returns.
    Query(DateQuery),
}

/// A stage that runs a program, for each date or for several consecutive ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandSpec {
    /// Program and arguments.
    pub argv: Vec<Template>,
    /// Environment variables added to backcourt's own.
    pub environment: BTreeMap<String, Template>,
    /// Maximum number of consecutive dates per call.
    pub batch: usize,
    /// Maximum number of dates per call after a failure; half of the failed call if none.
    pub retry_batch: Option<usize>,
    /// Working directory: the folder of the plan file; for a built-in plan, backcourt's own.
    pub folder: Option<PathBuf>,
    /// Time limit per call.
    pub timeout: Duration,
    /// Exit code for a date with nothing to do.
    pub skip_exit_code: Option<u8>,
    /// Exit code that asks for a retry.
    pub retry_exit_code: u8,
    /// What it leaves in the warehouse.
    pub output: StageOutput,
    /// Expected rows per date, if it leaves any.
    pub expect: ExpectRows,
}

/// One execution of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramCall {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Variables added to backcourt's own.
    pub environment: BTreeMap<String, String>,
}

impl CommandSpec {
    /// The program's call for all dates from the first to the last.
    #[must_use]
    pub fn call(&self, first: Partition, last: Partition) -> ProgramCall {
        let filled = |text: &Template| text.filled(first, last);
        let variables = self.environment.iter();
        ProgramCall {
            argv: self.argv.iter().map(filled).collect(),
            environment: variables
                .map(|(name, value)| (name.clone(), filled(value)))
                .collect(),
        }
    }
}

/// What a program leaves in the warehouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StageOutput {
    /// Nothing backcourt can inspect: only the exit code counts.
    Nothing,
    /// Rows that it writes itself.
    Rows {
        /// `dataset.table`.
        table: String,
        /// The date column of the table.
        date_column: String,
        /// The length of its partitions.
        grain: Grain,
        /// The rows of the table that belong to the plan.
        slice: Slice,
    },
    /// Rows that it prints and backcourt stores.
    Printed(TableDef),
}

/// The dates on which a stage has work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Active {
    /// Every date.
    Always,
    /// These days of the week.
    Weekdays(Vec<Weekday>),
    /// The dates in the first column of a query's result.
    Query(String),
}

impl Active {
    /// Whether the day of the week may have work.
    #[must_use]
    pub fn includes_weekday(&self, date: Partition) -> bool {
        match self {
            Self::Weekdays(days) => days.contains(&date.first_day().weekday()),
            Self::Always | Self::Query(_) => true,
        }
    }
}

/// A table that a stage reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadSpec {
    /// `dataset.table`.
    pub table: String,
    /// Which of its rows a unit reads, besides those of its own date.
    pub reach: ReadReach,
}

/// The rows of a table that a unit reads besides those of its own date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReadReach {
    /// Those of this many days before.
    DaysBack(u32),
    /// Those of this many dates of the reading stage before and after.
    Around {
        /// Dates before.
        back: u32,
        /// Dates after.
        ahead: u32,
    },
}

/// How a stage starts once its upstream gates are open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Advance {
    /// Automatically.
    #[default]
    Auto,
    /// After the operator's approval.
    Ask,
}

/// Which dates of a stage start first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WorkOrder {
    /// The earliest dates.
    #[default]
    OldestFirst,
    /// The latest dates.
    NewestFirst,
}

/// A step of the plan that runs per date and fills at most one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageSpec {
    /// Name, unique in the plan.
    pub name: String,
    /// `dataset.table` it fills, if any.
    pub table: Option<String>,
    /// How its rows are computed.
    pub kind: StageKind,
    /// Its dates: those of its length that lie completely in the range of the plan.
    pub range: PartitionRange,
    /// Upstream stages, whose gates must be open before this one starts. They come earlier in the plan.
    pub needs: Vec<String>,
    /// Whether it needs approval to start.
    pub advance: Advance,
    /// Whether each date starts only when the dates before it are done, and may read their rows in its own table.
    pub depends_on_past: bool,
    /// On which dates it has work; built-in stages decide that themselves.
    pub active: Active,
    /// The tables it reads; built-in stages declare them in code.
    pub reads: Vec<ReadSpec>,
    /// Fingerprint of everything that determines its rows; recorded with every unit.
    pub fingerprint: Fingerprint,
}

impl StageSpec {
    /// Its table, if a query fills it and its columns aren't known yet, and its queries.
    #[must_use]
    pub fn inferred(&self) -> Option<(&InferredTable, &SqlSpec)> {
        match &self.kind {
            StageKind::Sql(spec) => match &spec.table {
                FilledTable::Inferred(table) => Some((table, spec)),
                FilledTable::Complete(_) => None,
            },
            StageKind::Nba | StageKind::Command(_) => None,
        }
    }

    /// The stage with the complete definition of the table that its query fills. Its fingerprint stays: the columns
    /// follow from the query.
    pub fn complete(&mut self, table: TableDef) {
        if let StageKind::Sql(spec) = &mut self.kind {
            spec.table = FilledTable::Complete(table);
        }
    }

    /// The queries a run executes for it, without its checks.
    pub fn queries(&self) -> impl Iterator<Item = &str> {
        let (query, seed, expect) = match &self.kind {
            StageKind::Nba => (None, None, None),
            StageKind::Sql(spec) => (Some(&spec.query), spec.seed.as_ref(), Some(&spec.expect)),
            StageKind::Command(spec) => (None, None, Some(&spec.expect)),
        };
        let filling = query.into_iter().chain(seed).map(|query| query.sql.as_str());
        let expect = match expect {
            Some(ExpectRows::Query(query)) => Some(query.sql.as_str()),
            _ => None,
        };
        let active = match &self.active {
            Active::Query(sql) => Some(sql.as_str()),
            _ => None,
        };
        filling.chain(expect).chain(active)
    }
}
