//! What the engine requires of a stage: it reads a batch at once and computes it date by date.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;

use crate::partition::{Grain, Partition, Timezone};
use crate::table::{PartitionColumn, Quarantined, Row, Slice, TableDef};
use crate::warehouse::{Asking, ErrorClass, Warehouse, WarehouseError};

use super::MemoryShare;
use crate::reason::bounded;

/// A table that a stage reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// `dataset.table`.
    pub table: String,
    /// The dates of the table that a unit depends on.
    pub reach: Reach,
}

/// The dates of an input that a unit depends on.
#[derive(Debug, Clone, Copy)]
pub enum Reach {
    /// Its own date.
    SameDate,
    /// From the day this function returns for its date to the day before its date.
    Before(fn(Partition) -> Partition),
    /// Its own date and this many days before it.
    Days(u32),
    /// Its own date, and this many dates of its length before and after it.
    Around {
        /// Dates before it.
        back: u32,
        /// Dates after it.
        ahead: u32,
    },
}

impl PartialEq for Reach {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::SameDate, Self::SameDate) | (Self::Before(_), Self::Before(_)) => true,
            (Self::Days(days), Self::Days(others)) => days == others,
            (
                Self::Around { back, ahead },
                Self::Around {
                    back: before,
                    ahead: after,
                },
            ) => (back, ahead) == (before, after),
            _ => false,
        }
    }
}

impl Eq for Reach {}

impl Reach {
    /// The first and last date of this length that a unit may depend on; an empty range if the last is earlier. A date that
    /// is longer or shorter than the unit's counts if they overlap.
    pub(super) fn ends(self, date: Partition, grain: Grain) -> (Partition, Partition) {
        let (first, last) = match self {
            Self::SameDate => (date, date),
            Self::Before(first) => (first(date), date.previous().unwrap_or(Partition::MIN)),
            Self::Days(days) => {
                let before = TimeDelta::days(days.into());
                let first = date.start(Timezone::UTC).checked_sub_signed(before);
                let first = first.map_or(Partition::MIN, |start| Partition::at(start, grain, Timezone::UTC));
                (first, date)
            }
            Self::Around { back, ahead } => (
                date.moved(-i64::from(back)).unwrap_or(Partition::MIN),
                date.moved(ahead.into()).unwrap_or(Partition::MAX),
            ),
        };
        (first.at_start(grain), last.at_end(grain))
    }

    /// Whether a unit of this date depends on any of these dates of a length.
    pub(super) fn depends_on_any(self, date: Partition, of: &BTreeSet<Partition>, grain: Grain) -> bool {
        let (first, last) = self.ends(date, grain);
        let (first, last) = (first.at_start(Grain::Hour), last.at_end(Grain::Hour));
        first <= last && of.range(first..=last).next().is_some()
    }
}

/// The expected result of a date, known before it is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The schedule expects this many rows.
    Rows(u32),
    /// Rows are expected; how many is known only once the feeds have been read.
    SomeRows,
    /// Whether there is anything to do shows only when it is tried. A date skipped then stays skipped.
    Unknown,
    /// Nothing to do, with the reason.
    Skip(String),
}

/// What a stage writes to the warehouse, and how.
#[derive(Debug, Clone, Copy)]
pub enum Fills<'a> {
    /// Rows computed here replace those of their dates.
    Computed(&'a TableDef),
    /// A query replaces the rows within the warehouse.
    Query(&'a TableDef, &'a str, Asking),
    /// Another program writes the rows; they are only counted.
    Counted(CountedTable<'a>),
    /// No table.
    Nothing,
}

/// The consecutive dates that one call of a program gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallSize {
    /// At most this many.
    pub dates: usize,
    /// At most this many after a failed call; half of that call if none.
    pub after_failure: Option<usize>,
}

/// A table known only well enough to count its rows.
#[derive(Debug, Clone, Copy)]
pub struct CountedTable<'a> {
    pub path: &'a str,
    pub date_column: &'a str,
    pub grain: Grain,
    pub slice: &'a Slice,
}

impl CountedTable<'_> {
    pub(super) fn column(&self) -> PartitionColumn {
        PartitionColumn::of_any_type(self.date_column, self.grain).within(self.slice)
    }
}

