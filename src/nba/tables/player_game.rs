//! `nba_analytics.player_game_summary`: one player's statistics in one game.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::provenance::{QUALITY, source_tracking};
use crate::table::{Column, ColumnType, Part, TableDef};

/// Player games, one row per game and player who played.
#[must_use]
pub fn player_game() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| TableDef {
        dataset: Cow::Borrowed("nba_analytics"),
        name: Cow::Borrowed("player_game_summary"),
        doc: Cow::Borrowed("One player in one game: one row per player who played."),
        columns: Cow::Owned(
            [
                BUSINESS.to_vec(),
                ROW_QUALITY.to_vec(),
                source_tracking("nbac", "gamebook"),
                source_tracking("bdl", "bdl feed"),
                source_tracking("bbd", "play-by-play of shots"),
                source_tracking("nbac_pbp", "official play-by-play"),
                source_tracking("odds", "points lines"),
                source_tracking("bp", "second feed of points lines"),
                source_tracking("team", "team offence"),
                QUALITY.to_vec(),
            ]
            .concat(),
        ),
        date_column: Cow::Borrowed("game_date"),
        key: Cow::Borrowed(&[Cow::Borrowed("game_id"), Cow::Borrowed("player_lookup")]),
        cluster: Cow::Borrowed(&[
            Cow::Borrowed("universal_player_id"),
            Cow::Borrowed("player_lookup"),
            Cow::Borrowed("team_abbr"),
            Cow::Borrowed("game_date"),
        ]),
        require_partition_filter: false,
    });
    &TABLE
}

