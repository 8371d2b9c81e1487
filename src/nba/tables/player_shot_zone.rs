//! `nba_precompute.player_shot_zone_analysis`: a player's recent shots by zone.

use std::sync::LazyLock;

use super::completeness::phase_4_columns;
use crate::table::{Column, TableDef};

/// Players' shots by zone, one row per player and game date.
#[must_use]
pub fn player_shot_zone() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| {
        TableDef::new(
            "nba_precompute",
            "player_shot_zone_analysis",
            "Where a player shot from over the last 10 and 20 games of the season strictly \
             before the date: one row per game date and player with 10 games, whether or not he \
             plays that night. Rates use only games with shot data.",
            phase_4_columns(BUSINESS, &[("player_game", "players' games")]),
            "analysis_date",
        )
        .keyed_by(&["analysis_date", "player_lookup"])
        .clustered_by(&["player_lookup", "universal_player_id", "analysis_date"])
    });
    &TABLE
}

/// The data columns, which come first in a row. `data_hash` covers exactly these.
pub(in crate::nba) static BUSINESS: &[Column] = &columns! {
    player_lookup: STRING NOT NULL as Member, "Name in lower-case letters and digits, the key between feeds.";
    universal_player_id: STRING, "Id of the player in the registry, from the newest game.";
    analysis_date: DATE NOT NULL, "The game date; only games before it count.";
    paint_rate_last_10: NUMERIC(5, 2),
        "Shots tried in the paint of all shots tried, percent; NULL without a shot.";
    mid_range_rate_last_10: NUMERIC(5, 2),
        "Two-pointers tried outside the paint of all shots tried, percent; NULL without a shot.";
    three_pt_rate_last_10: NUMERIC(5, 2),
        "Three-pointers tried of all shots tried, percent; NULL without a shot.";
    total_shots_last_10: INT64, "Shots tried in the games with shot data; NULL when there is none.";
    games_in_sample_10: INT64 as Summary, "Games with shot data among the last 10, the basis of the rates.";
    sample_quality_10: STRING,
        "excellent with shot data of all 10 games, good from 7, limited from 5, else insufficient.";
    paint_pct_last_10: NUMERIC(5, 3),
        "Shots made in the paint of those tried, a fraction; NULL without an attempt.";
    mid_range_pct_last_10: NUMERIC(5, 3),
        "Two-pointers made outside the paint of those tried, a fraction; NULL without an attempt.";
    three_pt_pct_last_10: NUMERIC(5, 3),
        "Three-pointers made of those tried, a fraction; NULL without an attempt.";
    paint_attempts_per_game: NUMERIC(4, 1), "Shots tried in the paint, per game with shot data.";
    mid_range_attempts_per_game: NUMERIC(4, 1),
        "Two-pointers tried outside the paint, per game with shot data.";
    three_pt_attempts_per_game: NUMERIC(4, 1), "Three-pointers tried, per game with shot data.";
    paint_rate_last_20: NUMERIC(5, 2),
        "As paint_rate_last_10, over the last 20 games; NULL with shot data of fewer than 15.";
    paint_pct_last_20: NUMERIC(5, 3),
        "As paint_pct_last_10, over the last 20 games; NULL with shot data of fewer than 15.";
    games_in_sample_20: INT64, "Games with shot data among the last 20.";
    sample_quality_20: STRING,
        "excellent with shot data of all 20 games, good from 14, limited from 10, else insufficient.";
    assisted_rate_last_10: NUMERIC(5, 2),
        "Assisted share of field goals made in the games with shot data, percent.";
    unassisted_rate_last_10: NUMERIC(5, 2),
        "Unassisted share of field goals made in the games with shot data, percent.";
    player_position: STRING, "Not computed, always NULL.";
    primary_scoring_zone: STRING as Summary,
        "paint from 40 % of the shots in the paint, else perimeter from 40 % threes, else mid_range from 35 \
         %, else balanced; NULL without a shot.";
    data_quality_tier: STRING as Quality, "high with shot data of all 10 games, medium from 7, else low.";
    calculation_notes: STRING, "How many games of each window have shot data.";
};
