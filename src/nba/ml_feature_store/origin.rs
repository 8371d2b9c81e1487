//! The source of a feature value, and its weight in the quality score.

use crate::nba::rounding::round;

/// The source of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FeatureOrigin {
    /// A table of Phase 4.
    Phase4,
    /// Averaged from a table of Phase 3.
    Phase3,
    /// Computed in this stage.
    Calculated,
    /// The default, because nothing was known.
    Default,
}

impl FeatureOrigin {
    const fn weight(self) -> f64 {
        match self {
            Self::Phase4 | Self::Calculated => 100.0,
            Self::Phase3 => 75.0,
            Self::Default => 40.0,
        }
    }
}

/// The value of one feature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Feature {
    /// The value, or the default if unknown.
    pub(super) value: f64,
    /// The source of the value.
    pub(super) origin: FeatureOrigin,
}

impl Feature {
    /// The stored value, else one averaged from games, else the default.
    pub(super) fn stored(phase_4: Option<f64>, phase_3: Option<f64>, default: f64) -> Self {
        let stored = phase_4.map(|value| (value, FeatureOrigin::Phase4));
        let averaged = || phase_3.map(|value| (value, FeatureOrigin::Phase3));
        let (value, origin) = stored
            .or_else(averaged)
            .unwrap_or((default, FeatureOrigin::Default));
        Self { value, origin }
    }

    /// The computed value, else the default.
    pub(super) fn calculated(value: Option<f64>, default: f64) -> Self {
        match value {
            Some(value) => Self {
                value,
                origin: FeatureOrigin::Calculated,
            },
            None => Self::stored(None, None, default),
        }
    }
}

/// The mean weight of the features, with two decimals.
#[allow(clippy::cast_precision_loss, reason = "there are 25 features")]
pub(super) fn quality(features: &[Feature]) -> f64 {
    let sum: f64 = features.iter().map(|feature| feature.origin.weight()).sum();
    round(sum / features.len() as f64, 2)
}

/// The quality tier of a score.
pub(super) const fn tier(quality: f64) -> &'static str {
    match quality {
        quality if quality >= 95.0 => "high",
        quality if quality >= 70.0 => "medium",
        _ => "low",
    }
}

/// The main source of the features. Shares are of all features, including calculated ones.
pub(super) fn data_source(features: &[Feature]) -> &'static str {
    let percent = |origin: FeatureOrigin| {
        let count = features.iter().filter(|feature| feature.origin == origin).count();
        100 * count / features.len()
    };
    match (percent(FeatureOrigin::Phase4), percent(FeatureOrigin::Phase3)) {
        (90.., _) => "phase4",
        (50.., _) => "phase4_partial",
        (_, 50..) => "phase3",
        _ => "mixed",
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "a decimal by rule, equal or wrong")]
mod tests {
    use rstest::rstest;

    use super::*;

    fn features(counts: [usize; 4]) -> Vec<Feature> {
        let origins = [
            FeatureOrigin::Phase4,
            FeatureOrigin::Phase3,
            FeatureOrigin::Calculated,
            FeatureOrigin::Default,
        ];
        origins
            .into_iter()
            .zip(counts)
            .flat_map(|(origin, count)| vec![Feature { value: 0.0, origin }; count])
            .collect()
    }

    // 23 of 25 are 92 %, 22 are 88 %; 13 are 52 %, 12 are 48 %. (16·100 + 75 + 6·100 + 2·40) / 25 = 94.2.
    #[rstest]
    #[case([23, 0, 0, 2], 95.2, "high", "phase4")]
    #[case([22, 0, 3, 0], 100.0, "high", "phase4_partial")]
    #[case([16, 1, 6, 2], 94.2, "medium", "phase4_partial")]
    #[case([13, 12, 0, 0], 88.0, "medium", "phase4_partial")]
    #[case([12, 13, 0, 0], 87.0, "medium", "phase3")]
    #[case([0, 12, 0, 13], 56.8, "low", "mixed")]
    #[case([0, 0, 0, 25], 40.0, "low", "mixed")]
    fn quality_counts_known_features_and_not_defaults(
        #[case] counts: [usize; 4],
        #[case] score: f64,
        #[case] word: &str,
        #[case] source: &str,
    ) {
        let features = features(counts);
        assert_eq!(features.len(), 25);
        assert!((quality(&features) - score).abs() < 1e-9);
        assert_eq!((tier(score), data_source(&features)), (word, source));
    }
}
