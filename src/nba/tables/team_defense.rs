//! `nba_analytics.team_defense_game_summary`: what a team allowed in one game.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::provenance::{QUALITY, source_tracking};
use crate::table::{Column, ColumnType, Part, TableDef};

/// Team defence, one row per team and game.
#[must_use]
pub fn team_defense() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| TableDef {
        dataset: Cow::Borrowed("nba_analytics"),
        name: Cow::Borrowed("team_defense_game_summary"),
        doc: Cow::Borrowed(
            "What a team allowed in one game: one row per team and game, two per final of the schedule.",
        ),
        columns: Cow::Owned(
            [
                BUSINESS.to_vec(),
                source_tracking("team_boxscore", "team box score"),
                source_tracking("gamebook_players", "gamebook"),
                source_tracking("bdl_players", "bdl feed"),
                QUALITY.to_vec(),
            ]
            .concat(),
        ),
        date_column: Cow::Borrowed("game_date"),
        key: Cow::Borrowed(&[Cow::Borrowed("game_id"), Cow::Borrowed("defending_team_abbr")]),
        cluster: Cow::Borrowed(&[
            Cow::Borrowed("defending_team_abbr"),
            Cow::Borrowed("game_date"),
            Cow::Borrowed("data_quality_tier"),
        ]),
        require_partition_filter: false,
    });
    &TABLE
}

/// The data columns, which come first in a row. `data_hash` covers exactly these.
pub(in crate::nba) static BUSINESS: [Column; 40] = [
    Column::required("game_id", ColumnType::String, "YYYYMMDD_AWAY_HOME.").playing(Part::Group),
    Column::required("game_date", ColumnType::Date, "Day of the game, US Eastern."),
    Column::required(
        "defending_team_abbr",
        ColumnType::String,
        "The team that defends, three letters.",
    ).playing(Part::Side),
    Column::required(
        "opponent_team_abbr",
        ColumnType::String,
        "The team it defends against, three letters.",
    ).playing(Part::Opponent),
    Column::required(
        "season_year",
        ColumnType::Int64,
        "Year the season starts in: 2021 for 2021-22.",
    ),
    Column::nullable("points_allowed", ColumnType::Int64, "The opponent's points.").playing(Part::Allowed),
    Column::nullable(
        "opp_fg_attempts",
        ColumnType::Int64,
        "Field goals the opponent tried (FGA), threes included.",
    ),
    Column::nullable(
        "opp_fg_makes",
        ColumnType::Int64,
        "Field goals the opponent made, threes included.",
    ),
    Column::nullable(
        "opp_three_pt_attempts",
        ColumnType::Int64,
        "Three-pointers the opponent tried.",
    ),
    Column::nullable(
        "opp_three_pt_makes",
        ColumnType::Int64,
        "Three-pointers the opponent made.",
    ),
    Column::nullable(
        "opp_ft_attempts",
        ColumnType::Int64,
        "Free throws the opponent tried (FTA).",
    ),
    Column::nullable(
        "opp_ft_makes",
        ColumnType::Int64,
        "Free throws the opponent made.",
    ),
    Column::nullable(
        "opp_rebounds",
        ColumnType::Int64,
        "All rebounds of the opponent's players.",
    ),
    Column::nullable("opp_assists", ColumnType::Int64, "The opponent's assists."),
    Column::nullable(
        "turnovers_forced",
        ColumnType::Int64,
        "The opponent's turnovers (TO); those of players only when rebuilt.",
    ),
    Column::nullable(
        "fouls_committed",
        ColumnType::Int64,
        "The team's own personal fouls; NULL when any is not recorded.",
    ),
    Column::nullable(
        "opp_paint_attempts",
        ColumnType::Int64,
        "Shots the opponent tried from 8 feet or nearer; NULL for a game without shot data.",
    ),
    Column::nullable(
        "opp_paint_makes",
        ColumnType::Int64,
        "Shots the opponent made from 8 feet or nearer; NULL for a game without shot data.",
    ),
    Column::nullable(
        "opp_mid_range_attempts",
        ColumnType::Int64,
        "Two-pointers the opponent tried from beyond 8 feet; NULL for a game without shot data.",
    ),
    Column::nullable(
        "opp_mid_range_makes",
        ColumnType::Int64,
        "Two-pointers the opponent made from beyond 8 feet; NULL for a game without shot data.",
    ),
    Column::nullable(
        "points_in_paint_allowed",
        ColumnType::Int64,
        "2 · opp_paint_makes.",
    ),
    Column::nullable(
        "mid_range_points_allowed",
        ColumnType::Int64,
        "2 · opp_mid_range_makes.",
    ),
    Column::nullable(
        "three_pt_points_allowed",
        ColumnType::Int64,
        "3 · opp_three_pt_makes, from the box score.",
    ),
    Column::nullable(
        "second_chance_points_allowed",
        ColumnType::Int64,
        "Not computed, always NULL.",
    ),
    Column::nullable(
        "fast_break_points_allowed",
        ColumnType::Int64,
        "Not computed, always NULL.",
    ),
    Column::nullable(
        "blocks_paint",
        ColumnType::Int64,
        "Opponent's paint shots blocked; NULL where the play-by-play lacks the blocker.",
    ),
    Column::nullable(
        "blocks_mid_range",
        ColumnType::Int64,
        "Opponent's mid-range shots blocked; NULL where the play-by-play lacks the blocker.",
    ),
    Column::nullable(
        "blocks_three_pt",
        ColumnType::Int64,
        "Opponent's three-pointers blocked; NULL where the play-by-play lacks the blocker.",
    ),
    Column::nullable("steals", ColumnType::Int64, "The team's own steals."),
    Column::nullable(
        "defensive_rebounds",
        ColumnType::Int64,
        "The team's own defensive rebounds; NULL when any is not recorded.",
    ),
    Column::nullable(
        "defensive_rating",
        ColumnType::Numeric {
            precision: 6,
            scale: 2,
        },
        "Points allowed per 100 possessions of the opponent: 100 · points / POSS. POSS = FGA + 0.44 · FTA + TO − offensive rebounds, rounded to one decimal; NULL when unknown or not above 0.",
    ).playing(Part::Summary),
    Column::nullable(
        "opponent_pace",
        ColumnType::Numeric {
            precision: 5,
            scale: 1,
        },
        "The opponent's possessions per 48 minutes: POSS · 48 / (player-minutes / 5), the player-minutes being 240 + 25 per overtime.",
    ),
    Column::nullable(
        "opponent_ts_pct",
        ColumnType::Numeric {
            precision: 5,
            scale: 3,
        },
        "The opponent's true shooting: points / (2 · (FGA + 0.44 · FTA)), a fraction; NULL without an attempt.",
    ),
    Column::required(
        "home_game",
        ColumnType::Bool,
        "Whether the defending team was at home.",
    ).playing(Part::Home),
    Column::nullable("win_flag", ColumnType::Bool, "Whether the defending team won."),
    Column::nullable(
        "margin_of_victory",
        ColumnType::Int64,
        "Own points less the opponent's; negative when lost.",
    ),
    Column::nullable(
        "overtime_periods",
        ColumnType::Int64,
        "Overtimes played, from the player-minutes.",
    ),
    Column::nullable(
        "players_inactive",
        ColumnType::Int64,
        "Not computed, always NULL.",
    ),
    Column::nullable(
        "starters_inactive",
        ColumnType::Int64,
        "Not computed, always NULL.",
    ),
    Column::nullable(
        "referee_crew_id",
        ColumnType::String,
        "Not computed, always NULL.",
    ),
];
