//! `nba_predictions.ml_feature_store_v2`: the 25 features of a prediction.

use std::sync::LazyLock;

use super::completeness::phase_4_columns;
use crate::table::{Column, TableDef};

/// Features, one row per game date and player with a game.
#[must_use]
pub fn ml_feature_store() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| {
        TableDef::new(
            "nba_predictions",
            "ml_feature_store_v2",
            "The 25 input features of a prediction: one row per game date and player who played. \
             Uses only what is known before the game.",
            phase_4_columns(
                BUSINESS,
                &[
                    ("daily_cache", "players' daily cache"),
                    ("composite", "players' composite factors"),
                    ("shot_zones", "players' shot zones"),
                    ("team_defense", "teams' defence by zone"),
                ],
            ),
            "game_date",
        )
        .keyed_by(&["game_date", "player_lookup"])
        .clustered_by(&["player_lookup", "feature_version", "game_date"])
    });
    &TABLE
}

/// The data columns, which come first in a row. `data_hash` covers exactly these.
pub(in crate::nba) static BUSINESS: &[Column] = &columns! {
    player_lookup: STRING NOT NULL as Member, "Name in lower-case letters and digits, the key between feeds.";
    universal_player_id: STRING, "Id of the player registry, which no feed carries: always NULL.";
    game_date: DATE NOT NULL, "Day of the game, US Eastern.";
    game_id: STRING NOT NULL as Group, "YYYYMMDD_AWAY_HOME.";
    features: ARRAY<FLOAT64> NOT NULL,
        "The values, in the order of feature_names; unknown values have a default.";
    feature_names: ARRAY<STRING> NOT NULL, "Names of the values.";
    feature_count: INT64 NOT NULL, "Always 25.";
    feature_version: STRING NOT NULL, "Always v1_baseline_25.";
    feature_generation_time_ms: INT64, "The ledger records time per date, not per row; always NULL.";
    feature_quality_score: NUMERIC(5, 2) as Quality,
        "Mean over the features: 100 from a Phase-4 table or calculated, 75 from a Phase-3 table, 40 for a \
         default.";
    quality_tier: STRING as Quality, "high from 95, medium from 70, else low.";
    opponent_team_abbr: STRING, "The other team, three letters.";
    is_home: BOOL, "Whether the player's team was at home.";
    days_rest: INT64,
        "Days since the player's last game of the season, 1 when it was the day before; NULL for the first.";
    data_source: STRING NOT NULL as Source,
        "early_season below 5 games of the season, else phase4 with 90 % of the features from Phase 4, \
         phase4_partial with 50 %, phase3 with 50 % from Phase 3, else mixed.";
    updated_at: TIMESTAMP, "Not filled, always NULL; processed_at says when.";
};
