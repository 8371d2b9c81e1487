//! Completeness of the games a row looks back on: the shared last columns of all Phase-4 tables.

use chrono::{Datelike, NaiveDate};

use super::Finals;
use super::cells::how_many;
use super::data_hash::HashedColumns;
use super::rounding::round;
use super::tables::is_source_tracking;
use crate::table::{Row, RowBuilder, Value};

/// Minimum share of the expected games, in percent, for a row to be production-ready.
const MIN_PRODUCTION_READY: f64 = 70.0;

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
        self.percentage() >= MIN_PRODUCTION_READY && self.insufficient.is_none()
    }

    /// Completes a row with completeness, source tracking, which is empty in a backfill, and digest.
    #[must_use]
    pub fn end_row(
        mut self,
        mut row: RowBuilder,
        date: NaiveDate,
        finals: &Finals,
        hashed: &HashedColumns,
    ) -> Row {
        let data_hash = hashed.digest(row.values());
        let (percentage, ready) = (self.percentage(), self.is_production_ready());
        let missing = self.expected.saturating_sub(self.actual);
        let mut decision = "complete_window";
        if missing > 0 {
            decision = "incomplete_window";
            self.issues
                .push(format!("{decision}:{}/{}", self.actual, self.expected));
        }
        row.push("expected_games_count", how_many(self.expected));
        row.push("actual_games_count", how_many(self.actual));
        row.push("missing_games_count", how_many(missing));
        row.push("completeness_percentage", percentage);
        row.push("is_production_ready", ready);
        row.push("data_quality_issues", self.issues);
        row.push("last_reprocess_attempt_at", Value::Null);
        row.push("reprocess_attempt_count", 0);
        row.push("circuit_breaker_active", false);
        row.push("circuit_breaker_until", Value::Null);
        row.push("manual_override_required", false);
        row.push("season_boundary_detected", matches!(date.month(), 4 | 10 | 11));
        let is_learning = finals.day_of_season(date) < LEARNING_DAYS;
        row.push("backfill_bootstrap_mode", is_learning);
        row.push("processing_decision_reason", decision);
        row.push("early_season_flag", self.early_season);
        row.push("insufficient_data_reason", self.insufficient);
        row.push_nulls_while(is_source_tracking);
        row.push("data_hash", data_hash);
        row.finish()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::nba::stored::fixture::values;
    use crate::nba::tables;

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
        let table = tables::player_shot_zone();
        let mut row = RowBuilder::new(table);
        row.push_nulls_while(|column| column.name != "expected_games_count");
        let date = "2024-04-02".parse().unwrap();
        let row = completeness.end_row(row, date, &Finals::default(), &HashedColumns::new(&[]));
        let [missing, ready, issues, boundary, decision] = values(
            table,
            &row,
            [
                "missing_games_count",
                "is_production_ready",
                "data_quality_issues",
                "season_boundary_detected",
                "processing_decision_reason",
            ],
        );
        assert_eq!(missing, Value::Int(4));
        assert_eq!(ready, Value::Bool(true));
        assert_eq!(issues, Value::from(vec!["incomplete_window:10/14".to_owned()]));
        assert_eq!(boundary, Value::Bool(true));
        assert_eq!(decision, Value::from("incomplete_window"));
    }
}
