//! `nba_raw.nbac_team_boxscore`: the official team totals. Their home flag is unreliable.

use std::sync::LazyLock;

use crate::table::{Column, TableDef};

/// The official team box score, two rows per complete game.
#[must_use]
pub fn team_boxscore() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| {
        TableDef::new(
            "nba_raw",
            "nbac_team_boxscore",
            "The official team box score, two rows per complete game. Its home flag, and so the \
             order of the teams in its ids, is wrong for some games.",
            COLUMNS,
            "game_date",
        )
        .clustered_by(&["game_id", "team_abbr", "season_year", "is_home"])
        .requiring_filter()
    });
    &TABLE
}

static COLUMNS: &[Column] = &columns! {
    game_id: STRING NOT NULL, "Meant as YYYYMMDD_AWAY_HOME; the other order occurs.";
    nba_game_id: STRING NOT NULL, "The league's ten-digit id, such as 0022400561.";
    game_date: DATE NOT NULL, "Day of the game, US Eastern.";
    season_year: INT64 NOT NULL, "Year the season starts in: 2021 for 2021-22.";
    team_abbr: STRING, "The team, three letters.";
    team_name: STRING, "The team's name.";
    is_home: BOOL NOT NULL, "Whether the feed marks the team as home; unreliable.";
    minutes: STRING, "Player-minutes, 240:00 and 25 more for each overtime.";
    points: INT64, "Points.";
    fg_made: INT64, "Field goals made, threes included.";
    fg_attempted: INT64, "Field goals tried, threes included.";
    fg_percentage: FLOAT64, "Field goals made of those tried, 0 to 1.";
    three_pt_made: INT64, "Three-pointers made.";
    three_pt_attempted: INT64, "Three-pointers tried.";
    three_pt_percentage: FLOAT64, "Three-pointers made of those tried, 0 to 1.";
    ft_made: INT64, "Free throws made.";
    ft_attempted: INT64, "Free throws tried.";
    ft_percentage: FLOAT64, "Free throws made of those tried, 0 to 1.";
    offensive_rebounds: INT64, "Offensive rebounds.";
    defensive_rebounds: INT64, "Defensive rebounds.";
    total_rebounds: INT64, "All rebounds.";
    assists: INT64, "Assists.";
    steals: INT64, "Steals.";
    blocks: INT64, "Blocked shots.";
    turnovers: INT64, "Turnovers, those of the team as a whole included, so up to 7 more than its players'.";
    personal_fouls: INT64, "Personal fouls.";
    plus_minus: INT64, "Final margin.";
    processed_at: TIMESTAMP NOT NULL, "When the feed was read; of two rows the newer counts.";
};
