//! `nba_precompute.player_composite_factors`: scores for a player's circumstances before a game.

use std::sync::LazyLock;

use super::completeness::phase_4_columns;
use crate::table::{Column, TableDef};

/// Players' circumstances, one row per game date and player with a game.
#[must_use]
pub fn player_composite() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| {
        TableDef::new(
            "nba_precompute",
            "player_composite_factors",
            "How a game's circumstances affect a player: one row per game date and player who \
             played. Uses only games strictly before the date.",
            phase_4_columns(
                BUSINESS,
                &[
                    ("player_context", "players' games"),
                    ("team_context", "teams' games"),
                    ("player_shot", "players' shot zones"),
                    ("team_defense", "teams' defence by zone"),
                ],
            ),
            "game_date",
        )
        .keyed_by(&["game_date", "player_lookup"])
        .clustered_by(&["player_lookup", "universal_player_id", "game_date"])
    });
    &TABLE
}

/// The data columns, which come first in a row. `data_hash` covers exactly these.
pub(in crate::nba) static BUSINESS: &[Column] = &columns! {
    player_lookup: STRING NOT NULL as Member, "Name in lower-case letters and digits, the key between feeds.";
    universal_player_id: STRING, "Id of the player registry, which no feed carries: always NULL.";
    game_date: DATE NOT NULL, "Day of the game, US Eastern.";
    game_id: STRING NOT NULL as Group, "YYYYMMDD_AWAY_HOME.";
    analysis_date: DATE, "Copy of game_date under the name of the zone tables.";
    fatigue_score: INT64 as Summary,
        "0 exhausted to 100 fresh: 100, less 15 when the player played the day before or plus 5 after 3 days \
         or more, less 10 from 4 games in 7 days, less 10 above 240 minutes in 7 days, less 8 above 35 \
         minutes a game in 7 days, less 5 for one and 12 for more back-to-backs in 14 days. The age, worth \
         up to 10, is unknown.";
    shot_zone_mismatch_score: NUMERIC(4, 1),
        "-10 to 10, positive when the opponent is weak where the player shoots: defence against the league \
         in the player's primary zone, times that zone's share / 50 up to 1, times 1.2 above 5; 0 when \
         either is unknown.";
    pace_score: NUMERIC(3, 1),
        "-3 to 3: half of the opponent's pace less the own team's, each over its last 10 games; 0 when \
         unknown.";
    usage_spike_score: NUMERIC(3, 1), "Always 0: usage is not projected in a backfill.";
    referee_favorability_score: NUMERIC(3, 1), "Not computed, always 0.";
    look_ahead_pressure_score: NUMERIC(3, 1), "Not computed, always 0.";
    travel_impact_score: NUMERIC(3, 1), "Not computed, always 0.";
    opponent_strength_score: NUMERIC(3, 1), "Not computed, always 0.";
    total_composite_adjustment: NUMERIC(5, 2) as Summary,
        "(fatigue - 100) / 20 + mismatch + pace + usage spike.";
    fatigue_context_json: STRING, "JSON: inputs of the fatigue score.";
    shot_zone_context_json: STRING, "JSON: inputs of the mismatch score.";
    pace_context_json: STRING, "JSON: inputs of the pace score.";
    usage_context_json: STRING, "JSON: inputs of the usage spike score.";
    calculation_version: STRING, "Always v1_4factors.";
    data_completeness_pct: NUMERIC(5, 2),
        "20 for each that is known of days_rest, projected_usage_rate, pace_differential, player_shot_zone \
         and team_defense_zone, percent.";
    missing_data_fields: STRING, "The unknown ones of the five, comma-separated; NULL when none.";
    has_warnings: BOOL, "Whether warning_details is not NULL.";
    warning_details: STRING,
        "EXTREME_FATIGUE below 50, EXTREME_MATCHUP above 8 either way, EXTREME_ADJUSTMENT above 12 either \
         way.";
    upstream_player_shot_ready: BOOL, "Whether the player's shot zones of the date are known.";
    upstream_team_defense_ready: BOOL, "Whether the opponent's defence by zone of the date is known.";
    upstream_player_context_ready: BOOL, "Whether the player has an earlier game this season.";
    upstream_team_context_ready: BOOL, "Whether both teams have an earlier game this season.";
    all_upstreams_ready: BOOL, "Whether all four are ready.";
};
