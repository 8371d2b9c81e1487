//! `nba_analytics.player_game_summary`: one player's statistics in one game.

use std::sync::LazyLock;

use super::provenance::phase_3_columns;
use crate::table::{Column, TableDef};

/// Player games, one row per game and player who played.
#[must_use]
pub fn player_game() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| {
        TableDef::new(
            "nba_analytics",
            "player_game_summary",
            "One player in one game: one row per player who played.",
            phase_3_columns(
                &[BUSINESS, ROW_QUALITY],
                &[
                    ("nbac", "gamebook"),
                    ("bdl", "bdl feed"),
                    ("bbd", "play-by-play of shots"),
                    ("nbac_pbp", "official play-by-play"),
                    ("odds", "points lines"),
                    ("bp", "second feed of points lines"),
                    ("team", "team offence"),
                ],
            ),
            "game_date",
        )
        .keyed_by(&["game_id", "player_lookup"])
        .clustered_by(&["universal_player_id", "player_lookup", "team_abbr", "game_date"])
    });
    &TABLE
}

/// The data columns, which come first in a row. `data_hash` covers exactly these.
pub(in crate::nba) static BUSINESS: &[Column] = &columns! {
    player_lookup: STRING NOT NULL as Member, "Name in lower-case letters and digits, the key between feeds.";
    universal_player_id: STRING, "Id of the player registry, which no feed carries: always NULL.";
    player_full_name: STRING, "Name as printed in the feed.";
    game_id: STRING NOT NULL as Group, "YYYYMMDD_AWAY_HOME.";
    game_date: DATE NOT NULL, "Day of the game, US Eastern.";
    team_abbr: STRING NOT NULL as Side, "The player's team, three letters.";
    opponent_team_abbr: STRING NOT NULL as Opponent, "The other team, three letters.";
    season_year: INT64 NOT NULL, "Year the season starts in: 2021 for 2021-22.";
    points: INT64 as Summary, "Points.";
    minutes_played: NUMERIC(5, 1) as Summary,
        "Time on the floor; 0.0 for a stint of seconds or where the feed has whole minutes, NULL when \
         unknown.";
    assists: INT64, "Assists.";
    offensive_rebounds: INT64, "Offensive rebounds; NULL when not recorded.";
    defensive_rebounds: INT64, "Defensive rebounds; NULL when not recorded.";
    steals: INT64, "Steals.";
    blocks: INT64, "Blocked shots.";
    turnovers: INT64, "Turnovers charged to the player (TO).";
    personal_fouls: INT64, "Personal fouls; NULL when not recorded.";
    plus_minus: INT64, "Point difference while on the floor; NULL if the feed lacks it.";
    fg_attempts: INT64, "Field goals tried (FGA), threes included.";
    fg_makes: INT64, "Field goals made (FGM), threes included.";
    three_pt_attempts: INT64, "Three-pointers tried.";
    three_pt_makes: INT64, "Three-pointers made (3PM).";
    ft_attempts: INT64, "Free throws tried (FTA).";
    ft_makes: INT64, "Free throws made.";
    paint_attempts: INT64, "Shots tried from 8 feet or nearer; NULL for a game without shot data.";
    paint_makes: INT64, "Shots made from 8 feet or nearer; NULL for a game without shot data.";
    mid_range_attempts: INT64, "Two-pointers tried from beyond 8 feet; NULL for a game without shot data.";
    mid_range_makes: INT64, "Two-pointers made from beyond 8 feet; NULL for a game without shot data.";
    paint_blocks: INT64, "Paint shots blocked; NULL where the play-by-play lacks the blocker.";
    mid_range_blocks: INT64, "Mid-range shots blocked; NULL where the play-by-play lacks the blocker.";
    three_pt_blocks: INT64, "Three-pointers blocked; NULL where the play-by-play lacks the blocker.";
    and1_count: INT64,
        "Free throws 1/1, awarded with a made shot; NULL where the play-by-play has no free throws.";
    assisted_fg_makes: INT64, "Shots made on an assist; NULL where the play-by-play lacks the assister.";
    unassisted_fg_makes: INT64,
        "Shots made without an assist; NULL where the play-by-play lacks the assister.";
    usage_rate: NUMERIC(6, 2) as Summary,
        "Share of the team's plays used while on the floor, percent, one decimal: 100 · (FGA + 0.44 · FTA + \
         TO) · (player-minutes of the team / 5) / (minutes · the team's FGA + 0.44 · FTA + TO); NULL when \
         any of it is unknown or the minutes are 0.";
    ts_pct: NUMERIC(5, 3),
        "True shooting: points / (2 · (FGA + 0.44 · FTA)), a fraction; NULL without an attempt.";
    efg_pct: NUMERIC(5, 3),
        "Effective shooting: (FGM + 0.5 · 3PM) / FGA, a fraction; NULL without an attempt.";
    starter_flag: BOOL NOT NULL, "More than 20 minutes recorded: used as a proxy for having started.";
    win_flag: BOOL, "Whether the player's team won; NULL when a team's points are unknown.";
    points_line: NUMERIC(4, 1), "Points line of the bookmaker; no feed of it, always NULL.";
    over_under_result: STRING, "OVER, UNDER or PUSH against the line; no feed of it, always NULL.";
    margin: NUMERIC(6, 2), "Points less the line; no feed of it, always NULL.";
    points_line_source: STRING, "Bookmaker of the line; no feed of it, always NULL.";
    opening_line: NUMERIC(4, 1), "First line of the bookmaker; no feed of it, always NULL.";
    line_movement: NUMERIC(4, 1), "Line less the first line; no feed of it, always NULL.";
    opening_line_source: STRING, "Bookmaker of the first line; no feed of it, always NULL.";
    is_active: BOOL NOT NULL, "Always true: only those who played have a row.";
    player_status: STRING, "Always active.";
};

static ROW_QUALITY: &[Column] = &columns! {
    shot_zones_estimated: BOOL, "Not computed, always NULL.";
    quality_sample_size: INT64, "Not computed, always NULL.";
    quality_used_fallback: BOOL, "Whether the row comes from a feed other than the gamebook.";
    quality_reconstructed: BOOL, "Always false: a player's line is never rebuilt.";
    quality_calculated_at: TIMESTAMP, "Not filled, always NULL; processed_at says when.";
    quality_metadata: JSON, "Not computed, always NULL.";
};
