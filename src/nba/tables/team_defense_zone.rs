//! `nba_precompute.team_defense_zone_analysis`: shots a team recently allowed, by zone.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::completeness::phase_4_columns;
use crate::table::{Column, ColumnType, Part, TableDef};

/// Team defence by zone, one row per team and game date.
#[must_use]
pub fn team_defense_zone() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| TableDef {
        dataset: Cow::Borrowed("nba_precompute"),
        name: Cow::Borrowed("team_defense_zone_analysis"),
        doc: Cow::Borrowed(
            "What a team allowed in each zone over its last 15 games of the season strictly before the date: one row \
             per game date and team with 15 games. Zone columns use only games with shot data.",
        ),
        columns: Cow::Owned(phase_4_columns(&BUSINESS, &[("team_defense", "team defence")])),
        date_column: Cow::Borrowed("analysis_date"),
        key: Cow::Borrowed(&[Cow::Borrowed("analysis_date"), Cow::Borrowed("team_abbr")]),
        cluster: Cow::Borrowed(&[Cow::Borrowed("team_abbr"), Cow::Borrowed("analysis_date")]),
        require_partition_filter: false,
    });
    &TABLE
}

const FRACTION: ColumnType = ColumnType::Numeric {
    precision: 5,
    scale: 3,
};
const PER_GAME: ColumnType = ColumnType::Numeric {
    precision: 5,
    scale: 1,
};
const BLOCKS: ColumnType = ColumnType::Numeric {
    precision: 4,
    scale: 1,
};
const POINTS_OF_PERCENT: ColumnType = ColumnType::Numeric {
    precision: 5,
    scale: 2,
};

/// The data columns, which come first in a row. `data_hash` covers exactly these.
pub(in crate::nba) static BUSINESS: [Column; 23] = [
    Column::required("team_abbr", ColumnType::String, "The team, three letters.").playing(Part::Side),
    Column::required(
        "analysis_date",
        ColumnType::Date,
        "The game date; only games before it count.",
    ),
    Column::nullable(
        "paint_pct_allowed_last_15",
        FRACTION,
        "Shots in the paint the opponents made of those they tried, a fraction; NULL without an attempt.",
    ),
    Column::nullable(
        "paint_attempts_allowed_per_game",
        PER_GAME,
        "Shots in the paint the opponents tried, per game with shot data.",
    ),
    Column::nullable(
        "paint_points_allowed_per_game",
        PER_GAME,
        "Points the opponents scored in the paint, per game with shot data.",
    ),
    Column::nullable(
        "paint_blocks_per_game",
        BLOCKS,
        "Shots blocked in the paint, per game with shot data and blocks.",
    ),
    Column::nullable(
        "paint_defense_vs_league_avg",
        POINTS_OF_PERCENT,
        "Percentage points above the league's fraction in the paint; positive is the worse defence.",
    ),
    Column::nullable(
        "mid_range_pct_allowed_last_15",
        FRACTION,
        "Two-pointers outside the paint the opponents made of those they tried, a fraction; NULL without an attempt.",
    ),
    Column::nullable(
        "mid_range_attempts_allowed_per_game",
        PER_GAME,
        "Two-pointers outside the paint the opponents tried, per game with shot data.",
    ),
    Column::nullable(
        "mid_range_blocks_per_game",
        BLOCKS,
        "Two-pointers blocked outside the paint, per game with shot data and blocks.",
    ),
    Column::nullable(
        "mid_range_defense_vs_league_avg",
        POINTS_OF_PERCENT,
        "Percentage points above the league's fraction from mid-range; positive is the worse defence.",
    ),
    Column::nullable(
        "three_pt_pct_allowed_last_15",
        FRACTION,
        "Three-pointers the opponents made of those they tried, a fraction; NULL without an attempt.",
    ),
    Column::nullable(
        "three_pt_attempts_allowed_per_game",
        PER_GAME,
        "Three-pointers the opponents tried, per game with shot data.",
    ),
    Column::nullable(
        "three_pt_blocks_per_game",
        BLOCKS,
        "Three-pointers blocked, per game with shot data and blocks.",
    ),
    Column::nullable(
        "three_pt_defense_vs_league_avg",
        POINTS_OF_PERCENT,
        "Percentage points above the league's fraction of threes; positive is the worse defence.",
    ),
    Column::nullable(
        "defensive_rating_last_15",
        ColumnType::Numeric {
            precision: 6,
            scale: 2,
        },
        "Mean of the games' defensive_rating; games without one are skipped.",
    )
    .playing(Part::Summary),
    Column::nullable(
        "opponent_points_per_game",
        PER_GAME,
        "Mean of the games' points_allowed.",
    ),
    Column::nullable(
        "opponent_pace",
        PER_GAME,
        "Mean of the games' opponent_pace; games without one are skipped.",
    ),
    Column::nullable(
        "games_in_sample",
        ColumnType::Int64,
        "Games in the window, 15 at most.",
    )
    .playing(Part::Summary),
    Column::nullable(
        "strongest_zone",
        ColumnType::String,
        "paint, mid_range or perimeter: the lowest above the league.",
    ),
    Column::nullable(
        "weakest_zone",
        ColumnType::String,
        "paint, mid_range or perimeter: the highest above the league.",
    ),
    Column::nullable(
        "data_quality_tier",
        ColumnType::String,
        "high with shot data of 15 games, medium from 10, else low.",
    )
    .playing(Part::Quality),
    Column::nullable(
        "calculation_notes",
        ColumnType::String,
        "How many games of the window have shot data, which zone saw no attempt, and which league average was used.",
    ),
];
