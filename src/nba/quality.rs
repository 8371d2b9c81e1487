//! Row quality: the shared last columns of all stage tables.

use super::data_hash::HashedColumns;
use super::tables::is_source_tracking;
use crate::table::{Row, RowBuilder};

/// Issues that make a row unusable, whatever its score.
const DISQUALIFYING: [&str; 3] = ["all_sources_failed", "missing_required", "placeholder_created"];

/// The quality of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// Score, 0 to 100.
    pub score: f64,
    /// Known issues.
    pub issues: Vec<String>,
    /// The feeds of the row.
    pub data_sources: Vec<String>,
    /// The source of the numbers.
    pub primary_source: &'static str,
    /// Whether a plausibility rule was violated.
    pub implausible: bool,
}

impl Quality {
    /// The tier of the score: gold from 95, silver from 75, bronze from 50, poor from 25, else unusable.
    #[must_use]
    pub fn tier(&self) -> &'static str {
        match self.score {
            score if score >= 95.0 => "gold",
            score if score >= 75.0 => "silver",
            score if score >= 50.0 => "bronze",
            score if score >= 25.0 => "poor",
            _ => "unusable",
        }
    }

    /// Whether the row is bronze or better, without disqualifying issues. An issue may have a detail after a colon.
    #[must_use]
    pub fn is_production_ready(&self) -> bool {
        let disqualifies = |issue: &String| {
            let name = issue.split_once(':').map_or(issue.as_str(), |(name, _)| name);
            DISQUALIFYING.contains(&name)
        };
        self.score >= 50.0 && !self.issues.iter().any(disqualifies)
    }

    /// Completes a row with source tracking, which is empty in a backfill, quality and digest.
    #[must_use]
    pub fn end_row(self, mut row: RowBuilder, hashed: &HashedColumns) -> Row {
        let (tier, ready) = (self.tier(), self.is_production_ready());
        let data_hash = hashed.digest(row.values());
        row.push_nulls_while(is_source_tracking);
        row.push("quality_tier", tier);
        row.push("quality_score", self.score);
        row.push("quality_issues", self.issues.clone());
        row.push("data_sources", self.data_sources);
        row.push("is_production_ready", ready);
        row.push("data_quality_tier", tier);
        row.push("data_quality_issues", self.issues);
        row.push("primary_source_used", self.primary_source);
        row.push("processed_with_issues", self.implausible);
        row.push("data_hash", data_hash);
        row.finish()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(100.0, &[], "gold", true)]
    #[case(95.0, &[], "gold", true)]
    #[case(85.0, &["reconstructed"], "silver", true)]
    #[case(85.0, &["missing_required:points"], "silver", false)]
    #[case(100.0, &["placeholder_created"], "gold", false)]
    #[case(50.0, &[], "bronze", true)]
    #[case(49.9, &[], "poor", false)]
    #[case(0.0, &["all_sources_failed"], "unusable", false)]
    fn score_and_issues_determine_the_tier(
        #[case] score: f64,
        #[case] issues: &[&str],
        #[case] tier: &str,
        #[case] ready: bool,
    ) {
        let quality = Quality {
            score,
            issues: issues.iter().map(ToString::to_string).collect(),
            data_sources: Vec::new(),
            primary_source: "",
            implausible: false,
        };
        assert_eq!((quality.tier(), quality.is_production_ready()), (tier, ready));
    }
}
