//! The season a date belongs to.

use std::fmt;

use chrono::{Datelike, NaiveDate};

/// The year in which a season starts: 2021 for 2021-22. A season starts in October.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeasonYear(i32);

impl SeasonYear {
    /// The season of a date.
    #[must_use]
    pub fn of(date: NaiveDate) -> Self {
        Self(if date.month() >= 10 {
            date.year()
        } else {
            date.year() - 1
        })
    }

    /// The first of October of its year. No game of the season is earlier.
    #[must_use]
    pub fn first_day(self) -> NaiveDate {
        // The year comes from a date, so it is in range.
        NaiveDate::from_ymd_opt(self.0, 10, 1).unwrap_or(NaiveDate::MIN)
    }

    /// The year as stored in a `season_year` column.
    #[must_use]
    pub fn year(self) -> i64 {
        self.0.into()
    }
}

/// In the league's format: `2021-22`.
impl fmt::Display for SeasonYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}", self.0, (self.0 + 1).rem_euclid(100))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("2021-10-19", 2021, "2021-22")]
    #[case("2022-06-16", 2021, "2021-22")]
    #[case("2022-09-30", 2021, "2021-22")]
    #[case("2022-10-01", 2022, "2022-23")]
    #[case("2026-01-03", 2025, "2025-26")]
    #[case("1999-12-31", 1999, "1999-00")]
    fn a_season_begins_in_october(#[case] date: NaiveDate, #[case] year: i64, #[case] written: &str) {
        let season = SeasonYear::of(date);
        assert_eq!((season.year(), season.to_string().as_str()), (year, written));
        assert_eq!(season.first_day().to_string(), format!("{year}-10-01"));
    }
}
