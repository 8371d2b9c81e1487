//! `nba_analytics.team_offense_game_summary`: a team's offence in one game.

use std::sync::LazyLock;

use super::provenance::phase_3_columns;
use crate::table::{Column, TableDef};

/// Team offence, one row per team and game.
#[must_use]
pub fn team_offense() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| {
        TableDef::new(
            "nba_analytics",
            "team_offense_game_summary",
            "How one team played on offence in one game: one row per team and game, two per \
             final of the schedule.",
            phase_3_columns(
                &[BUSINESS, SHOT_ZONES],
                &[
                    ("nbac_boxscore", "team box score"),
                    ("play_by_play", "play-by-play"),
                ],
            ),
            "game_date",
        )
        .keyed_by(&["game_id", "team_abbr"])
        .clustered_by(&["team_abbr", "game_date", "home_game"])
        .requiring_filter()
    });
    &TABLE
}

/// The data columns, which come first in a row. `data_hash` covers exactly these.
pub(in crate::nba) static BUSINESS: &[Column] = &columns! {
    game_id: STRING NOT NULL as Group, "YYYYMMDD_AWAY_HOME.";
    nba_game_id: STRING, "The league's ten-digit id from the schedule; game_id where the schedule has none.";
    game_date: DATE NOT NULL, "Day of the game, US Eastern.";
    team_abbr: STRING NOT NULL as Side, "The team, three letters.";
    opponent_team_abbr: STRING NOT NULL as Opponent, "The other team, three letters.";
    season_year: INT64 NOT NULL, "Year the season starts in: 2021 for 2021-22.";
    points_scored: INT64 as Scored, "Points; Σ over the players when rebuilt.";
    fg_attempts: INT64, "Field goals tried (FGA), threes included.";
    fg_makes: INT64, "Field goals made, threes included.";
    three_pt_attempts: INT64, "Three-pointers tried.";
    three_pt_makes: INT64, "Three-pointers made.";
    ft_attempts: INT64, "Free throws tried (FTA).";
    ft_makes: INT64, "Free throws made.";
    rebounds: INT64, "All rebounds of players.";
    assists: INT64, "Assists.";
    turnovers: INT64, "Turnovers (TO); those of players only when rebuilt.";
    personal_fouls: INT64, "Personal fouls; NULL when any is not recorded.";
    team_paint_attempts: INT64, "Shots tried in the paint; NULL in a backfill.";
    team_paint_makes: INT64, "Shots made in the paint; NULL in a backfill.";
    team_mid_range_attempts: INT64, "Two-pointers tried outside the paint; NULL in a backfill.";
    team_mid_range_makes: INT64, "Two-pointers made outside the paint; NULL in a backfill.";
    points_in_paint_scored: INT64, "2 × shots made in the paint; NULL in a backfill.";
    second_chance_points_scored: INT64, "Not computed, always NULL.";
    offensive_rating: NUMERIC(6, 2) as Summary,
        "Points per 100 possessions: 100 · points / POSS. POSS = FGA + 0.44 · FTA + TO − offensive rebounds, \
         rounded to one decimal; NULL when unknown or not above 0.";
    pace: NUMERIC(5, 1) as Summary,
        "Possessions per 48 minutes: POSS · 48 / (player-minutes / 5), the player-minutes being 240 + 25 per \
         overtime.";
    possessions: INT64, "POSS without its decimal.";
    ts_pct: NUMERIC(5, 3),
        "True shooting: points / (2 · (FGA + 0.44 · FTA)), a fraction; NULL without an attempt.";
    home_game: BOOL NOT NULL as Home, "Whether the team was at home.";
    win_flag: BOOL NOT NULL, "Whether the team scored more than the other.";
    margin_of_victory: INT64, "Points less the opponent's; negative when lost.";
    overtime_periods: INT64, "Overtimes played, from the player-minutes.";
    players_inactive: INT64, "Not computed, always NULL.";
    starters_inactive: INT64, "Not computed, always NULL.";
    referee_crew_id: STRING, "Not computed, always NULL.";
};

static SHOT_ZONES: &[Column] = &columns! {
    shot_zones_available: BOOL, "Whether the zone columns are filled; false in a backfill.";
    shot_zones_source: STRING, "Feed of the zone columns; NULL in a backfill.";
};
