//! `nba_raw.nbac_gamebook_player_stats`: the official gamebook, the preferred source of player box scores.

use std::sync::LazyLock;

use crate::table::{Column, TableDef};

/// The official gamebook, one row per player listed for a game.
#[must_use]
pub fn gamebook_player_stats() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| {
        TableDef::new(
            "nba_raw",
            "nbac_gamebook_player_stats",
            "The official gamebook, one row per player listed for a game: played, dressed but \
             did not play, or out.",
            COLUMNS,
            "game_date",
        )
        .clustered_by(&["season_year", "team_abbr", "player_status"])
    });
    &TABLE
}

static COLUMNS: &[Column] = &columns! {
    game_id: STRING NOT NULL, "YYYYMMDD_AWAY_HOME.";
    game_date: DATE NOT NULL, "Day of the game, US Eastern.";
    season_year: INT64 NOT NULL, "Year the season starts in: 2021 for 2021-22.";
    home_team_abbr: STRING, "Home team, three letters.";
    away_team_abbr: STRING, "Visiting team, three letters.";
    player_name: STRING, "Name as printed.";
    player_lookup: STRING,
        "Name in lower-case letters and digits, the key between feeds; NULL when the name was not resolved.";
    team_abbr: STRING, "The player's team, three letters.";
    player_status: STRING NOT NULL, "active: played; dnp: dressed, did not play; inactive: not dressed.";
    minutes: STRING, "Playing time as MM:SS; NULL unless active.";
    points: INT64, "Points.";
    assists: INT64, "Assists.";
    steals: INT64, "Steals.";
    blocks: INT64, "Blocked shots.";
    turnovers: INT64, "Turnovers charged to the player.";
    personal_fouls: INT64, "Personal fouls; NULL when not recorded.";
    field_goals_made: INT64, "Field goals made, threes included.";
    field_goals_attempted: INT64, "Field goals tried, threes included.";
    three_pointers_made: INT64, "Three-pointers made.";
    three_pointers_attempted: INT64, "Three-pointers tried.";
    free_throws_made: INT64, "Free throws made.";
    free_throws_attempted: INT64, "Free throws tried.";
    offensive_rebounds: INT64, "Offensive rebounds; NULL when not recorded.";
    defensive_rebounds: INT64, "Defensive rebounds; NULL when not recorded.";
    total_rebounds: INT64, "All rebounds.";
    plus_minus: INT64, "Point difference while on the floor.";
    processed_at: TIMESTAMP, "When the feed was read; of two rows the newer counts.";
};
