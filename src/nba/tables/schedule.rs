//! `nba_raw.nbac_schedule`: the authoritative list of games and home teams.

use std::borrow::Cow;

use crate::table::{Column, ColumnType, TableDef};

/// The league's schedule, one row per game.
#[must_use]
pub fn schedule() -> &'static TableDef {
    static TABLE: TableDef = TableDef {
        dataset: Cow::Borrowed("nba_raw"),
        name: Cow::Borrowed("nbac_schedule"),
        doc: Cow::Borrowed(
            "The league's schedule, one row per game. The only source for the games of a date and for home and away.",
        ),
        columns: Cow::Borrowed(&COLUMNS),
        date_column: Cow::Borrowed("game_date"),
        key: Cow::Borrowed(&[]),
        cluster: Cow::Borrowed(&[
            Cow::Borrowed("game_date"),
            Cow::Borrowed("data_source"),
            Cow::Borrowed("home_team_tricode"),
            Cow::Borrowed("away_team_tricode"),
        ]),
        require_partition_filter: true,
    };
    &TABLE
}

static COLUMNS: [Column; 7] = [
    Column::required("game_date", ColumnType::Date, "Day of the game, US Eastern."),
    Column::nullable(
        "nba_game_id",
        ColumnType::String,
        "The league's ten-digit id, such as 0022400561.",
    ),
    Column::required(
        "season_year",
        ColumnType::Int64,
        "Year the season starts in: 2021 for 2021-22.",
    ),
    Column::nullable(
        "game_status",
        ColumnType::Int64,
        "1 scheduled, 2 in progress, 3 final.",
    ),
    Column::required(
        "home_team_tricode",
        ColumnType::String,
        "Home team, three letters.",
    ),
    Column::required(
        "away_team_tricode",
        ColumnType::String,
        "Visiting team, three letters.",
    ),
    Column::nullable("data_source", ColumnType::String, "Where the row was collected."),
];
