//! `nba_precompute.player_daily_cache`: a player's recent form, as of the morning of a game.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::completeness::phase_4_columns;
use crate::table::{Column, ColumnType, Part, TableDef};

/// Players' form, one row per game date and player with a game.
#[must_use]
pub fn player_daily_cache() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| TableDef {
        dataset: Cow::Borrowed("nba_precompute"),
        name: Cow::Borrowed("player_daily_cache"),
        doc: Cow::Borrowed(
            "Recent form of a player: one row per game date and player who played and had already played 5 games of \
             the season. Counts only games of the season strictly before the date with minutes or points above 0.",
        ),
        columns: Cow::Owned(phase_4_columns(
            &BUSINESS,
            &[
                ("player_game", "players' games"),
                ("team_offense", "team offence"),
                ("upcoming_context", "context of upcoming games"),
                ("shot_zone", "players' shot zones"),
            ],
        )),
        date_column: Cow::Borrowed("cache_date"),
        key: Cow::Borrowed(&[Cow::Borrowed("cache_date"), Cow::Borrowed("player_lookup")]),
        cluster: Cow::Borrowed(&[
            Cow::Borrowed("player_lookup"),
            Cow::Borrowed("universal_player_id"),
        ]),
        require_partition_filter: false,
    });
    &TABLE
}

const PER_GAME: ColumnType = ColumnType::Numeric {
    precision: 5,
    scale: 1,
};
const PERCENT: ColumnType = ColumnType::Numeric {
    precision: 5,
    scale: 2,
};
const FRACTION: ColumnType = ColumnType::Numeric {
    precision: 5,
    scale: 3,
};

/// The data columns, which come first in a row. `data_hash` covers exactly these.
pub(in crate::nba) static BUSINESS: [Column; 37] = [
    Column::required(
        "player_lookup",
        ColumnType::String,
        "Name in lower-case letters and digits, the key between feeds.",
    )
    .playing(Part::Member),
    Column::nullable(
        "universal_player_id",
        ColumnType::String,
        "Id of the player registry, which no feed carries: always NULL.",
    ),
    Column::required(
        "cache_date",
        ColumnType::Date,
        "The game date; only games before it count.",
    ),
    Column::nullable(
        "points_avg_last_5",
        PER_GAME,
        "Points a game over the last 5 games.",
    ),
    Column::nullable(
        "points_avg_last_10",
        PER_GAME,
        "Points a game over the last 10 games.",
    )
    .playing(Part::Summary),
    Column::nullable(
        "points_avg_season",
        PER_GAME,
        "Points a game over the season so far.",
    ),
    Column::nullable(
        "points_std_last_10",
        PERCENT,
        "Standard deviation (n - 1) of the points of the last 10 games.",
    ),
    Column::nullable(
        "minutes_avg_last_10",
        PER_GAME,
        "Minutes a game over those of the last 10 games whose minutes are known.",
    ),
    Column::nullable(
        "usage_rate_last_10",
        PERCENT,
        "Mean usage rate over those of the last 10 games that have one, percent.",
    ),
    Column::nullable(
        "ts_pct_last_10",
        FRACTION,
        "Mean true shooting over those of the last 10 games with an attempt, a fraction.",
    ),
    Column::nullable(
        "games_played_season",
        ColumnType::Int64,
        "Games of the season so far.",
    )
    .playing(Part::Summary),
    Column::nullable(
        "team_pace_last_10",
        PER_GAME,
        "Mean pace of the team over its last 10 games of the season.",
    ),
    Column::nullable(
        "team_off_rating_last_10",
        ColumnType::Numeric {
            precision: 6,
            scale: 2,
        },
        "Mean offensive rating of the team over its last 10 games of the season.",
    ),
    Column::nullable(
        "player_usage_rate_season",
        PERCENT,
        "Mean usage rate over the games of the season that have one, percent.",
    ),
    Column::nullable(
        "games_in_last_7_days",
        ColumnType::Int64,
        "Games in the 7 days before the date.",
    ),
    Column::nullable(
        "games_in_last_14_days",
        ColumnType::Int64,
        "Games in the 14 days before the date.",
    ),
    Column::nullable(
        "minutes_in_last_7_days",
        ColumnType::Int64,
        "Minutes in the 7 days before the date, rounded.",
    ),
    Column::nullable(
        "minutes_in_last_14_days",
        ColumnType::Int64,
        "Minutes in the 14 days before the date, rounded.",
    ),
    Column::nullable(
        "back_to_backs_last_14_days",
        ColumnType::Int64,
        "Games the day after another game, both in the 14 days before the date.",
    ),
    Column::nullable(
        "avg_minutes_per_game_last_7",
        PER_GAME,
        "Minutes a game in the 7 days before the date; NULL without a game.",
    ),
    Column::nullable(
        "fourth_quarter_minutes_last_7",
        ColumnType::Int64,
        "No feed has minutes by quarter, always NULL.",
    ),
    Column::nullable(
        "primary_scoring_zone",
        ColumnType::String,
        "The player's zone from the shot-zone table: paint, mid_range, perimeter or balanced.",
    ),
    Column::nullable(
        "paint_rate_last_10",
        PERCENT,
        "Share of shots tried in the paint from the shot-zone table, percent.",
    ),
    Column::nullable(
        "three_pt_rate_last_10",
        PERCENT,
        "Share of three-pointers from the shot-zone table, percent.",
    ),
    Column::nullable(
        "assisted_rate_last_10",
        PERCENT,
        "Assisted share of made shots, a fraction; NULL where no feed has assists.",
    ),
    Column::nullable(
        "player_age",
        ColumnType::Int64,
        "No feed has birthdays, always NULL.",
    ),
    Column::nullable(
        "shot_zone_data_available",
        ColumnType::Bool,
        "Whether the zone shares are known.",
    ),
    Column::nullable(
        "l5_completeness_pct",
        ColumnType::Float64,
        "The last 5 games of the team's finals since the oldest of them, percent, two decimals.",
    ),
    Column::nullable(
        "l5_is_complete",
        ColumnType::Bool,
        "Whether l5_completeness_pct is 70 or more.",
    ),
    Column::nullable(
        "l10_completeness_pct",
        ColumnType::Float64,
        "The last 10 games of the team's finals since the oldest of them, percent, two decimals; of the season so far \
         when there are fewer than 10.",
    ),
    Column::nullable(
        "l10_is_complete",
        ColumnType::Bool,
        "Whether l10_completeness_pct is 70 or more.",
    ),
    Column::nullable(
        "l7d_completeness_pct",
        ColumnType::Float64,
        "Games in the 7 days before the date of the team's finals in them, percent, two decimals; 100 when the team \
         had none.",
    ),
    Column::nullable(
        "l7d_is_complete",
        ColumnType::Bool,
        "Whether l7d_completeness_pct is 70 or more.",
    ),
    Column::nullable(
        "l14d_completeness_pct",
        ColumnType::Float64,
        "Games in the 14 days before the date of the team's finals in them, percent, two decimals; 100 when the team \
         had none.",
    ),
    Column::nullable(
        "l14d_is_complete",
        ColumnType::Bool,
        "Whether l14d_completeness_pct is 70 or more.",
    ),
    Column::nullable(
        "all_windows_complete",
        ColumnType::Bool,
        "Whether all four windows are complete.",
    ),
    Column::nullable("cache_version", ColumnType::String, "Always v1."),
];
