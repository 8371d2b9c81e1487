//! The range of dates as blocks of a year: weeks are columns, weekdays are rows.

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::partition::{Grain, Partition};

pub const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Maximum number of columns: twelve months in a leap year that starts on a Sunday touch 54 weeks.
pub const MAX_WEEKS: usize = 54;

/// A year of the range; fewer months at its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// First day of its first month.
    pub first: NaiveDate,
    /// Last date of the range, or the last day of its last month.
    pub last: NaiveDate,
    /// The month in which a year begins.
    first_month: u32,
}

/// The blocks from the month of `from` to `to`, oldest first; a year begins in `first_month`.
pub fn blocks(from: NaiveDate, to: NaiveDate, first_month: u32) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut next = from.with_day(1);
    while let Some(first) = next.filter(|first| *first <= to) {
        // A damaged recording may name any month.
        let months = 12 - (12 + first.month() - first_month % 12) % 12;
        let following = first.checked_add_months(Months::new(months));
        let end = following.and_then(|day| day.pred_opt()).unwrap_or(to);
        blocks.push(Block {
            first,
            last: end.min(to),
            first_month,
        });
        next = following;
    }
    blocks
}

/// A date in a heading: days with the day of the week.
pub fn titled(date: Partition) -> String {
    match date.grain() {
        Grain::Hour | Grain::Day => format!("{} {date}", date.first_day().format("%a")),
        Grain::Week | Grain::Month | Grain::Year => date.to_string(),
    }
}

/// How many dates the cursor moves by a key: down, right and a page. A row of hours is a day, a row of days a day of the
/// week; a row of anything longer is a year.
pub const fn steps(grain: Grain) -> [i64; 3] {
    match grain {
        Grain::Hour => [24, 1, 7 * 24],
        Grain::Day => [1, 7, 52 * 7],
        Grain::Week => [52, 1, 5 * 52],
        Grain::Month => [12, 1, 5 * 12],
        Grain::Year => [1, 1, 5],
    }
}

/// The label of the year that begins in this calendar year: `2022`, or `21/22` if it doesn't begin in January.
pub fn year_label(year: i32, first_month: u32) -> String {
    if first_month == 1 {
        year.to_string()
    } else {
        format!("{:02}/{:02}", year.rem_euclid(100), (year + 1).rem_euclid(100))
    }
}

pub fn monday(date: NaiveDate) -> NaiveDate {
    let since = Days::new(u64::from(date.weekday().num_days_from_monday()));
    date.checked_sub_days(since).unwrap_or(date)
}

/// Row of a date: 0 for Monday.
pub fn row(date: NaiveDate) -> usize {
    date.weekday().num_days_from_monday() as usize
}

impl Block {
    /// Column of a date within the block: weeks since the block's first week.
    pub fn column(self, date: NaiveDate) -> usize {
        let days = (monday(date) - monday(self.first)).num_days();
        usize::try_from(days / 7).unwrap_or(0)
    }

    pub fn contains(self, date: NaiveDate) -> bool {
        self.first <= date && date <= self.last
    }

    /// The first day of each month of the block.
    pub fn months(self) -> impl Iterator<Item = NaiveDate> + use<> {
        let (first, last) = (self.first, self.last);
        (0..12)
            .filter_map(move |month| first.checked_add_months(Months::new(month)))
            .take_while(move |day| *day <= last)
    }

    /// The first day of its year, which is earlier than that of the block if the range begins within the year.
    pub fn year_start(self) -> NaiveDate {
        let months = (12 + self.first.month() - self.first_month % 12) % 12;
        self.first
            .checked_sub_months(Months::new(months))
            .unwrap_or(self.first)
    }

    /// The label, five columns wide: `2022`, or `21/22` if a year doesn't begin in January.
    pub fn label(self) -> String {
        let year = self.first.year() - i32::from(self.first.month() < self.first_month);
        format!("{:<5}", year_label(year, self.first_month))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn labels(blocks: &[Block]) -> Vec<String> {
        blocks.iter().map(|block| block.label()).collect()
    }

    #[test]
    fn the_backfill_has_five_blocks_from_october() {
        let blocks = blocks(day("2021-10-19"), day("2026-01-03"), 10);
        assert_eq!(labels(&blocks), ["21/22", "22/23", "23/24", "24/25", "25/26"]);
        assert_eq!(
            (blocks[0].first, blocks[0].last),
            (day("2021-10-01"), day("2022-09-30"))
        );
        assert_eq!(
            (blocks[4].first, blocks[4].last),
            (day("2025-10-01"), day("2026-01-03"))
        );
        assert_eq!(blocks[4].months().count(), 4);
    }

    #[test]
    fn a_block_is_a_year_wherever_the_range_begins() {
        let range = (day("2024-03-01"), day("2025-02-10"));
        assert_eq!(labels(&blocks(range.0, range.1, 1)), ["2024 ", "2025 "]);
        assert_eq!(labels(&blocks(range.0, range.1, 10)), ["23/24", "24/25"]);
        assert_eq!(blocks(range.0, range.1, 1)[0].last, day("2024-12-31"));
    }

    #[test]
    fn every_date_has_a_unique_cell() {
        for (from, to, first_month) in [("2021-10-19", "2026-01-03", 10), ("2012-03-01", "2013-12-31", 1)] {
            let mut seen = std::collections::HashSet::new();
            let blocks = blocks(day(from), day(to), first_month);
            for date in day(from).iter_days().take_while(|date| *date <= day(to)) {
                let (index, block) = blocks
                    .iter()
                    .enumerate()
                    .find(|(_, block)| block.contains(date))
                    .unwrap();
                let column = block.column(date);
                assert!(column < MAX_WEEKS);
                assert!(seen.insert((index, column, row(date))), "{date}");
            }
        }
    }

    #[test]
    fn a_leap_year_starting_on_sunday_is_the_widest() {
        let year = blocks(day("2012-01-01"), day("2012-12-31"), 1)[0];
        assert_eq!(year.column(year.last) + 1, MAX_WEEKS);
    }

    #[test]
    fn weekdays_start_on_monday() {
        assert_eq!(row(day("2024-01-01")), 0);
        assert_eq!(row(day("2024-01-07")), 6);
        assert_eq!(monday(day("2024-01-07")), day("2024-01-01"));
    }
}
