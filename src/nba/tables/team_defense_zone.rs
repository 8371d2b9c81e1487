//! `nba_precompute.team_defense_zone_analysis`: shots a team recently allowed, by zone.

use std::sync::LazyLock;

use super::completeness::phase_4_columns;
use crate::table::{Column, TableDef};

/// Team defence by zone, one row per team and game date.
#[must_use]
pub fn team_defense_zone() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| {
        TableDef::new(
            "nba_precompute",
            "team_defense_zone_analysis",
            "What a team allowed in each zone over its last 15 games of the season strictly \
             before the date: one row per game date and team with 15 games. Zone columns use \
             only games with shot data.",
            phase_4_columns(BUSINESS, &[("team_defense", "team defence")]),
            "analysis_date",
        )
        .keyed_by(&["analysis_date", "team_abbr"])
        .clustered_by(&["team_abbr", "analysis_date"])
    });
    &TABLE
}

/// The data columns, which come first in a row. `data_hash` covers exactly these.
pub(in crate::nba) static BUSINESS: &[Column] = &columns! {
    team_abbr: STRING NOT NULL as Side, "The team, three letters.";
    analysis_date: DATE NOT NULL, "The game date; only games before it count.";
    paint_pct_allowed_last_15: NUMERIC(5, 3),
        "Shots in the paint the opponents made of those they tried, a fraction; NULL without an attempt.";
    paint_attempts_allowed_per_game: NUMERIC(5, 1),
        "Shots in the paint the opponents tried, per game with shot data.";
    paint_points_allowed_per_game: NUMERIC(5, 1),
        "Points the opponents scored in the paint, per game with shot data.";
    paint_blocks_per_game: NUMERIC(4, 1), "Shots blocked in the paint, per game with shot data and blocks.";
    paint_defense_vs_league_avg: NUMERIC(5, 2),
        "Percentage points above the league's fraction in the paint; positive is the worse defence.";
    mid_range_pct_allowed_last_15: NUMERIC(5, 3),
        "Two-pointers outside the paint the opponents made of those they tried, a fraction; NULL without an \
         attempt.";
    mid_range_attempts_allowed_per_game: NUMERIC(5, 1),
        "Two-pointers outside the paint the opponents tried, per game with shot data.";
    mid_range_blocks_per_game: NUMERIC(4, 1),
        "Two-pointers blocked outside the paint, per game with shot data and blocks.";
    mid_range_defense_vs_league_avg: NUMERIC(5, 2),
        "Percentage points above the league's fraction from mid-range; positive is the worse defence.";
    three_pt_pct_allowed_last_15: NUMERIC(5, 3),
        "Three-pointers the opponents made of those they tried, a fraction; NULL without an attempt.";
    three_pt_attempts_allowed_per_game: NUMERIC(5, 1),
        "Three-pointers the opponents tried, per game with shot data.";
    three_pt_blocks_per_game: NUMERIC(4, 1), "Three-pointers blocked, per game with shot data and blocks.";
    three_pt_defense_vs_league_avg: NUMERIC(5, 2),
        "Percentage points above the league's fraction of threes; positive is the worse defence.";
    defensive_rating_last_15: NUMERIC(6, 2) as Summary,
        "Mean of the games' defensive_rating; games without one are skipped.";
    opponent_points_per_game: NUMERIC(5, 1), "Mean of the games' points_allowed.";
    opponent_pace: NUMERIC(5, 1), "Mean of the games' opponent_pace; games without one are skipped.";
    games_in_sample: INT64 as Summary, "Games in the window, 15 at most.";
    strongest_zone: STRING, "paint, mid_range or perimeter: the lowest above the league.";
    weakest_zone: STRING, "paint, mid_range or perimeter: the highest above the league.";
    data_quality_tier: STRING as Quality, "high with shot data of 15 games, medium from 10, else low.";
    calculation_notes: STRING,
        "How many games of the window have shot data, which zone saw no attempt, and which league average \
         was used.";
};
