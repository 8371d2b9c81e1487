//! `nba_raw.bigdataball_play_by_play`: play-by-play events with shot distance.

use std::borrow::Cow;

use crate::table::{Column, ColumnType, TableDef};

/// Play-by-play, one row per event; only shots and free throws are used.
#[must_use]
pub fn bigdataball_play_by_play() -> &'static TableDef {
    static TABLE: TableDef = TableDef {
        dataset: Cow::Borrowed("nba_raw"),
        name: Cow::Borrowed("bigdataball_play_by_play"),
        doc: Cow::Borrowed(
            "Play-by-play, one row per event; shots and free throws are used. Not every game is covered.",
        ),
        columns: Cow::Borrowed(&COLUMNS),
        date_column: Cow::Borrowed("game_date"),
        key: Cow::Borrowed(&[]),
        cluster: Cow::Borrowed(&[
            Cow::Borrowed("game_id"),
            Cow::Borrowed("period"),
            Cow::Borrowed("event_type"),
        ]),
        require_partition_filter: true,
    };
    &TABLE
}

static COLUMNS: [Column; 15] = [
    Column::required("game_id", ColumnType::String, "YYYYMMDD_AWAY_HOME."),
    Column::required("game_date", ColumnType::Date, "Day of the game, US Eastern."),
    Column::required("home_team_abbr", ColumnType::String, "Home team, three letters."),
    Column::required(
        "away_team_abbr",
        ColumnType::String,
        "Visiting team, three letters.",
    ),
    Column::nullable(
        "period",
        ColumnType::Int64,
        "1 to 4, then 5 for the first overtime and so on.",
    ),
    Column::nullable(
        "event_type",
        ColumnType::String,
        "What happened: shot, free throw.",
    ),
    Column::nullable(
        "event_subtype",
        ColumnType::String,
        "Kind of event: contains 3pt for a three-pointer; free throw 1/1 is an and-one.",
    ),
    Column::nullable(
        "player_1_lookup",
        ColumnType::String,
        "Shooter's key; since October 2024 with the league's player number before it.",
    ),
    Column::nullable(
        "player_1_team_abbr",
        ColumnType::String,
        "Shooter's team, three letters.",
    ),
    Column::nullable(
        "player_2_lookup",
        ColumnType::String,
        "Key of the second player, if any.",
    ),
    Column::nullable(
        "player_2_role",
        ColumnType::String,
        "What the second player did: assist or block.",
    ),
    Column::nullable(
        "player_2_team_abbr",
        ColumnType::String,
        "Second player's team; the feed leaves it NULL.",
    ),
    Column::nullable("shot_made", ColumnType::Bool, "Whether the shot went in."),
    Column::nullable("shot_type", ColumnType::String, "2PT or 3PT."),
    Column::nullable(
        "shot_distance",
        ColumnType::Float64,
        "Distance from the basket in feet.",
    ),
];
