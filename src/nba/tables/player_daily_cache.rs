//! `nba_precompute.player_daily_cache`: a player's recent form, as of the morning of a game.

use std::sync::LazyLock;

use super::completeness::phase_4_columns;
use crate::table::{Column, TableDef};

/// Players' form, one row per game date and player with a game.
#[must_use]
pub fn player_daily_cache() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| {
        TableDef::new(
            "nba_precompute",
            "player_daily_cache",
            "Recent form of a player: one row per game date and player who played and had \
             already played 5 games of the season. Counts only games of the season strictly \
             before the date with minutes or points above 0.",
            phase_4_columns(
                BUSINESS,
                &[
                    ("player_game", "players' games"),
                    ("team_offense", "team offence"),
                    ("upcoming_context", "context of upcoming games"),
                    ("shot_zone", "players' shot zones"),
                ],
            ),
            "cache_date",
        )
        .keyed_by(&["cache_date", "player_lookup"])
        .clustered_by(&["player_lookup", "universal_player_id"])
    });
    &TABLE
}

/// The data columns, which come first in a row. `data_hash` covers exactly these.
pub(in crate::nba) static BUSINESS: &[Column] = &columns! {
    player_lookup: STRING NOT NULL as Member, "Name in lower-case letters and digits, the key between feeds.";
    universal_player_id: STRING, "Id of the player registry, which no feed carries: always NULL.";
    cache_date: DATE NOT NULL, "The game date; only games before it count.";
    points_avg_last_5: NUMERIC(5, 1), "Points a game over the last 5 games.";
    points_avg_last_10: NUMERIC(5, 1) as Summary, "Points a game over the last 10 games.";
    points_avg_season: NUMERIC(5, 1), "Points a game over the season so far.";
    points_std_last_10: NUMERIC(5, 2), "Standard deviation (n - 1) of the points of the last 10 games.";
    minutes_avg_last_10: NUMERIC(5, 1),
        "Minutes a game over those of the last 10 games whose minutes are known.";
    usage_rate_last_10: NUMERIC(5, 2),
        "Mean usage rate over those of the last 10 games that have one, percent.";
    ts_pct_last_10: NUMERIC(5, 3),
        "Mean true shooting over those of the last 10 games with an attempt, a fraction.";
    games_played_season: INT64 as Summary, "Games of the season so far.";
    team_pace_last_10: NUMERIC(5, 1), "Mean pace of the team over its last 10 games of the season.";
    team_off_rating_last_10: NUMERIC(6, 2),
        "Mean offensive rating of the team over its last 10 games of the season.";
    player_usage_rate_season: NUMERIC(5, 2),
        "Mean usage rate over the games of the season that have one, percent.";
    games_in_last_7_days: INT64, "Games in the 7 days before the date.";
    games_in_last_14_days: INT64, "Games in the 14 days before the date.";
    minutes_in_last_7_days: INT64, "Minutes in the 7 days before the date, rounded.";
    minutes_in_last_14_days: INT64, "Minutes in the 14 days before the date, rounded.";
    back_to_backs_last_14_days: INT64,
        "Games the day after another game, both in the 14 days before the date.";
    avg_minutes_per_game_last_7: NUMERIC(5, 1),
        "Minutes a game in the 7 days before the date; NULL without a game.";
    fourth_quarter_minutes_last_7: INT64, "No feed has minutes by quarter, always NULL.";
    primary_scoring_zone: STRING,
        "The player's zone from the shot-zone table: paint, mid_range, perimeter or balanced.";
    paint_rate_last_10: NUMERIC(5, 2), "Share of shots tried in the paint from the shot-zone table, percent.";
    three_pt_rate_last_10: NUMERIC(5, 2), "Share of three-pointers from the shot-zone table, percent.";
    assisted_rate_last_10: NUMERIC(5, 2),
        "Assisted share of made shots, a fraction; NULL where no feed has assists.";
    player_age: INT64, "No feed has birthdays, always NULL.";
    shot_zone_data_available: BOOL, "Whether the zone shares are known.";
    l5_completeness_pct: FLOAT64,
        "The last 5 games of the team's finals since the oldest of them, percent, two decimals.";
    l5_is_complete: BOOL, "Whether l5_completeness_pct is 70 or more.";
    l10_completeness_pct: FLOAT64,
        "The last 10 games of the team's finals since the oldest of them, percent, two decimals; of the \
         season so far when there are fewer than 10.";
    l10_is_complete: BOOL, "Whether l10_completeness_pct is 70 or more.";
    l7d_completeness_pct: FLOAT64,
        "Games in the 7 days before the date of the team's finals in them, percent, two decimals; 100 when \
         the team had none.";
    l7d_is_complete: BOOL, "Whether l7d_completeness_pct is 70 or more.";
    l14d_completeness_pct: FLOAT64,
        "Games in the 14 days before the date of the team's finals in them, percent, two decimals; 100 when \
         the team had none.";
    l14d_is_complete: BOOL, "Whether l14d_completeness_pct is 70 or more.";
    all_windows_complete: BOOL, "Whether all four windows are complete.";
    cache_version: STRING, "Always v1.";
};
