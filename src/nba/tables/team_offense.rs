//! `nba_analytics.team_offense_game_summary`: a team's offence in one game.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::provenance::{QUALITY, source_tracking};
use crate::table::{Column, ColumnType, Part, TableDef};

/// Team offence, one row per team and game.
#[must_use]
pub fn team_offense() -> &'static TableDef {
    static TABLE: LazyLock<TableDef> = LazyLock::new(|| TableDef {
        dataset: Cow::Borrowed("nba_analytics"),
        name: Cow::Borrowed("team_offense_game_summary"),
        doc: Cow::Borrowed(
            "How one team played on offence in one game: one row per team and game, two per final of the \
             schedule.",
        ),
        columns: Cow::Owned(
            [
                BUSINESS.to_vec(),
                SHOT_ZONES.to_vec(),
                source_tracking("nbac_boxscore", "team box score"),
                source_tracking("play_by_play", "play-by-play"),
                QUALITY.to_vec(),
            ]
            .concat(),
        ),
        date_column: Cow::Borrowed("game_date"),
        key: Cow::Borrowed(&[Cow::Borrowed("game_id"), Cow::Borrowed("team_abbr")]),
        cluster: Cow::Borrowed(&[
            Cow::Borrowed("team_abbr"),
            Cow::Borrowed("game_date"),
            Cow::Borrowed("home_game"),
        ]),
        require_partition_filter: true,
    });
    &TABLE
}

/// The data columns, which come first in a row. `data_hash` covers exactly these.
pub(in crate::nba) static BUSINESS: [Column; 34] = [
    Column::required("game_id", ColumnType::String, "YYYYMMDD_AWAY_HOME.").playing(Part::Group),
    Column::nullable(
        "nba_game_id",
        ColumnType::String,
        "The league's ten-digit id from the schedule; game_id where the schedule has none.",
    ),
    Column::required("game_date", ColumnType::Date, "Day of the game, US Eastern."),
    Column::required("team_abbr", ColumnType::String, "The team, three letters.").playing(Part::Side),
    Column::required(
        "opponent_team_abbr",
        ColumnType::String,
        "The other team, three letters.",
    )
    .playing(Part::Opponent),
    Column::required(
        "season_year",
        ColumnType::Int64,
        "Year the season starts in: 2021 for 2021-22.",
    ),
    Column::nullable(
        "points_scored",
        ColumnType::Int64,
        "Points; Σ over the players when rebuilt.",
    )
    .playing(Part::Scored),
    Column::nullable(
        "fg_attempts",
        ColumnType::Int64,
        "Field goals tried (FGA), threes included.",
    ),
    Column::nullable(
        "fg_makes",
        ColumnType::Int64,
        "Field goals made, threes included.",
    ),
    Column::nullable("three_pt_attempts", ColumnType::Int64, "Three-pointers tried."),
    Column::nullable("three_pt_makes", ColumnType::Int64, "Three-pointers made."),
    Column::nullable("ft_attempts", ColumnType::Int64, "Free throws tried (FTA)."),
    Column::nullable("ft_makes", ColumnType::Int64, "Free throws made."),
    Column::nullable("rebounds", ColumnType::Int64, "All rebounds of players."),
    Column::nullable("assists", ColumnType::Int64, "Assists."),
    Column::nullable(
        "turnovers",
        ColumnType::Int64,
        "Turnovers (TO); those of players only when rebuilt.",
    ),
    Column::nullable(
        "personal_fouls",
        ColumnType::Int64,
        "Personal fouls; NULL when any is not recorded.",
    ),
    Column::nullable(
        "team_paint_attempts",
        ColumnType::Int64,
        "Shots tried in the paint; NULL in a backfill.",
    ),
    Column::nullable(
        "team_paint_makes",
        ColumnType::Int64,
        "Shots made in the paint; NULL in a backfill.",
    ),
    Column::nullable(
        "team_mid_range_attempts",
        ColumnType::Int64,
        "Two-pointers tried outside the paint; NULL in a backfill.",
    ),
    Column::nullable(
        "team_mid_range_makes",
        ColumnType::Int64,
        "Two-pointers made outside the paint; NULL in a backfill.",
    ),
    Column::nullable(
        "points_in_paint_scored",
        ColumnType::Int64,
        "2 × shots made in the paint; NULL in a backfill.",
    ),
    Column::nullable(
        "second_chance_points_scored",
        ColumnType::Int64,
        "Not computed, always NULL.",
    ),
    Column::nullable(
        "offensive_rating",
        ColumnType::Numeric {
            precision: 6,
            scale: 2,
        },
        "Points per 100 possessions: 100 · points / POSS. POSS = FGA + 0.44 · FTA + TO − offensive rebounds, \
         rounded to one decimal; NULL when unknown or not above 0.",
    )
    .playing(Part::Summary),
    Column::nullable(
        "pace",
        ColumnType::Numeric {
            precision: 5,
            scale: 1,
        },
        "Possessions per 48 minutes: POSS · 48 / (player-minutes / 5), the player-minutes being 240 + 25 per \
         overtime.",
    )
    .playing(Part::Summary),
    Column::nullable("possessions", ColumnType::Int64, "POSS without its decimal."),
    Column::nullable(
        "ts_pct",
        ColumnType::Numeric {
            precision: 5,
            scale: 3,
        },
        "True shooting: points / (2 · (FGA + 0.44 · FTA)), a fraction; NULL without an attempt.",
    ),
    Column::required("home_game", ColumnType::Bool, "Whether the team was at home.").playing(Part::Home),
    Column::required(
        "win_flag",
        ColumnType::Bool,
        "Whether the team scored more than the other.",
    ),
    Column::nullable(
        "margin_of_victory",
        ColumnType::Int64,
        "Points less the opponent's; negative when lost.",
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

static SHOT_ZONES: [Column; 2] = [
    Column::nullable(
        "shot_zones_available",
        ColumnType::Bool,
        "Whether the zone columns are filled; false in a backfill.",
    ),
    Column::nullable(
        "shot_zones_source",
        ColumnType::String,
        "Feed of the zone columns; NULL in a backfill.",
    ),
];
