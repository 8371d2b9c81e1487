//! How long a partition is. Knows calendars, not plans or tables.

use std::fmt;

use chrono::{Datelike, Days, Months, NaiveDate, TimeDelta};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The length of a partition, from the shortest to the longest.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Grain {
    /// An hour of UTC.
    Hour,
    /// A calendar day.
    #[default]
    Day,
    /// An ISO week, Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
}

impl Grain {
    /// Every grain, from the shortest to the longest.
    pub const ALL: [Self; 5] = [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Year];

    /// Whether partitions of this length divide longer ones of the other without a rest, or are as long.
    #[must_use]
    pub fn divides(self, longer: Self) -> bool {
        self == longer || self < longer && self != Self::Week
    }

    /// The name in a plan file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The granularity of `DATE_TRUNC` in `GoogleSQL`, of hours that of `TIMESTAMP_TRUNC`.
    #[must_use]
    pub const fn sql_name(self) -> &'static str {
        match self {
            Self::Hour => "HOUR",
            Self::Day => "DAY",
            Self::Week => "ISOWEEK",
            Self::Month => "MONTH",
            Self::Year => "YEAR",
        }
    }

    /// The format of `FORMAT_DATE`, of hours `FORMAT_TIMESTAMP`, that writes a partition from its start.
    #[must_use]
    pub const fn sql_format(self) -> &'static str {
        match self {
            Self::Hour => "%Y-%m-%dT%H",
            Self::Day => "%Y-%m-%d",
            Self::Week => "%G-W%V",
            Self::Month => "%Y-%m",
            Self::Year => "%Y",
        }
    }

    /// What a day outside a partition is not: `the date`, `in the month`.
    #[must_use]
    pub const fn place(self) -> &'static str {
        match self {
            Self::Hour => "in the hour",
            Self::Day => "the date",
            Self::Week => "in the week",
            Self::Month => "in the month",
            Self::Year => "in the year",
        }
    }

    /// Several of them, in words: days are called dates.
    pub(super) const fn plural(self) -> &'static str {
        match self {
            Self::Hour => "hours",
            Self::Day => "dates",
            Self::Week => "weeks",
            Self::Month => "months",
            Self::Year => "years",
        }
    }

    /// How a partition is written, for error messages.
    pub(super) const fn form(self) -> &'static str {
        match self {
            Self::Hour => "YYYY-MM-DDTHH",
            Self::Day => "YYYY-MM-DD",
            Self::Week => "YYYY-Www",
            Self::Month => "YYYY-MM",
            Self::Year => "YYYY",
        }
    }

    /// The first day of the partition that contains `day`, of an hour its day. Only the first week of the calendar has
    /// none; its days are their own start.
    pub(super) fn first_day(self, day: NaiveDate) -> NaiveDate {
        let start = match self {
            Self::Hour | Self::Day => Some(day),
            Self::Week => day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())),
            Self::Month => day.with_day(1),
            Self::Year => day.with_day(1).and_then(|day| day.with_month(1)),
        };
        start.unwrap_or(day)
    }

    /// The first day of a partition of days or more that is later or earlier, from the first day of one; `None` outside
    /// the calendar, and for hours.
    pub(super) fn moved(self, start: NaiveDate, by: i64) -> Option<NaiveDate> {
        match self {
            Self::Hour => None,
            Self::Day => start.checked_add_signed(TimeDelta::try_days(by)?),
            Self::Week => start.checked_add_signed(TimeDelta::try_weeks(by)?),
            Self::Month => months_later(start, by),
            Self::Year => months_later(start, by.checked_mul(12)?),
        }
    }
}

fn months_later(start: NaiveDate, by: i64) -> Option<NaiveDate> {
    let months = Months::new(u32::try_from(by.unsigned_abs()).ok()?);
    if by < 0 {
        start.checked_sub_months(months)
    } else {
        start.checked_add_months(months)
    }
}

impl fmt::Display for Grain {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.name())
    }
}