impl<'a> Fills<'a> {
    /// The table's definition, if backcourt creates it.
    #[must_use]
    pub const fn definition(self) -> Option<&'a TableDef> {
        match self {
            Self::Computed(table) | Self::Query(table, ..) => Some(table),
            Self::Counted(_) | Self::Nothing => None,
        }
    }

    /// `dataset.table`; `None` if the stage has no table.
    #[must_use]
    pub fn path(self) -> Option<String> {
        match self {
            Self::Computed(table) | Self::Query(table, ..) => Some(table.path()),
            Self::Counted(table) => Some(table.path.to_owned()),
            Self::Nothing => None,
        }
    }

    /// The slice of the table that it fills; `None` if the stage has no table.
    #[must_use]
    pub const fn slice(self) -> Option<&'a Slice> {
        match self {
            Self::Computed(table) | Self::Query(table, ..) => Some(&table.slice),
            Self::Counted(table) => Some(table.slice),
            Self::Nothing => None,
        }
    }
}

/// The result of computing one date.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// Expected rows; `None` if unknown, and then at least one row is required.
    pub expected: Option<u32>,
    /// Why there is nothing to do after all.
    pub skip: Option<String>,
    /// Computed rows, in the columns of the stage's table.
    pub rows: Vec<Row>,
    /// Rows found unfit to be stored while they were read.
    pub quarantined: Vec<Quarantined>,
    /// Why rows are missing, one sentence each; empty if none are.
    pub missing: Vec<String>,
    /// Remarks that don't affect the date's state.
    pub notes: Vec<String>,
    /// The memory that the rows use, if it is shared.
    pub memory: MemoryShare,
}

/// A batch could not be read or computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StageError {
    /// Decides whether to retry, back off or stop.
    pub class: ErrorClass,
    /// What happened, to what, and what to do next.
    pub message: String,
}

impl StageError {
    /// The same error with its message cut to the length recorded for a unit.
    pub(super) fn bounded(&self) -> Self {
        Self {
            class: self.class,
            message: bounded(&self.message),
        }
    }
}

impl From<WarehouseError> for StageError {
    fn from(error: WarehouseError) -> Self {
        Self {
            class: error.class,
            message: error.message,
        }
    }
}

/// A step of the plan that runs date by date and writes at most one table.
#[async_trait]
pub trait Stage: Send + Sync + fmt::Debug {
    /// Stage name, as in the plan.
    fn name(&self) -> &str;

    /// What it writes to the warehouse.
    fn fills(&self) -> Fills<'_>;

    /// How many dates one call of an external program gets; `None` if no program runs the unit. A program uses none of
    /// the warehouse's read slots.
    fn calls(&self) -> Option<CallSize> {
        None
    }

    /// The tables it reads, and for each the dates that a unit depends on. A change to one of those makes the unit
    /// stale.
    fn inputs(&self) -> Vec<Input>;

    /// The length of its dates.
    fn grain(&self) -> Grain {
        Grain::Day
    }

    /// Whether a date starts only when the dates before it are done, and may read their rows in the stage's own table.
    fn depends_on_past(&self) -> bool {
        false
    }

    /// The query for the first date, which has no date before it; `None` if it is the same as for the others.
    fn seed(&self) -> Option<&str> {
        None
    }

    /// The expected result of each date, in the same order.
    async fn scope(&self, warehouse: &dyn Warehouse, dates: &[Partition]) -> Result<Vec<Scope>, StageError>;

    /// The groups of a date known without its rows, such as the games of a schedule, so that a group without rows is
    /// shown too.
    async fn groups(&self, _warehouse: &dyn Warehouse, _date: Partition) -> Result<Vec<String>, StageError> {
        Ok(Vec::new())
    }

    /// A reader for its batches. It may keep what several of them need, so it must be replaced when an input changes.
    fn reader(&self) -> Arc<dyn BatchReader>;
}

/// Reads the inputs of batches of one stage, as long as none of its inputs changes.
#[async_trait]
pub trait BatchReader: Send + Sync + fmt::Debug {
    /// Reads everything the dates of a batch need.
    async fn read(
        &self,
        warehouse: &dyn Warehouse,
        batch: BatchDates<'_>,
        source: &str,
    ) -> Result<Box<dyn Inputs>, StageError>;
}

/// The dates of a batch, and of the batches after it.
#[derive(Debug, Clone, Copy)]
pub struct BatchDates<'a> {
    /// The dates to read now, ascending.
    pub dates: &'a [Partition],
    /// All dates that the stage still has to read in this run; what they share can be read at once.
    pub upcoming: &'a [Partition],
}

impl<'a> BatchDates<'a> {
    /// The only batch of these dates.
    #[must_use]
    pub const fn alone(dates: &'a [Partition]) -> Self {
        Self {
            dates,
            upcoming: dates,
        }
    }
}

/// The data read for a batch. Computing from it is pure: no clock, no warehouse, no blocking.
pub trait Inputs: Send {
    /// Computes the rows of one of the dates read.
    ///
    /// # Errors
    /// If the inputs of this date can't be used at all.
    fn compute(&self, date: Partition) -> Result<Outcome, StageError>;
}