/// The data columns, which come first in a row. `data_hash` covers exactly these.
pub(in crate::nba) static BUSINESS: [Column; 48] = [
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
    Column::nullable(
        "player_full_name",
        ColumnType::String,
        "Name as printed in the feed.",
    ),
    Column::required("game_id", ColumnType::String, "YYYYMMDD_AWAY_HOME.").playing(Part::Group),
    Column::required("game_date", ColumnType::Date, "Day of the game, US Eastern."),
    Column::required(
        "team_abbr",
        ColumnType::String,
        "The player's team, three letters.",
    ).playing(Part::Side),
    Column::required(
        "opponent_team_abbr",
        ColumnType::String,
        "The other team, three letters.",
    ).playing(Part::Opponent),
    Column::required(
        "season_year",
        ColumnType::Int64,
        "Year the season starts in: 2021 for 2021-22.",
    ),
    Column::nullable("points", ColumnType::Int64, "Points.").playing(Part::Summary),
    Column::nullable(
        "minutes_played",
        ColumnType::Numeric {
            precision: 5,
            scale: 1,
        },
        "Time on the floor; 0.0 for a stint of seconds or where the feed has whole minutes, NULL when unknown.",
    ).playing(Part::Summary),
    Column::nullable("assists", ColumnType::Int64, "Assists."),
    Column::nullable(
        "offensive_rebounds",
        ColumnType::Int64,
        "Offensive rebounds; NULL when not recorded.",
    ),
    Column::nullable(
        "defensive_rebounds",
        ColumnType::Int64,
        "Defensive rebounds; NULL when not recorded.",
    ),
    Column::nullable("steals", ColumnType::Int64, "Steals."),
    Column::nullable("blocks", ColumnType::Int64, "Blocked shots."),
    Column::nullable(
        "turnovers",
        ColumnType::Int64,
        "Turnovers charged to the player (TO).",
    ),
    Column::nullable(
        "personal_fouls",
        ColumnType::Int64,
        "Personal fouls; NULL when not recorded.",
    ),
    Column::nullable(
        "plus_minus",
        ColumnType::Int64,
        "Point difference while on the floor; NULL if the feed lacks it.",
    ),
    Column::nullable(
        "fg_attempts",
        ColumnType::Int64,
        "Field goals tried (FGA), threes included.",
    ),
    Column::nullable(
        "fg_makes",
        ColumnType::Int64,
        "Field goals made (FGM), threes included.",
    ),
    Column::nullable("three_pt_attempts", ColumnType::Int64, "Three-pointers tried."),
    Column::nullable("three_pt_makes", ColumnType::Int64, "Three-pointers made (3PM)."),
    Column::nullable("ft_attempts", ColumnType::Int64, "Free throws tried (FTA)."),
    Column::nullable("ft_makes", ColumnType::Int64, "Free throws made."),
    Column::nullable(
        "paint_attempts",
        ColumnType::Int64,
        "Shots tried from 8 feet or nearer; NULL for a game without shot data.",
    ),
    Column::nullable(
        "paint_makes",
        ColumnType::Int64,
        "Shots made from 8 feet or nearer; NULL for a game without shot data.",
    ),
    Column::nullable(
        "mid_range_attempts",
        ColumnType::Int64,
        "Two-pointers tried from beyond 8 feet; NULL for a game without shot data.",
    ),
    Column::nullable(
        "mid_range_makes",
        ColumnType::Int64,
        "Two-pointers made from beyond 8 feet; NULL for a game without shot data.",
    ),
    Column::nullable(
        "paint_blocks",
        ColumnType::Int64,
        "Paint shots blocked; NULL where the play-by-play lacks the blocker.",
    ),
    Column::nullable(
        "mid_range_blocks",
        ColumnType::Int64,
        "Mid-range shots blocked; NULL where the play-by-play lacks the blocker.",
    ),
    Column::nullable(
        "three_pt_blocks",
        ColumnType::Int64,
        "Three-pointers blocked; NULL where the play-by-play lacks the blocker.",
    ),
    Column::nullable(
        "and1_count",
        ColumnType::Int64,
        "Free throws 1/1, awarded with a made shot; NULL where the play-by-play has no free throws.",
    ),
    Column::nullable(
        "assisted_fg_makes",
        ColumnType::Int64,
        "Shots made on an assist; NULL where the play-by-play lacks the assister.",
    ),
    Column::nullable(
        "unassisted_fg_makes",
        ColumnType::Int64,
        "Shots made without an assist; NULL where the play-by-play lacks the assister.",
    ),
    Column::nullable(
        "usage_rate",
        ColumnType::Numeric {
            precision: 6,
            scale: 2,
        },
        "Share of the team's plays used while on the floor, percent, one decimal: 100 · (FGA + 0.44 · FTA + TO) · (player-minutes of the team / 5) / (minutes · the team's FGA + 0.44 · FTA + TO); NULL when any of it is unknown or the minutes are 0.",
    ).playing(Part::Summary),
    Column::nullable(
        "ts_pct",
        ColumnType::Numeric {
            precision: 5,
            scale: 3,
        },
        "True shooting: points / (2 · (FGA + 0.44 · FTA)), a fraction; NULL without an attempt.",
    ),
    Column::nullable(
        "efg_pct",
        ColumnType::Numeric {
            precision: 5,
            scale: 3,
        },
        "Effective shooting: (FGM + 0.5 · 3PM) / FGA, a fraction; NULL without an attempt.",
    ),
    Column::required(
        "starter_flag",
        ColumnType::Bool,
        "More than 20 minutes recorded: used as a proxy for having started.",
    ),
    Column::nullable(
        "win_flag",
        ColumnType::Bool,
        "Whether the player's team won; NULL when a team's points are unknown.",
    ),
    Column::nullable(
        "points_line",
        ColumnType::Numeric {
            precision: 4,
            scale: 1,
        },
        "Points line of the bookmaker; no feed of it, always NULL.",
    ),
    Column::nullable(
        "over_under_result",
        ColumnType::String,
        "OVER, UNDER or PUSH against the line; no feed of it, always NULL.",
    ),
    Column::nullable(
        "margin",
        ColumnType::Numeric {
            precision: 6,
            scale: 2,
        },
        "Points less the line; no feed of it, always NULL.",
    ),
    Column::nullable(
        "points_line_source",
        ColumnType::String,
        "Bookmaker of the line; no feed of it, always NULL.",
    ),
    Column::nullable(
        "opening_line",
        ColumnType::Numeric {
            precision: 4,
            scale: 1,
        },
        "First line of the bookmaker; no feed of it, always NULL.",
    ),
    Column::nullable(
        "line_movement",
        ColumnType::Numeric {
            precision: 4,
            scale: 1,
        },
        "Line less the first line; no feed of it, always NULL.",
    ),
    Column::nullable(
        "opening_line_source",
        ColumnType::String,
        "Bookmaker of the first line; no feed of it, always NULL.",
    ),
    Column::required(
        "is_active",
        ColumnType::Bool,
        "Always true: only those who played have a row.",
    ),
    Column::nullable("player_status", ColumnType::String, "Always active."),
];

static ROW_QUALITY: [Column; 6] = [
    Column::nullable(
        "shot_zones_estimated",
        ColumnType::Bool,
        "Not computed, always NULL.",
    ),
    Column::nullable(
        "quality_sample_size",
        ColumnType::Int64,
        "Not computed, always NULL.",
    ),
    Column::nullable(
        "quality_used_fallback",
        ColumnType::Bool,
        "Whether the row comes from a feed other than the gamebook.",
    ),
    Column::nullable(
        "quality_reconstructed",
        ColumnType::Bool,
        "Always false: a player's line is never rebuilt.",
    ),
    Column::nullable(
        "quality_calculated_at",
        ColumnType::Timestamp,
        "Not filled, always NULL; processed_at says when.",
    ),
    Column::nullable("quality_metadata", ColumnType::Json, "Not computed, always NULL."),
];
