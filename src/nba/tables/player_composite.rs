//! `nba_precompute.player_composite_factors`: scores for a player's circumstances before a game.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::completeness::phase_4_columns;
use crate::table::{Column, ColumnType, Part, TableDef};

/// Players' circumstances, one row per game date and player with a game.
#[must_use]
pub fn player_composite() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| TableDef {
        dataset: Cow::Borrowed("nba_precompute"),
        name: Cow::Borrowed("player_composite_factors"),
        doc: Cow::Borrowed(
            "How a game's circumstances affect a player: one row per game date and player who played. Uses only games \
             strictly before the date.",
        ),
        columns: Cow::Owned(phase_4_columns(
            &BUSINESS,
            &[
                ("player_context", "players' games"),
                ("team_context", "teams' games"),
                ("player_shot", "players' shot zones"),
                ("team_defense", "teams' defence by zone"),
            ],
        )),
        date_column: Cow::Borrowed("game_date"),
        key: Cow::Borrowed(&[Cow::Borrowed("game_date"), Cow::Borrowed("player_lookup")]),
        cluster: Cow::Borrowed(&[
            Cow::Borrowed("player_lookup"),
            Cow::Borrowed("universal_player_id"),
            Cow::Borrowed("game_date"),
        ]),
        require_partition_filter: false,
    });
    &TABLE
}

const SCORE: ColumnType = ColumnType::Numeric {
    precision: 3,
    scale: 1,
};

/// The data columns, which come first in a row. `data_hash` covers exactly these.
pub(in crate::nba) static BUSINESS: [Column; 28] = [
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
    Column::nullable(
        "analysis_date",
        ColumnType::Date,
        "Copy of game_date under the name of the zone tables.",
    ),
    Column::nullable(
        "fatigue_score",
        ColumnType::Int64,
        "0 exhausted to 100 fresh: 100, less 15 when the player played the day before or plus 5 after 3 days or more, \
         less 10 from 4 games in 7 days, less 10 above 240 minutes in 7 days, less 8 above 35 minutes a game in 7 \
         days, less 5 for one and 12 for more back-to-backs in 14 days. The age, worth up to 10, is unknown.",
    ).playing(Part::Summary),
    Column::nullable(
        "shot_zone_mismatch_score",
        ColumnType::Numeric {
            precision: 4,
            scale: 1,
        },
        "-10 to 10, positive when the opponent is weak where the player shoots: defence against the league in the \
         player's primary zone, times that zone's share / 50 up to 1, times 1.2 above 5; 0 when either is unknown.",
    ),
    Column::nullable(
        "pace_score",
        SCORE,
        "-3 to 3: half of the opponent's pace less the own team's, each over its last 10 games; 0 when unknown.",
    ),
    Column::nullable(
        "usage_spike_score",
        SCORE,
        "Always 0: usage is not projected in a backfill.",
    ),
    Column::nullable("referee_favorability_score", SCORE, "Not computed, always 0."),
    Column::nullable("look_ahead_pressure_score", SCORE, "Not computed, always 0."),
    Column::nullable("travel_impact_score", SCORE, "Not computed, always 0."),
    Column::nullable("opponent_strength_score", SCORE, "Not computed, always 0."),
    Column::nullable(
        "total_composite_adjustment",
        ColumnType::Numeric {
            precision: 5,
            scale: 2,
        },
        "(fatigue - 100) / 20 + mismatch + pace + usage spike.",
    ).playing(Part::Summary),
    Column::nullable(
        "fatigue_context_json",
        ColumnType::String,
        "JSON: inputs of the fatigue score.",
    ),
    Column::nullable(
        "shot_zone_context_json",
        ColumnType::String,
        "JSON: inputs of the mismatch score.",
    ),
    Column::nullable(
        "pace_context_json",
        ColumnType::String,
        "JSON: inputs of the pace score.",
    ),
    Column::nullable(
        "usage_context_json",
        ColumnType::String,
        "JSON: inputs of the usage spike score.",
    ),
    Column::nullable("calculation_version", ColumnType::String, "Always v1_4factors."),
    Column::nullable(
        "data_completeness_pct",
        ColumnType::Numeric {
            precision: 5,
            scale: 2,
        },
        "20 for each that is known of days_rest, projected_usage_rate, pace_differential, player_shot_zone and \
         team_defense_zone, percent.",
    ),
    Column::nullable(
        "missing_data_fields",
        ColumnType::String,
        "The unknown ones of the five, comma-separated; NULL when none.",
    ),
    Column::nullable(
        "has_warnings",
        ColumnType::Bool,
        "Whether warning_details is not NULL.",
    ),
    Column::nullable(
        "warning_details",
        ColumnType::String,
        "EXTREME_FATIGUE below 50, EXTREME_MATCHUP above 8 either way, EXTREME_ADJUSTMENT above 12 either way.",
    ),
    Column::nullable(
        "upstream_player_shot_ready",
        ColumnType::Bool,
        "Whether the player's shot zones of the date are known.",
    ),
    Column::nullable(
        "upstream_team_defense_ready",
        ColumnType::Bool,
        "Whether the opponent's defence by zone of the date is known.",
    ),
    Column::nullable(
        "upstream_player_context_ready",
        ColumnType::Bool,
        "Whether the player has an earlier game this season.",
    ),
    Column::nullable(
        "upstream_team_context_ready",
        ColumnType::Bool,
        "Whether both teams have an earlier game this season.",
    ),
    Column::nullable(
        "all_upstreams_ready",
        ColumnType::Bool,
        "Whether all four are ready.",
    ),
];
