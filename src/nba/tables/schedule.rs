//! `nba_raw.nbac_schedule`: the authoritative list of games and home teams.

use std::sync::LazyLock;

use crate::table::{Column, TableDef};

/// The league's schedule, one row per game.
#[must_use]
pub fn schedule() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| {
        TableDef::new(
            "nba_raw",
            "nbac_schedule",
            "The league's schedule, one row per game. The only source for the games of a date \
             and for home and away.",
            COLUMNS,
            "game_date",
        )
        .clustered_by(&[
            "game_date",
            "data_source",
            "home_team_tricode",
            "away_team_tricode",
        ])
        .requiring_filter()
    });
    &TABLE
}

static COLUMNS: &[Column] = &columns! {
    game_date: DATE NOT NULL, "Day of the game, US Eastern.";
    nba_game_id: STRING, "The league's ten-digit id, such as 0022400561.";
    season_year: INT64 NOT NULL, "Year the season starts in: 2021 for 2021-22.";
    game_status: INT64, "1 scheduled, 2 in progress, 3 final.";
    home_team_tricode: STRING NOT NULL, "Home team, three letters.";
    away_team_tricode: STRING NOT NULL, "Visiting team, three letters.";
    data_source: STRING, "Where the row was collected.";
};
