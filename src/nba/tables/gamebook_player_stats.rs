//! `nba_raw.nbac_gamebook_player_stats`: the official gamebook, the preferred source of player box scores.

use std::borrow::Cow;

use crate::table::{Column, ColumnType, TableDef};

/// The official gamebook, one row per player listed for a game.
#[must_use]
pub fn gamebook_player_stats() -> &'static TableDef {
    static TABLE: TableDef = TableDef {
        dataset: Cow::Borrowed("nba_raw"),
        name: Cow::Borrowed("nbac_gamebook_player_stats"),
        doc: Cow::Borrowed(
            "The official gamebook, one row per player listed for a game: played, dressed but did not play, or out.",
        ),
        columns: Cow::Borrowed(&COLUMNS),
        date_column: Cow::Borrowed("game_date"),
        key: Cow::Borrowed(&[]),
        cluster: Cow::Borrowed(&[
            Cow::Borrowed("season_year"),
            Cow::Borrowed("team_abbr"),
            Cow::Borrowed("player_status"),
        ]),
        require_partition_filter: false,
    };
    &TABLE
}

static COLUMNS: [Column; 27] = [
    Column::required("game_id", ColumnType::String, "YYYYMMDD_AWAY_HOME."),
    Column::required("game_date", ColumnType::Date, "Day of the game, US Eastern."),
    Column::required(
        "season_year",
        ColumnType::Int64,
        "Year the season starts in: 2021 for 2021-22.",
    ),
    Column::nullable("home_team_abbr", ColumnType::String, "Home team, three letters."),
    Column::nullable(
        "away_team_abbr",
        ColumnType::String,
        "Visiting team, three letters.",
    ),
    Column::nullable("player_name", ColumnType::String, "Name as printed."),
    Column::nullable(
        "player_lookup",
        ColumnType::String,
        "Name in lower-case letters and digits, the key between feeds; NULL when the name was not resolved.",
    ),
    Column::nullable(
        "team_abbr",
        ColumnType::String,
        "The player's team, three letters.",
    ),
    Column::required(
        "player_status",
        ColumnType::String,
        "active: played; dnp: dressed, did not play; inactive: not dressed.",
    ),
    Column::nullable(
        "minutes",
        ColumnType::String,
        "Playing time as MM:SS; NULL unless active.",
    ),
    Column::nullable("points", ColumnType::Int64, "Points."),
    Column::nullable("assists", ColumnType::Int64, "Assists."),
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
    Column::nullable("total_rebounds", ColumnType::Int64, "All rebounds."),
    Column::nullable(
        "plus_minus",
        ColumnType::Int64,
        "Point difference while on the floor.",
    ),
    Column::nullable(
        "processed_at",
        ColumnType::Timestamp,
        "When the feed was read; of two rows the newer counts.",
    ),
];
