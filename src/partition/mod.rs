//! Partitions: the days, weeks, months or years that a plan fills one by one, their text forms and ranges. Knows
//! nothing of plans, tables or screens.

mod grain;
mod parameter;
mod range;
mod stored;
mod text;

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub use grain::Grain;
pub use parameter::Parameter;
pub use range::{PartitionRange, PartitionRanges, compact, expand};
pub use text::{PartitionError, parse_day};

/// A day, week, month or year of the calendar. Ordered by the first day, then from short to long.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Partition {
    start: NaiveDate,
    grain: Grain,
}

impl Partition {
    /// Before every partition of a plan.
    pub const MIN: Self = Self::day(NaiveDate::MIN);
    /// After every partition of a plan.
    pub const MAX: Self = Self::day(NaiveDate::MAX);

    /// A calendar day.
    #[must_use]
    pub const fn day(date: NaiveDate) -> Self {
        Self {
            start: date,
            grain: Grain::Day,
        }
    }

    /// The partition of this length that contains `day`.
    #[must_use]
    pub fn containing(day: NaiveDate, grain: Grain) -> Self {
        Self {
            start: grain.start(day),
            grain,
        }
    }

    /// Parses `2024-03-05`, `2024-W10`, `2024-03` or `2024`.
    ///
    /// # Errors
    /// When the text has another form, or there is no such partition.
    pub fn parse(text: &str) -> Result<Self, PartitionError> {
        text::parse(text)
    }

    /// Parses a partition of this length.
    ///
    /// # Errors
    /// As [`Self::parse`], or when the text is a longer or shorter one.
    pub fn parse_as(text: &str, grain: Grain) -> Result<Self, PartitionError> {
        let partition = Self::parse(text)?;
        if partition.grain == grain {
            Ok(partition)
        } else {
            Err(PartitionError::OtherGrain(partition, grain))
        }
    }

    /// Its length.
    #[must_use]
    pub const fn grain(self) -> Grain {
        self.grain
    }

    /// The first day.
    #[must_use]
    pub const fn first_day(self) -> NaiveDate {
        self.start
    }

    /// The last day.
    #[must_use]
    pub fn last_day(self) -> NaiveDate {
        self.end()
            .and_then(|end| end.pred_opt())
            .unwrap_or(NaiveDate::MAX)
    }

    /// The first day after it; `None` at the end of the calendar.
    #[must_use]
    pub fn end(self) -> Option<NaiveDate> {
        self.grain.moved(self.start, 1)
    }

    /// The first instant, in UTC.
    #[must_use]
    pub fn start(self) -> DateTime<Utc> {
        midnight(self.start)
    }

    /// The first instant after it, in UTC; at most the last of a TIMESTAMP, the end of the year 9999.
    #[must_use]
    pub fn end_instant(self) -> DateTime<Utc> {
        let end = self.end().filter(|end| end.year() <= 9999);
        end.map_or_else(|| self.last_instant(), midnight)
    }

    /// The last microsecond, in UTC; a TIMESTAMP has no finer one.
    #[must_use]
    pub fn last_instant(self) -> DateTime<Utc> {
        midnight(self.last_day()) + TimeDelta::days(1) - TimeDelta::microseconds(1)
    }

    /// Its days in order.
    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        let last = self.last_day();
        self.start.iter_days().take_while(move |day| *day <= last)
    }

    /// Whether it contains this day.
    #[must_use]
    pub fn contains(self, day: NaiveDate) -> bool {
        self.grain.start(day) == self.start
    }

    /// The next partition of the same length; `None` at the end of the calendar.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.moved(1)
    }

    /// The previous partition of the same length; `None` at the start of the calendar.
    #[must_use]
    pub fn previous(self) -> Option<Self> {
        self.moved(-1)
    }

    /// The partition of the same length this many later, or earlier if negative; `None` outside the calendar.
    #[must_use]
    pub fn moved(self, by: i64) -> Option<Self> {
        let start = self.grain.moved(self.start, by)?;
        Some(Self { start, ..self })
    }

    /// It and those after it of the same length, up to and including `last`.
    pub fn up_to(self, last: Self) -> impl Iterator<Item = Self> + use<> {
        std::iter::successors(Some(self), |partition| partition.next())
            .take_while(move |partition| partition.start <= last.start)
    }

    /// How many partitions of its length lie between it and `other`, counted from it; negative if `other` is earlier.
    #[must_use]
    pub fn distance(self, other: Self) -> i64 {
        let months = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month0());
        let days = (other.start - self.start).num_days();
        match self.grain {
            Grain::Day => days,
            Grain::Week => days.div_euclid(7),
            Grain::Month => months(other.start) - months(self.start),
            Grain::Year => i64::from(other.start.year()) - i64::from(self.start.year()),
        }
    }
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

impl From<NaiveDate> for Partition {
    fn from(date: NaiveDate) -> Self {
        Self::day(date)
    }
}

impl std::str::FromStr for Partition {
    type Err = PartitionError;

    fn from_str(text: &str) -> Result<Self, PartitionError> {
        text::parse(text)
    }
}

impl TryFrom<String> for Partition {
    type Error = PartitionError;

    fn try_from(text: String) -> Result<Self, PartitionError> {
        text::parse(&text)
    }
}

impl From<Partition> for String {
    fn from(partition: Partition) -> Self {
        partition.to_string()
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write(*self, to)
    }
}

impl fmt::Debug for Partition {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write(*self, to)
    }
}

#[cfg(test)]
mod tests;
