//! `nba_raw.bdl_player_boxscores`: Ball Don't Lie player box scores, for games the gamebook doesn't have.

use std::borrow::Cow;

use crate::table::{Column, ColumnType, TableDef};

/// Ball Don't Lie's player box scores, one row per player and game, sometimes with duplicates.
#[must_use]
pub fn bdl_player_boxscores() -> &'static TableDef {
    static TABLE: TableDef = TableDef {
        dataset: Cow::Borrowed("nba_raw"),
        name: Cow::Borrowed("bdl_player_boxscores"),
        doc: Cow::Borrowed(
            "Ball Don't Lie's player box scores, one row per player and game, sometimes several. Used for games \
             missing from the gamebook.",
        ),
        columns: Cow::Borrowed(&COLUMNS),
        date_column: Cow::Borrowed("game_date"),
        key: Cow::Borrowed(&[]),
        cluster: Cow::Borrowed(&[
            Cow::Borrowed("player_lookup"),
            Cow::Borrowed("team_abbr"),
            Cow::Borrowed("game_date"),
        ]),
        require_partition_filter: true,
    };
    &TABLE
}

static COLUMNS: [Column; 25] = [
    Column::required(
        "game_id",
        ColumnType::String,
        "YYYYMMDD_AWAY_HOME, but on some dates the source's own number, such as 18447218.",
    ),
    Column::required("game_date", ColumnType::Date, "Day of the game, US Eastern."),
    Column::required(
        "season_year",
        ColumnType::Int64,
        "Year the season starts in: 2021 for 2021-22.",
    ),
    Column::required(
        "team_abbr",
        ColumnType::String,
        "The player's team, three letters.",
    ),
    Column::required("player_full_name", ColumnType::String, "Name as printed."),
    Column::required(
        "player_lookup",
        ColumnType::String,
        "Name in lower-case letters and digits, the key between feeds.",
    ),
    Column::required(
        "home_team_abbr",
        ColumnType::String,
        "Home team; not used, the schedule is.",
    ),
    Column::required(
        "away_team_abbr",
        ColumnType::String,
        "Visiting team; not used, the schedule is.",
    ),
    Column::nullable(
        "minutes",
        ColumnType::String,
        "Playing time in whole minutes, such as 32 or 00.",
    ),
    Column::nullable("points", ColumnType::Int64, "Points."),
    Column::nullable("assists", ColumnType::Int64, "Assists."),
    Column::nullable("rebounds", ColumnType::Int64, "All rebounds."),
    Column::nullable(
        "offensive_rebounds",
        ColumnType::Int64,
        "Offensive rebounds; NULL when not recorded.",
    ),
    Column::nullable(
        "defensive_rebounds",
        ColumnType::Int64,
        "Defensive rebounds; NULL when not recorded.",
    ),
    Column::nullable("steals", ColumnType::Int64, "Steals."),
    Column::nullable("blocks", ColumnType::Int64, "Blocked shots."),
    Column::nullable("turnovers", ColumnType::Int64, "Turnovers charged to the player."),
    Column::nullable(
        "personal_fouls",
        ColumnType::Int64,
        "Personal fouls; NULL when not recorded.",
    ),
    Column::nullable(
        "field_goals_made",
        ColumnType::Int64,
        "Field goals made, threes included.",
    ),
    Column::nullable(
        "field_goals_attempted",
        ColumnType::Int64,
        "Field goals tried, threes included.",
    ),
    Column::nullable("three_pointers_made", ColumnType::Int64, "Three-pointers made."),
    Column::nullable(
        "three_pointers_attempted",
        ColumnType::Int64,
        "Three-pointers tried.",
    ),
    Column::nullable("free_throws_made", ColumnType::Int64, "Free throws made."),
    Column::nullable("free_throws_attempted", ColumnType::Int64, "Free throws tried."),
    Column::required(
        "processed_at",
        ColumnType::Timestamp,
        "When the feed was read; of two rows the newer counts.",
    ),
];
