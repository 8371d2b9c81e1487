//! The row of a player: the features, their quality, and context for the prediction.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::features::{NAMES, features};
use super::inputs::FeatureInputs;
use super::origin::{Feature, FeatureOrigin, data_source, quality, tier};
use crate::nba::cells::how_many;
use crate::nba::completeness::Completeness;
use crate::nba::data_hash::HashedColumns;
use crate::nba::stored::FORM;
use crate::nba::{Finals, tables};
use crate::table::{Row, Value};

/// Minimum number of games in the season for a player's form.
const MIN_GAMES: usize = 5;

pub(super) fn row(known: &FeatureInputs<'_>, finals: &Finals) -> Row {
    static HASHED: LazyLock<HashedColumns> =
        LazyLock::new(|| HashedColumns::new(tables::ml_feature_store::BUSINESS));
    let date = known.date();
    let features = features(known);
    let quality = quality(&features);
    let season = known.log.before(date).len();
    let is_early = season < MIN_GAMES;
    let values = features.iter().map(|feature| feature.value).collect();
    let source = if is_early {
        "early_season"
    } else {
        data_source(&features)
    };
    let mut row = known.appearance.begin_row(tables::ml_feature_store());
    row.push("game_id", known.appearance.game.to_string());
    row.push("features", Value::Numbers(values));
    row.push("feature_names", Value::List(NAMES.map(Cow::Borrowed).to_vec()));
    row.push("feature_count", how_many(NAMES.len()));
    row.push("feature_version", "v1_baseline_25");
    row.push("feature_generation_time_ms", Value::Null);
    row.push("feature_quality_score", quality);
    row.push("quality_tier", tier(quality));
    row.push("opponent_team_abbr", known.appearance.opponent().as_str());
    row.push("is_home", known.appearance.is_home());
    row.push("days_rest", known.days_rest());
    row.push("data_source", source);
    row.push("updated_at", Value::Null);
    let window = known.log.newest(FORM, date);
    let completeness = Completeness {
        expected: finals.alongside(window, date),
        actual: window.len(),
        issues: defaults(&features),
        early_season: season < FORM,
        insufficient: is_early
            .then(|| format!("{season} games of the season before the date, {MIN_GAMES} needed")),
    };
    completeness.end_row(row, date, finals, &HASHED)
}

/// The names of the features with default values.
fn defaults(features: &[Feature]) -> Vec<String> {
    let unknown = features.iter().zip(NAMES);
    unknown
        .filter(|(feature, _)| feature.origin == FeatureOrigin::Default)
        .map(|(_, name)| format!("default_value:{name}"))
        .collect()
}
