//! `nba_precompute.player_shot_zone_analysis`: a player's recent shots by zone.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::completeness::phase_4_columns;
use crate::table::{Column, ColumnType, Part, TableDef};

/// Players' shots by zone, one row per player and game date.
#[must_use]
pub fn player_shot_zone() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| TableDef {
        dataset: Cow::Borrowed("nba_precompute"),
        name: Cow::Borrowed("player_shot_zone_analysis"),
        doc: Cow::Borrowed(
            "Where a player shot from over the last 10 and 20 games of the season strictly before the date: one row \
             per game date and player with 10 games, whether or not he plays that night. Rates use only games with \
             shot data.",
        ),
        columns: Cow::Owned(phase_4_columns(&BUSINESS, &[("player_game", "players' games")])),
        date_column: Cow::Borrowed("analysis_date"),
        key: Cow::Borrowed(&[Cow::Borrowed("analysis_date"), Cow::Borrowed("player_lookup")]),
        cluster: Cow::Borrowed(&[
            Cow::Borrowed("player_lookup"),
            Cow::Borrowed("universal_player_id"),
            Cow::Borrowed("analysis_date"),
        ]),
        require_partition_filter: false,
    });
    &TABLE
}

const PERCENT: ColumnType = ColumnType::Numeric {
    precision: 5,
    scale: 2,
};
const FRACTION: ColumnType = ColumnType::Numeric {
    precision: 5,
    scale: 3,
};
const PER_GAME: ColumnType = ColumnType::Numeric {
    precision: 4,
    scale: 1,
};

/// The data columns, which come first in a row. `data_hash` covers exactly these.
pub(in crate::nba) static BUSINESS: [Column; 25] = [
    Column::required(
        "player_lookup",
        ColumnType::String,
        "Name in lower-case letters and digits, the key between feeds.",
    ).playing(Part::Member),
    Column::nullable(
        "universal_player_id",
        ColumnType::String,
        "Id of the player in the registry, from the newest game.",
    ),
    Column::required(
        "analysis_date",
        ColumnType::Date,
        "The game date; only games before it count.",
    ),
    Column::nullable(
        "paint_rate_last_10",
        PERCENT,
        "Shots tried in the paint of all shots tried, percent; NULL without a shot.",
    ),
    Column::nullable(
        "mid_range_rate_last_10",
        PERCENT,
        "Two-pointers tried outside the paint of all shots tried, percent; NULL without a shot.",
    ),
    Column::nullable(
        "three_pt_rate_last_10",
        PERCENT,
        "Three-pointers tried of all shots tried, percent; NULL without a shot.",
    ),
    Column::nullable(
        "total_shots_last_10",
        ColumnType::Int64,
        "Shots tried in the games with shot data; NULL when there is none.",
    ),
    Column::nullable(
        "games_in_sample_10",
        ColumnType::Int64,
        "Games with shot data among the last 10, the basis of the rates.",
    ).playing(Part::Summary),
    Column::nullable(
        "sample_quality_10",
        ColumnType::String,
        "excellent with shot data of all 10 games, good from 7, limited from 5, else insufficient.",
    ),
    Column::nullable(
        "paint_pct_last_10",
        FRACTION,
        "Shots made in the paint of those tried, a fraction; NULL without an attempt.",
    ),
    Column::nullable(
        "mid_range_pct_last_10",
        FRACTION,
        "Two-pointers made outside the paint of those tried, a fraction; NULL without an attempt.",
    ),
    Column::nullable(
        "three_pt_pct_last_10",
        FRACTION,
        "Three-pointers made of those tried, a fraction; NULL without an attempt.",
    ),
    Column::nullable(
        "paint_attempts_per_game",
        PER_GAME,
        "Shots tried in the paint, per game with shot data.",
    ),
    Column::nullable(
        "mid_range_attempts_per_game",
        PER_GAME,
        "Two-pointers tried outside the paint, per game with shot data.",
    ),
    Column::nullable(
        "three_pt_attempts_per_game",
        PER_GAME,
        "Three-pointers tried, per game with shot data.",
    ),
    Column::nullable(
        "paint_rate_last_20",
        PERCENT,
        "As paint_rate_last_10, over the last 20 games; NULL with shot data of fewer than 15.",
    ),
    Column::nullable(
        "paint_pct_last_20",
        FRACTION,
        "As paint_pct_last_10, over the last 20 games; NULL with shot data of fewer than 15.",
    ),
    Column::nullable(
        "games_in_sample_20",
        ColumnType::Int64,
        "Games with shot data among the last 20.",
    ),
    Column::nullable(
        "sample_quality_20",
        ColumnType::String,
        "excellent with shot data of all 20 games, good from 14, limited from 10, else insufficient.",
    ),
    Column::nullable(
        "assisted_rate_last_10",
        PERCENT,
        "Assisted share of field goals made in the games with shot data, percent.",
    ),
    Column::nullable(
        "unassisted_rate_last_10",
        PERCENT,
        "Unassisted share of field goals made in the games with shot data, percent.",
    ),
    Column::nullable(
        "player_position",
        ColumnType::String,
        "Not computed, always NULL.",
    ),
    Column::nullable(
        "primary_scoring_zone",
        ColumnType::String,
        "paint from 40 % of the shots in the paint, else perimeter from 40 % threes, else mid_range from 35 %, else \
         balanced; NULL without a shot.",
    ).playing(Part::Summary),
    Column::nullable(
        "data_quality_tier",
        ColumnType::String,
        "high with shot data of all 10 games, medium from 7, else low.",
    ).playing(Part::Quality),
    Column::nullable(
        "calculation_notes",
        ColumnType::String,
        "How many games of each window have shot data.",
    ),
];
