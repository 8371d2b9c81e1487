//! Partitions: the hours, days, weeks, months or years that a plan fills one by one, their text forms and ranges. Knows
//! nothing of plans, tables or screens.

mod grain;
mod parameter;
mod range;
mod stored;
mod text;
mod timezone;

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};
use serde::{Deserialize, Serialize};

pub use grain::Grain;
pub use parameter::Parameter;
pub use range::{PartitionRange, PartitionRanges, compact, expand, whole_partitions};
pub use text::{PartitionError, parse_day};
pub use timezone::Timezone;

/// The first and the last day of SQL's calendar.
const FIRST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(1, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};
/// See [`FIRST_DAY`].
const LAST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(9999, 12, 31) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

const A_MICROSECOND: TimeDelta = TimeDelta::microseconds(1);

/// An hour, day, week, month or year of the calendar. Ordered by the start, then from short to long.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Partition {
    first_day: NaiveDate,
    /// The hour of the day, 0 to 23; 0 for anything longer.
    hour: u8,
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
            first_day: date,
            hour: 0,
            grain: Grain::Day,
        }
    }

    /// The partition of this length that contains `day`, or its first hour.
    #[must_use]
    pub fn containing(day: NaiveDate, grain: Grain) -> Self {
        Self {
            first_day: grain.first_day(day),
            hour: 0,
            grain,
        }
    }

    /// The partition of this length that contains the instant, of days in the zone.
    #[must_use]
    pub fn at(instant: DateTime<Utc>, grain: Grain, zone: Timezone) -> Self {
        match grain {
            Grain::Hour => {
                let hour = u8::try_from(instant.hour()).unwrap_or(0);
                Self::containing_hour((instant.date_naive(), hour), grain)
            }
            Grain::Day | Grain::Week | Grain::Month | Grain::Year => {
                Self::containing(zone.day_of(instant), grain)
            }
        }
    }

    /// The partition of this length in which it begins.
    #[must_use]
    pub fn at_start(self, grain: Grain) -> Self {
        Self::containing_hour(self.first_hour(), grain)
    }

    /// The partition of this length in which it ends.
    #[must_use]
    pub fn at_end(self, grain: Grain) -> Self {
        Self::containing_hour(self.last_hour(), grain)
    }

    /// An hour of a day, 0 to 23; `None` for another number.
    #[must_use]
    pub fn of_hour(day: NaiveDate, hour: u32) -> Option<Self> {
        let hour = u8::try_from(hour).ok().filter(|hour| *hour < 24)?;
        let first = Self::containing(day, Grain::Hour);
        Some(Self { hour, ..first })
    }

    /// The partition of this length that contains an hour of a day, which is below 24.
    fn containing_hour((day, hour): (NaiveDate, u8), grain: Grain) -> Self {
        let hour = if grain == Grain::Hour { hour } else { 0 };
        Self {
            hour,
            ..Self::containing(day, grain)
        }
    }

    /// Parses `2024-03-05T14`, `2024-03-05`, `2024-W10`, `2024-03` or `2024`.
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

    /// Parses the end of a range that begins with it; the end of hours of one day may be `T18`.
    fn parse_later(self, text: &str) -> Result<Self, PartitionError> {
        text::parse_later(self, text)
    }

    /// Its length.
    #[must_use]
    pub const fn grain(self) -> Grain {
        self.grain
    }

    /// The first day; of an hour its day.
    #[must_use]
    pub const fn first_day(self) -> NaiveDate {
        self.first_day
    }

    /// The hour of the day in which it begins.
    #[must_use]
    pub const fn hour(self) -> u8 {
        self.hour
    }

    /// The last day; of an hour its day.
    #[must_use]
    pub fn last_day(self) -> NaiveDate {
        if self.grain <= Grain::Day {
            return self.first_day;
        }
        let end = self.grain.moved(self.first_day, 1);
        end.and_then(|end| end.pred_opt()).unwrap_or(NaiveDate::MAX)
    }

    /// Its first hour: the day and the hour of the day.
    const fn first_hour(self) -> (NaiveDate, u8) {
        (self.first_day, self.hour)
    }

    /// Its last hour, as [`Self::first_hour`].
    fn last_hour(self) -> (NaiveDate, u8) {
        match self.grain {
            Grain::Hour => self.first_hour(),
            Grain::Day | Grain::Week | Grain::Month | Grain::Year => (self.last_day(), 23),
        }
    }

    /// The first instant; of days and longer in the zone.
    #[must_use]
    pub fn start(self, zone: Timezone) -> DateTime<Utc> {
        match self.grain {
            Grain::Hour => midnight(self.first_day) + TimeDelta::hours(self.hour.into()),
            // East of UTC, the first day of SQL's calendar would begin in the year before.
            Grain::Day | Grain::Week | Grain::Month | Grain::Year => {
                zone.start_of(self.first_day).max(midnight(FIRST_DAY))
            }
        }
    }

    /// The first instant after it, in the zone; at most the last of a TIMESTAMP, the end of the year 9999.
    #[must_use]
    pub fn end(self, zone: Timezone) -> DateTime<Utc> {
        let next = self.next().map(|next| next.start(zone));
        next.map_or(last_instant(), |next| next.min(last_instant()))
    }

    /// The last microsecond, in the zone; a TIMESTAMP has no finer one.
    #[must_use]
    pub fn last_instant(self, zone: Timezone) -> DateTime<Utc> {
        let next = self.next().map(|next| next.start(zone) - A_MICROSECOND);
        next.map_or(last_instant(), |next| next.min(last_instant()))
    }

    /// The first day after it; `None` if that is not in the calendar of SQL, which ends with the year 9999.
    #[must_use]
    pub fn day_after(self) -> Option<NaiveDate> {
        self.last_day().succ_opt().filter(|day| *day <= LAST_DAY)
    }

    /// Its days in order; of an hour its day.
    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        let last = self.last_day();
        self.first_day.iter_days().take_while(move |day| *day <= last)
    }

    /// Whether it shares an hour with this day.
    #[must_use]
    pub fn touches(self, day: NaiveDate) -> bool {
        self.grain.first_day(day) == self.first_day
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
        if self.grain == Grain::Hour {
            let hours = by.checked_add(self.hour.into())?;
            let days = TimeDelta::try_days(hours.div_euclid(24))?;
            let first_day = self.first_day.checked_add_signed(days)?;
            let hour = u8::try_from(hours.rem_euclid(24)).ok()?;
            return Some(Self {
                first_day,
                hour,
                ..self
            });
        }
        let first_day = self.grain.moved(self.first_day, by)?;
        Some(Self { first_day, ..self })
    }

    /// It and those after it of the same length, up to and including `last`.
    pub fn up_to(self, last: Self) -> impl Iterator<Item = Self> + use<> {
        std::iter::successors(Some(self), |partition| partition.next())
            .take_while(move |partition| partition.first_hour() <= last.first_hour())
    }

    /// How many partitions of its length lie between it and `other`, counted from it; negative if `other` is earlier.
    #[must_use]
    pub fn distance(self, other: Self) -> i64 {
        let months = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month0());
        let days = (other.first_day - self.first_day).num_days();
        match self.grain {
            Grain::Hour => days * 24 + i64::from(other.hour) - i64::from(self.hour),
            Grain::Day => days,
            Grain::Week => days.div_euclid(7),
            Grain::Month => months(other.first_day) - months(self.first_day),
            Grain::Year => i64::from(other.first_day.year()) - i64::from(self.first_day.year()),
        }
    }
}

/// The last instant of a TIMESTAMP.
fn last_instant() -> DateTime<Utc> {
    midnight(LAST_DAY) + TimeDelta::days(1) - A_MICROSECOND
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
