//! `nba_raw.bigdataball_play_by_play`: play-by-play events with shot distance.

use std::sync::LazyLock;

use crate::table::{Column, TableDef};

/// Play-by-play, one row per event; only shots and free throws are used.
#[must_use]
pub fn bigdataball_play_by_play() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| {
        TableDef::new(
            "nba_raw",
            "bigdataball_play_by_play",
            "Play-by-play, one row per event; shots and free throws are used. Not every game is covered.",
            COLUMNS,
            "game_date",
        )
        .clustered_by(&["game_id", "period", "event_type"])
        .requiring_filter()
    });
    &TABLE
}

static COLUMNS: &[Column] = &columns! {
    game_id: STRING NOT NULL, "YYYYMMDD_AWAY_HOME.";
    game_date: DATE NOT NULL, "Day of the game, US Eastern.";
    home_team_abbr: STRING NOT NULL, "Home team, three letters.";
    away_team_abbr: STRING NOT NULL, "Visiting team, three letters.";
    period: INT64, "1 to 4, then 5 for the first overtime and so on.";
    event_type: STRING, "What happened: shot, free throw.";
    event_subtype: STRING, "Kind of event: contains 3pt for a three-pointer; free throw 1/1 is an and-one.";
    player_1_lookup: STRING, "Shooter's key; since October 2024 with the league's player number before it.";
    player_1_team_abbr: STRING, "Shooter's team, three letters.";
    player_2_lookup: STRING, "Key of the second player, if any.";
    player_2_role: STRING, "What the second player did: assist or block.";
    player_2_team_abbr: STRING, "Second player's team; the feed leaves it NULL.";
    shot_made: BOOL, "Whether the shot went in.";
    shot_type: STRING, "2PT or 3PT.";
    shot_distance: FLOAT64, "Distance from the basket in feet.";
};
