//! Completeness of the games a row looks back on: the shared last columns of all Phase-4 tables.

use chrono::{Datelike, NaiveDate};

use super::Finals;
use super::cells::how_many;
use super::data_hash::HashedColumns;
use super::formulas::round;
use crate::table::{Row, TableDef, Value};

/// Minimum share of the expected games, in percent, for a row to be production-ready.
const FIT_FOR_USE: f64 = 70.0;

/// A season younger than this many days is in its bootstrap phase.
const LEARNING_DAYS: i64 = 30;

/// The completeness of a row that looks back on games.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Completeness {
    /// Number of games expected.
    pub expected: usize,
    /// Number of games found.
    pub actual: usize,
    /// Known issues of the row.
    pub issues: Vec<String>,
    /// Whether the season so far is shorter than the longest window.
    pub early_season: bool,
    /// Why essential values of the row are unknown; `None` if all are known.
    pub insufficient: Option<String>,
}

impl Completeness {
    /// Games found as a percentage of those expected, with two decimals. 100 if none are expected.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a season has some eighty games")]
    pub fn percentage(&self) -> f64 {
        match self.expected {
            0 => 100.0,
            expected => round(100.0 * self.actual as f64 / expected as f64, 2),
        }
    }

    /// Whether at least 70 % of the games are present and all essential values are known.
    #[must_use]
    pub fn is_production_ready(&self) -> bool {
        self.percentage() >= FIT_FOR_USE && self.insufficient.is_none()
    }

    /// Completes a row that contains only the columns covered by `hashed`: adds completeness, source tracking (empty in
    /// a backfill), digest, and the stamps, which the warehouse sets.
    #[must_use]
    pub fn end_row(
        self,
        mut row: Row,
        date: NaiveDate,
        finals: &Finals,
        hashed: &HashedColumns,
        table: &TableDef,
    ) -> Row {
        let digest = hashed.digest(&row);
        row.reserve_exact(table.columns.len() - row.len());
        row.extend(self.into_values(date, finals));
        row.resize(table.columns.len() - 3, Value::Null);
        row.extend([digest.into(), Value::Null, Value::Null]);
        row
    }

    fn into_values(mut self, date: NaiveDate, finals: &Finals) -> [Value; 16] {
        let (percentage, ready) = (self.percentage(), self.is_production_ready());
        let missing = self.expected.saturating_sub(self.actual);
        let decision = if missing == 0 {
            "complete_window"
        } else {
            "incomplete_window"
        };
        if missing > 0 {
            self.issues
                .push(format!("incomplete_window:{}/{}", self.actual, self.expected));
        }
        [
            how_many(self.expected),
            how_many(self.actual),
            how_many(missing),
            percentage.into(),
            ready.into(),
            Value::List(self.issues),
            Value::Null,
            0.into(),
            false.into(),
            Value::Null,
            false.into(),
            matches!(date.month(), 4 | 10 | 11).into(),
            (finals.day_of_season(date) < LEARNING_DAYS).into(),
            decision.into(),
            self.early_season.into(),
            self.insufficient.into(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    // 10 of 14 is 71.428…, 7 of 10 just enough, 9 of 13 is 69.230….
    #[rstest]
    #[case(14, 10, None, 71.43, true)]
    #[case(10, 7, None, 70.0, true)]
    #[case(13, 9, None, 69.23, false)]
    #[case(15, 15, Some("no shot data"), 100.0, false)]
    #[case(0, 0, None, 100.0, true)]
    #[allow(clippy::float_cmp, reason = "a decimal by rule, equal or wrong")]
    fn seven_games_of_ten_are_production_ready(
        #[case] expected: usize,
        #[case] actual: usize,
        #[case] insufficient: Option<&str>,
        #[case] percentage: f64,
        #[case] ready: bool,
    ) {
        let completeness = Completeness {
            expected,
            actual,
            insufficient: insufficient.map(str::to_owned),
            ..Completeness::default()
        };
        assert!((completeness.percentage() - percentage).abs() < 1e-9);
        assert_eq!(completeness.is_production_ready(), ready);
    }

    #[test]
    fn missing_games_are_reported_regardless_of_the_month() {
        let completeness = Completeness {
            expected: 14,
            actual: 10,
            ..Completeness::default()
        };
        let values = completeness.into_values("2024-04-02".parse().unwrap(), &Finals::default());
        assert_eq!(values[2], Value::Int(4));
        assert_eq!(values[4], Value::Bool(true));
        assert_eq!(values[5], Value::List(vec!["incomplete_window:10/14".to_owned()]));
        assert_eq!(values[11], Value::Bool(true));
        assert_eq!(values[13], Value::from("incomplete_window"));
    }
}
