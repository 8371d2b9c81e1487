//! The columns of a range of dates, as fine as fits a width: days, weeks, months, quarters or years. Knows calendars, not
//! stages or states.

use chrono::{Datelike, NaiveDate};

use super::calendar::{titled, year_label};
use crate::partition::{Grain, Partition};

/// The length of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Interval {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Interval {
    /// Every interval, from the finest to the coarsest.
    const ALL: [Self; 5] = [Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// Days in the longest of them.
    const fn days(self) -> i64 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 31,
            Self::Quarter => 92,
            Self::Year => 366,
        }
    }
}

/// A range divided into equal columns, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timescale {
    interval: Interval,
    /// The month in which a year begins, from 0.
    first_month: i64,
    /// The number of the first column in the calendar.
    first: i64,
    len: usize,
}

impl Timescale {
    /// The finest scale of at most `room` columns on which a partition fills no more than one; of years, if even those
    /// are more. A year begins in `first_month`, except for partitions that are calendar years themselves.
    pub fn fitting(first: Partition, last: Partition, first_month: u32, room: usize) -> Self {
        let days = (first.last_day() - first.first_day()).num_days() + 1;
        let is_year = days > Interval::Quarter.days();
        // A damaged recording may name any month.
        let first_month = if is_year { 1 } else { first_month.clamp(1, 12) };
        let scale = |interval| {
            let unplaced = Self {
                interval,
                first_month: i64::from(first_month) - 1,
                first: 0,
                len: 1,
            };
            let from = unplaced.number(first.first_day());
            let columns = unplaced.number(last.first_day()) - from + 1;
            Self {
                first: from,
                len: usize::try_from(columns).unwrap_or(1),
                ..unplaced
            }
        };
        let scales = Interval::ALL
            .into_iter()
            .filter(|interval| interval.days() >= days);
        let fits = |scale: &Self| scale.len <= room;
        (scales.map(scale).find(fits)).unwrap_or_else(|| scale(Interval::Year))
    }

    /// The number of columns.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// The column of a day; of one outside the range the nearest.
    pub fn column(&self, day: NaiveDate) -> usize {
        let at = usize::try_from(self.number(day) - self.first).unwrap_or(0);
        at.min(self.len.saturating_sub(1))
    }

    /// The first day of a column.
    pub fn start(&self, column: usize) -> NaiveDate {
        let number = i64::try_from(column).map_or(i64::MAX, |column| self.first.saturating_add(column));
        let day = match self.interval {
            Interval::Day => day_number(number),
            Interval::Week => number
                .checked_mul(7)
                .and_then(|days| day_number(days.checked_add(1)?)),
            Interval::Month => self.month_start(number, 1),
            Interval::Quarter => self.month_start(number, 3),
            Interval::Year => self.month_start(number, 12),
        };
        day.unwrap_or(NaiveDate::MAX)
    }

    /// The period of a column in words: `Sat 2023-12-16`, `2023-W50`, `2023-12`, `2023-10..2023-12`, `2023`.
    pub fn title(&self, column: usize) -> String {
        let start = self.start(column);
        match self.interval {
            Interval::Day => titled(Partition::day(start)),
            Interval::Week => Partition::containing(start, Grain::Week).to_string(),
            Interval::Month => Partition::containing(start, Grain::Month).to_string(),
            Interval::Year if self.first_month == 0 => Partition::containing(start, Grain::Year).to_string(),
            Interval::Quarter | Interval::Year => {
                let end = self.start(column + 1).pred_opt().unwrap_or(NaiveDate::MAX);
                let [from, to] = [start, end].map(|day| Partition::containing(day, Grain::Month));
                format!("{from}..{to}")
            }
        }
    }

    /// Columns that begin a year, or a month on a scale of days or weeks, each with its label; the first column too.
    pub fn labels(&self) -> Vec<(usize, String)> {
        let months = matches!(self.interval, Interval::Day | Interval::Week);
        let group = |column: usize| {
            let month = self.month_number(self.start(column));
            if months { month } else { month.div_euclid(12) }
        };
        let begins = |column: &usize| *column == 0 || group(*column) != group(*column - 1);
        let label = |column: usize| {
            if months {
                return Partition::containing(self.start(column), Grain::Month).to_string();
            }
            let year = i32::try_from(group(column)).unwrap_or(0);
            year_label(year, u32::try_from(self.first_month + 1).unwrap_or(1))
        };
        let columns = (0..self.len).filter(begins);
        columns.map(|column| (column, label(column))).collect()
    }

    /// The number of the interval that contains a day.
    fn number(&self, day: NaiveDate) -> i64 {
        let days = i64::from(day.num_days_from_ce());
        match self.interval {
            Interval::Day => days,
            // The first day of the calendar is a Monday and has the number 1.
            Interval::Week => (days - 1).div_euclid(7),
            Interval::Month => self.month_number(day),
            Interval::Quarter => self.month_number(day).div_euclid(3),
            Interval::Year => self.month_number(day).div_euclid(12),
        }
    }

