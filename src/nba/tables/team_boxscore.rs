//! `nba_raw.nbac_team_boxscore`: the official team totals. Their home flag is unreliable.

use std::borrow::Cow;

use crate::table::{Column, ColumnType, TableDef};

/// The official team box score, two rows per complete game.
#[must_use]
pub fn team_boxscore() -> &'static TableDef {
    static TABLE: TableDef = TableDef {
        dataset: Cow::Borrowed("nba_raw"),
        name: Cow::Borrowed("nbac_team_boxscore"),
        doc: Cow::Borrowed(
            "The official team box score, two rows per complete game. Its home flag, and so the order of the teams in \
             its ids, is wrong for some games.",
        ),
        columns: Cow::Borrowed(&COLUMNS),
        date_column: Cow::Borrowed("game_date"),
        key: Cow::Borrowed(&[]),
        cluster: Cow::Borrowed(&[
            Cow::Borrowed("game_id"),
            Cow::Borrowed("team_abbr"),
            Cow::Borrowed("season_year"),
            Cow::Borrowed("is_home"),
        ]),
        require_partition_filter: true,
    };
    &TABLE
}

static COLUMNS: [Column; 28] = [
    Column::required(
        "game_id",
        ColumnType::String,
        "Meant as YYYYMMDD_AWAY_HOME; the other order occurs.",
    ),
    Column::required(
        "nba_game_id",
        ColumnType::String,
        "The league's ten-digit id, such as 0022400561.",
    ),
    Column::required("game_date", ColumnType::Date, "Day of the game, US Eastern."),
    Column::required(
        "season_year",
        ColumnType::Int64,
        "Year the season starts in: 2021 for 2021-22.",
    ),
    Column::nullable("team_abbr", ColumnType::String, "The team, three letters."),
    Column::nullable("team_name", ColumnType::String, "The team's name."),
    Column::required(
        "is_home",
        ColumnType::Bool,
        "Whether the feed marks the team as home; unreliable.",
    ),
    Column::nullable(
        "minutes",
        ColumnType::String,
        "Player-minutes, 240:00 and 25 more for each overtime.",
    ),
    Column::nullable("points", ColumnType::Int64, "Points."),
    Column::nullable("fg_made", ColumnType::Int64, "Field goals made, threes included."),
    Column::nullable(
        "fg_attempted",
        ColumnType::Int64,
        "Field goals tried, threes included.",
    ),
    Column::nullable(
        "fg_percentage",
        ColumnType::Float64,
        "Field goals made of those tried, 0 to 1.",
    ),
    Column::nullable("three_pt_made", ColumnType::Int64, "Three-pointers made."),
    Column::nullable("three_pt_attempted", ColumnType::Int64, "Three-pointers tried."),
    Column::nullable(
        "three_pt_percentage",
        ColumnType::Float64,
        "Three-pointers made of those tried, 0 to 1.",
    ),
    Column::nullable("ft_made", ColumnType::Int64, "Free throws made."),
    Column::nullable("ft_attempted", ColumnType::Int64, "Free throws tried."),
    Column::nullable(
        "ft_percentage",
        ColumnType::Float64,
        "Free throws made of those tried, 0 to 1.",
    ),
    Column::nullable("offensive_rebounds", ColumnType::Int64, "Offensive rebounds."),
    Column::nullable("defensive_rebounds", ColumnType::Int64, "Defensive rebounds."),
    Column::nullable("total_rebounds", ColumnType::Int64, "All rebounds."),
    Column::nullable("assists", ColumnType::Int64, "Assists."),
    Column::nullable("steals", ColumnType::Int64, "Steals."),
    Column::nullable("blocks", ColumnType::Int64, "Blocked shots."),
    Column::nullable(
        "turnovers",
        ColumnType::Int64,
        "Turnovers, those of the team as a whole included, so up to 7 more than its players'.",
    ),
    Column::nullable("personal_fouls", ColumnType::Int64, "Personal fouls."),
    Column::nullable("plus_minus", ColumnType::Int64, "Final margin."),
    Column::required(
        "processed_at",
        ColumnType::Timestamp,
        "When the feed was read; of two rows the newer counts.",
    ),
];
