//! `nba_predictions.ml_feature_store_v2`: the 25 features of a prediction.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::completeness::phase_4_columns;
use crate::table::{Column, ColumnType, Part, TableDef};

/// Features, one row per game date and player with a game.
#[must_use]
pub fn ml_feature_store() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| TableDef {
        dataset: Cow::Borrowed("nba_predictions"),
        name: Cow::Borrowed("ml_feature_store_v2"),
        doc: Cow::Borrowed(
            "The 25 input features of a prediction: one row per game date and player who played. Uses only what is \
             known before the game.",
        ),
        columns: Cow::Owned(phase_4_columns(
            &BUSINESS,
            &[
                ("daily_cache", "players' daily cache"),
                ("composite", "players' composite factors"),
                ("shot_zones", "players' shot zones"),
                ("team_defense", "teams' defence by zone"),
            ],
        )),
        date_column: Cow::Borrowed("game_date"),
        key: Cow::Borrowed(&[Cow::Borrowed("game_date"), Cow::Borrowed("player_lookup")]),
        cluster: Cow::Borrowed(&[
            Cow::Borrowed("player_lookup"),
            Cow::Borrowed("feature_version"),
            Cow::Borrowed("game_date"),
        ]),
        require_partition_filter: false,
    });
    &TABLE
}

/// The data columns, which come first in a row. `data_hash` covers exactly these.
pub(in crate::nba) static BUSINESS: [Column; 16] = [
    Column::required(
        "player_lookup",
        ColumnType::String,
        "Name in lower-case letters and digits, the key between feeds.",
    ).playing(Part::Member),
    Column::nullable(
        "universal_player_id",
        ColumnType::String,
        "Id of the player registry, which no feed carries: always NULL.",
    ),
    Column::required("game_date", ColumnType::Date, "Day of the game, US Eastern."),
    Column::required("game_id", ColumnType::String, "YYYYMMDD_AWAY_HOME.").playing(Part::Group),
    Column::required(
        "features",
        ColumnType::Float64Array,
        "The values, in the order of feature_names; unknown values have a default.",
    ),
    Column::required("feature_names", ColumnType::StringArray, "Names of the values."),
    Column::required("feature_count", ColumnType::Int64, "Always 25."),
    Column::required("feature_version", ColumnType::String, "Always v1_baseline_25."),
    Column::nullable(
        "feature_generation_time_ms",
        ColumnType::Int64,
        "The ledger records time per date, not per row; always NULL.",
    ),
    Column::nullable(
        "feature_quality_score",
        ColumnType::Numeric {
            precision: 5,
            scale: 2,
        },
        "Mean over the features: 100 from a Phase-4 table or calculated, 75 from a Phase-3 table, 40 for a default.",
    ).playing(Part::Quality),
    Column::nullable(
        "quality_tier",
        ColumnType::String,
        "high from 95, medium from 70, else low.",
    ).playing(Part::Quality),
    Column::nullable(
        "opponent_team_abbr",
        ColumnType::String,
        "The other team, three letters.",
    ),
    Column::nullable(
        "is_home",
        ColumnType::Bool,
        "Whether the player's team was at home.",
    ),
    Column::nullable(
        "days_rest",
        ColumnType::Int64,
        "Days since the player's last game of the season, 1 when it was the day before; NULL for the first.",
    ),
    Column::required(
        "data_source",
        ColumnType::String,
        "early_season below 5 games of the season, else phase4 with 90 % of the features from Phase 4, phase4_partial \
         with 50 %, phase3 with 50 % from Phase 3, else mixed.",
    ).playing(Part::Source),
    Column::nullable(
        "updated_at",
        ColumnType::Timestamp,
        "Not filled, always NULL; processed_at says when.",
    ),
];
