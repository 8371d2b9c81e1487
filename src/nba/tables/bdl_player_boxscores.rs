//! `nba_raw.bdl_player_boxscores`: Ball Don't Lie player box scores, for games the gamebook doesn't have.

use std::sync::LazyLock;

use crate::table::{Column, TableDef};

/// Ball Don't Lie's player box scores, one row per player and game, sometimes with duplicates.
#[must_use]
pub fn bdl_player_boxscores() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| {
        TableDef::new(
            "nba_raw",
            "bdl_player_boxscores",
            "Ball Don't Lie's player box scores, one row per player and game, sometimes several. \
             Used for games missing from the gamebook.",
            COLUMNS,
            "game_date",
        )
        .clustered_by(&["player_lookup", "team_abbr", "game_date"])
        .requiring_filter()
    });
    &TABLE
}

static COLUMNS: &[Column] = &columns! {
    game_id: STRING NOT NULL,
        "YYYYMMDD_AWAY_HOME, but on some dates the source's own number, such as 18447218.";
    game_date: DATE NOT NULL, "Day of the game, US Eastern.";
    season_year: INT64 NOT NULL, "Year the season starts in: 2021 for 2021-22.";
    team_abbr: STRING NOT NULL, "The player's team, three letters.";
    player_full_name: STRING NOT NULL, "Name as printed.";
    player_lookup: STRING NOT NULL, "Name in lower-case letters and digits, the key between feeds.";
    home_team_abbr: STRING NOT NULL, "Home team; not used, the schedule is.";
    away_team_abbr: STRING NOT NULL, "Visiting team; not used, the schedule is.";
    minutes: STRING, "Playing time in whole minutes, such as 32 or 00.";
    points: INT64, "Points.";
    assists: INT64, "Assists.";
    rebounds: INT64, "All rebounds.";
    offensive_rebounds: INT64, "Offensive rebounds; NULL when not recorded.";
    defensive_rebounds: INT64, "Defensive rebounds; NULL when not recorded.";
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
    processed_at: TIMESTAMP NOT NULL, "When the feed was read; of two rows the newer counts.";
};
