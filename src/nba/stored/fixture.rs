//! Hand-made stored rows for tests of the look-back stages.

use chrono::NaiveDate;

use super::{Appearance, DefenseZones, PlayerLogs, PlayerZones, TeamLogs};
use crate::nba::Finals;
use crate::nba::raw::ScheduleRow;
use crate::table::{Row, TableDef, Value};

pub(in crate::nba) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A row with the given values; the others are NULL.
pub(in crate::nba) fn row(columns: &[&str], values: &[(&str, Value)]) -> Row {
    for (name, _) in values {
        assert!(columns.contains(name), "nobody reads {name}");
    }
    columns
        .iter()
        .map(|column| {
            values
                .iter()
                .find(|(name, _)| name == column)
                .map_or(Value::Null, |(_, value)| value.clone())
        })
        .collect()
}

/// A finished game of `away` at `home`.
pub(in crate::nba) fn final_of(date: &str, away: &str, home: &str, nba_game_id: &str) -> Row {
    row(
        ScheduleRow::COLUMNS,
        &[
            ("game_date", day(date).into()),
            ("game_status", 3.into()),
            ("home_team_tricode", home.to_owned().into()),
            ("away_team_tricode", away.to_owned().into()),
            ("nba_game_id", nba_game_id.to_owned().into()),
        ],
    )
}

/// Finished games of BOS on these dates, each against DEN.
pub(in crate::nba) fn finals(dates: &[&str]) -> Finals {
    let rows: Vec<Row> = dates
        .iter()
        .map(|date| final_of(date, "DEN", "BOS", ""))
        .collect();
    Finals::read(&rows)
}

/// A player of BOS in a home game against DEN.
pub(in crate::nba) fn appearance(date: &str, player: &str) -> Row {
    let id = format!("{}_DEN_BOS", date.replace('-', ""));
    row(
        Appearance::COLUMNS,
        &[
            ("game_date", day(date).into()),
            ("player_lookup", player.to_owned().into()),
            ("game_id", id.into()),
            ("team_abbr", "BOS".into()),
        ],
    )
}

/// A game of player `one` for BOS, with further values by column name.
pub(in crate::nba) fn played(date: &str, points: i64, minutes: f64, values: &[(&str, Value)]) -> Row {
    let known = [
        ("game_date", day(date).into()),
        ("player_lookup", "one".into()),
        ("team_abbr", "BOS".into()),
        ("points", points.into()),
        ("minutes_played", minutes.into()),
    ];
    row(PlayerLogs::COLUMNS, &[&known, values].concat())
}

/// A game of a team.
pub(in crate::nba) fn team_game(date: &str, team: &str, pace: f64, rating: f64, won: bool) -> Row {
    row(
        TeamLogs::COLUMNS,
        &[
            ("game_date", day(date).into()),
            ("team_abbr", team.to_owned().into()),
            ("pace", pace.into()),
            ("offensive_rating", rating.into()),
            ("win_flag", won.into()),
        ],
    )
}

/// The zones of player `one`: 40 % in the paint, his primary zone, 25 % from mid-range, 35 % threes.
pub(in crate::nba) fn zones(date: &str) -> Row {
    row(
        PlayerZones::COLUMNS,
        &[
            ("analysis_date", day(date).into()),
            ("player_lookup", "one".into()),
            ("primary_scoring_zone", "paint".into()),
            ("paint_rate_last_10", 40.0.into()),
            ("mid_range_rate_last_10", 25.0.into()),
            ("three_pt_rate_last_10", 35.0.into()),
        ],
    )
}

/// The defence of DEN: 4 points worse than the league in the paint, rating 114.5, opponents' pace 101.2.
pub(in crate::nba) fn defense(date: &str) -> Row {
    row(
        DefenseZones::COLUMNS,
        &[
            ("analysis_date", day(date).into()),
            ("team_abbr", "DEN".into()),
            ("paint_defense_vs_league_avg", 4.0.into()),
            ("mid_range_defense_vs_league_avg", (-1.0).into()),
            ("three_pt_defense_vs_league_avg", 0.5.into()),
            ("defensive_rating_last_15", 114.5.into()),
            ("opponent_pace", 101.2.into()),
        ],
    )
}

/// Some columns of a row.
pub(in crate::nba) fn values<const N: usize>(table: &TableDef, row: &Row, columns: [&str; N]) -> [Value; N] {
    columns.map(|column| row[table.position(column).unwrap()].clone())
}