    /// The number of a month, counted so that twelve times a year's number is its first month.
    fn month_number(&self, day: NaiveDate) -> i64 {
        i64::from(day.year()) * 12 + i64::from(day.month0()) - self.first_month
    }

    /// The first day of the interval of this many months.
    fn month_start(&self, number: i64, months: i64) -> Option<NaiveDate> {
        let month = number.checked_mul(months)?.checked_add(self.first_month)?;
        let year = i32::try_from(month.div_euclid(12)).ok()?;
        NaiveDate::from_ymd_opt(year, u32::try_from(month.rem_euclid(12)).ok()? + 1, 1)
    }
}

fn day_number(number: i64) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(number).ok()?)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn scale(first: &str, last: &str, first_month: u32, room: usize) -> Timescale {
        let of = |text| Partition::parse(text).unwrap();
        Timescale::fitting(of(first), of(last), first_month, room)
    }

    #[rstest]
    #[case("2021-10-19", "2026-01-03", 1, 60, Interval::Month, 52)]
    #[case("2021-01-01", "2025-12-31", 1, 60, Interval::Month, 60)]
    #[case("2021-01-01", "2025-12-31", 1, 59, Interval::Quarter, 20)]
    #[case("2021-10-19", "2026-01-03", 10, 40, Interval::Quarter, 18)]
    #[case("2021-10-19", "2026-01-03", 10, 10, Interval::Year, 5)]
    #[case("2021-10-19", "2026-01-03", 1, 10, Interval::Year, 6)]
    #[case("2024-01-01", "2024-02-20", 1, 60, Interval::Day, 51)]
    #[case("2024-01-01", "2024-12-31", 1, 60, Interval::Week, 53)]
    #[case("2024-W10", "2024-W12", 1, 60, Interval::Week, 3)]
    #[case("2024-02", "2024-12", 1, 60, Interval::Month, 11)]
    #[case("2015", "2024", 10, 60, Interval::Year, 10)]
    #[case("1920-01-01", "2025-01-01", 1, 20, Interval::Year, 106)]
    fn the_finest_interval_that_fits(
        #[case] first: &str,
        #[case] last: &str,
        #[case] first_month: u32,
        #[case] room: usize,
        #[case] interval: Interval,
        #[case] len: usize,
    ) {
        let scale = scale(first, last, first_month, room);
        assert_eq!((scale.interval, scale.len()), (interval, len));
    }

    /// Every day belongs to the column whose days surround it.
    #[rstest]
    fn columns_are_without_gaps(
        #[values(1500, 220, 53, 18, 5)] room: usize,
        #[values(1, 10)] first_month: u32,
    ) {
        let scale = scale("2021-10-19", "2025-10-03", first_month, room);
        let first: NaiveDate = "2021-10-19".parse().unwrap();
        let last: NaiveDate = "2025-10-03".parse().unwrap();
        for day in first.iter_days().take_while(|day| *day <= last) {
            let column = scale.column(day);
            assert!(column < scale.len());
            assert!(
                scale.start(column) <= day && day < scale.start(column + 1),
                "{day}"
            );
        }
        assert_eq!(scale.column(first), 0);
        assert_eq!(scale.column(last), scale.len() - 1);
    }

    #[rstest]
    #[case("2023-12-01", "2023-12-20", 1, "Sat 2023-12-02")]
    #[case("2023-01-02", "2023-12-20", 1, "2023-W02")]
    #[case("2021-01-01", "2025-12-31", 1, "2021-02")]
    #[case("2018-10-01", "2025-12-31", 10, "2019-01..2019-03")]
    #[case("1981-10-01", "2025-12-31", 10, "1982-10..1983-09")]
    #[case("1981-10-01", "2025-12-31", 1, "1982")]
    fn a_period_in_words(
        #[case] first: &str,
        #[case] last: &str,
        #[case] first_month: u32,
        #[case] title: &str,
    ) {
        assert_eq!(scale(first, last, first_month, 60).title(1), title);
    }

    #[test]
    fn labels_stand_where_a_year_or_month_begins() {
        let labels = |first, last, first_month| {
            let labels = scale(first, last, first_month, 60).labels();
            let texts = labels
                .into_iter()
                .map(|(column, label)| format!("{column} {label}"));
            texts.collect::<Vec<_>>().join(", ")
        };
        assert_eq!(
            labels("2021-10-19", "2024-01-03", 10),
            "0 21/22, 12 22/23, 24 23/24"
        );
        assert_eq!(
            labels("2021-10-19", "2024-01-03", 1),
            "0 2021, 3 2022, 15 2023, 27 2024"
        );
        assert_eq!(labels("2023-12-20", "2024-01-03", 1), "0 2023-12, 12 2024-01");
    }
}
