//! How far a row can be trusted, in the words every table of a stage ends with.

use crate::table::Value;

/// With one of these a row must not be used, whatever its score.
const DISQUALIFYING: [&str; 3] = ["all_sources_failed", "missing_required", "placeholder_created"];

/// What is known about the trust in one row.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// 0 to 100.
    pub score: f64,
    /// What is known to be wrong or missing.
    pub issues: Vec<String>,
    /// Feeds the row was made from.
    pub data_sources: Vec<String>,
    /// Source of the numbers.
    pub primary_source: &'static str,
    /// Whether a plausibility rule was broken.
    pub implausible: bool,
}

impl Quality {
    /// The word for the score: gold from 95, silver from 75, bronze from 50, poor from 25, else unusable.
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

    /// Bronze or better and nothing disqualifying. An issue may carry a detail behind a colon.
    #[must_use]
    pub fn is_production_ready(&self) -> bool {
        let disqualifies = |issue: &String| {
            let name = issue.split_once(':').map_or(issue.as_str(), |(name, _)| name);
            DISQUALIFYING.contains(&name)
        };
        self.score >= 50.0 && !self.issues.iter().any(disqualifies)
    }

    /// The last columns of a row, in their order: quality, source, digest, and the stamps still to come.
    #[must_use]
    pub fn into_values(self, data_hash: String) -> [Value; 12] {
        let (tier, ready) = (self.tier(), self.is_production_ready());
        [
            tier.into(),
            self.score.into(),
            Value::List(self.issues.clone()),
            Value::List(self.data_sources),
            ready.into(),
            tier.into(),
            Value::List(self.issues),
            self.primary_source.into(),
            self.implausible.into(),
            data_hash.into(),
            Value::Null,
            Value::Null,
        ]
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
    fn score_and_issues_decide(
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
