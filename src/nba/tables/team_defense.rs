//! `nba_analytics.team_defense_game_summary`: what a team allowed in one game.

use std::sync::LazyLock;

use super::provenance::phase_3_columns;
use crate::table::{Column, TableDef};

/// Team defence, one row per team and game.
#[must_use]
pub fn team_defense() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| {
        TableDef::new(
            "nba_analytics",
            "team_defense_game_summary",
            "What a team allowed in one game: one row per team and game, two per final of the schedule.",
            phase_3_columns(
                &[BUSINESS],
                &[
                    ("team_boxscore", "team box score"),
                    ("gamebook_players", "gamebook"),
                    ("bdl_players", "bdl feed"),
                ],
            ),
            "game_date",
        )
        .keyed_by(&["game_id", "defending_team_abbr"])
        .clustered_by(&["defending_team_abbr", "game_date", "data_quality_tier"])
    });
    &TABLE
}

/// The data columns, which come first in a row. `data_hash` covers exactly these.
pub(in crate::nba) static BUSINESS: &[Column] = &columns! {
    game_id: STRING NOT NULL as Group, "YYYYMMDD_AWAY_HOME.";
    game_date: DATE NOT NULL, "Day of the game, US Eastern.";
    defending_team_abbr: STRING NOT NULL as Side, "The team that defends, three letters.";
    opponent_team_abbr: STRING NOT NULL as Opponent, "The team it defends against, three letters.";
    season_year: INT64 NOT NULL, "Year the season starts in: 2021 for 2021-22.";
    points_allowed: INT64 as Allowed, "The opponent's points.";
    opp_fg_attempts: INT64, "Field goals the opponent tried (FGA), threes included.";
    opp_fg_makes: INT64, "Field goals the opponent made, threes included.";
    opp_three_pt_attempts: INT64, "Three-pointers the opponent tried.";
    opp_three_pt_makes: INT64, "Three-pointers the opponent made.";
    opp_ft_attempts: INT64, "Free throws the opponent tried (FTA).";
    opp_ft_makes: INT64, "Free throws the opponent made.";
    opp_rebounds: INT64, "All rebounds of the opponent's players.";
    opp_assists: INT64, "The opponent's assists.";
    turnovers_forced: INT64, "The opponent's turnovers (TO); those of players only when rebuilt.";
    fouls_committed: INT64, "The team's own personal fouls; NULL when any is not recorded.";
    opp_paint_attempts: INT64,
        "Shots the opponent tried from 8 feet or nearer; NULL for a game without shot data.";
    opp_paint_makes: INT64,
        "Shots the opponent made from 8 feet or nearer; NULL for a game without shot data.";
    opp_mid_range_attempts: INT64,
        "Two-pointers the opponent tried from beyond 8 feet; NULL for a game without shot data.";
    opp_mid_range_makes: INT64,
        "Two-pointers the opponent made from beyond 8 feet; NULL for a game without shot data.";
    points_in_paint_allowed: INT64, "2 · opp_paint_makes.";
    mid_range_points_allowed: INT64, "2 · opp_mid_range_makes.";
    three_pt_points_allowed: INT64, "3 · opp_three_pt_makes, from the box score.";
    second_chance_points_allowed: INT64, "Not computed, always NULL.";
    fast_break_points_allowed: INT64, "Not computed, always NULL.";
    blocks_paint: INT64, "Opponent's paint shots blocked; NULL where the play-by-play lacks the blocker.";
    blocks_mid_range: INT64,
        "Opponent's mid-range shots blocked; NULL where the play-by-play lacks the blocker.";
    blocks_three_pt: INT64,
        "Opponent's three-pointers blocked; NULL where the play-by-play lacks the blocker.";
    steals: INT64, "The team's own steals.";
    defensive_rebounds: INT64, "The team's own defensive rebounds; NULL when any is not recorded.";
    defensive_rating: NUMERIC(6, 2) as Summary,
        "Points allowed per 100 possessions of the opponent: 100 · points / POSS. POSS = FGA + 0.44 · FTA + \
         TO − offensive rebounds, rounded to one decimal; NULL when unknown or not above 0.";
    opponent_pace: NUMERIC(5, 1),
        "The opponent's possessions per 48 minutes: POSS · 48 / (player-minutes / 5), the player-minutes \
         being 240 + 25 per overtime.";
    opponent_ts_pct: NUMERIC(5, 3),
        "The opponent's true shooting: points / (2 · (FGA + 0.44 · FTA)), a fraction; NULL without an \
         attempt.";
    home_game: BOOL NOT NULL as Home, "Whether the defending team was at home.";
    win_flag: BOOL, "Whether the defending team won.";
    margin_of_victory: INT64, "Own points less the opponent's; negative when lost.";
    overtime_periods: INT64, "Overtimes played, from the player-minutes.";
    players_inactive: INT64, "Not computed, always NULL.";
    starters_inactive: INT64, "Not computed, always NULL.";
    referee_crew_id: STRING, "Not computed, always NULL.";
};
