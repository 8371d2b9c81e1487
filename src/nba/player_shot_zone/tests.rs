//! Tests of the rule with hand-computed results, on one player of Boston who plays every day against Charlotte.
//!
//! A game with shot data: 5 of 8 in the paint, 1 of 3 from mid-range, 2 of 5 threes; 5 of the 8 makes are assisted.

use chrono::Days;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::nba::Finals;
use crate::nba::stored::ShotLogs;
use crate::nba::tables;
use crate::nba::tables::fixture::assert_fits;
use crate::table::{Row, Value};

fn day(number: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2023, 11, 1).unwrap() + Days::new(number)
}

fn finals(days: u64) -> Finals {
    let game = |number| {
        vec![
            day(number).into(),
            3.into(),
            "BOS".into(),
            "CHA".into(),
            Value::Null,
        ]
    };
    let rows: Vec<Row> = (0..days).map(game).collect();
    Finals::read(&rows)
}

/// A stored game; values that aren't given are those of a game with shot data.
fn game(number: u64, values: &[(&str, Value)]) -> Row {
    let mut row: Row = vec![
        day(number).into(),
        "jaysontatum".into(),
        Value::Null,
        "BOS".into(),
        36.5.into(),
        20.into(),
    ];
    row.extend([8, 5, 3, 1, 5, 2, 8, 5, 3].map(Value::Int));
    for (column, value) in values {
        let at = ShotLogs::COLUMNS
            .iter()
            .position(|known| known == column)
            .unwrap();
        row[at] = value.clone();
    }
    row
}

/// A game without shot data still has its threes, which are in the box score.
fn game_without_shots(number: u64) -> Row {
    game(
        number,
        &[
            ("paint_attempts", Value::Null),
            ("paint_makes", Value::Null),
            ("mid_range_attempts", Value::Null),
            ("mid_range_makes", Value::Null),
            ("assisted_fg_makes", Value::Null),
            ("unassisted_fg_makes", Value::Null),
        ],
    )
}

fn compute(date: NaiveDate, days: u64, rows: &[Row]) -> DateOutcome {
    let extracts = Extracts {
        finals: finals(days).into(),
        shots: ShotLogs::read(rows).unwrap().into(),
        ..Extracts::default()
    };
    player_shot_zone(date, &extracts)
}

fn value(made: &DateOutcome, column: &str) -> Value {
    let at = tables::player_shot_zone().position(column).unwrap();
    made.rows[0][at].clone()
}

/// Twelve games in fourteen days; the 4th, 6th and 8th have no shot data; no games on days 9 and 10.
fn twelve_games() -> Vec<Row> {
    (0..14)
        .filter(|number| ![9, 10].contains(number))
        .map(|number| match number {
            4 | 6 | 8 => game_without_shots(number),
            _ => game(number, &[]),
        })
        .collect()
}

// The last ten games are on days 2 to 8 and 11 to 13, within twelve days of Boston: seven have shot data, 16·7 shots,
// split 8/16, 3/16 and 5/16. The longer window has twelve games, nine with shot data.
#[rstest]
#[case("paint_rate_last_10", 50.0.into())]
#[case("mid_range_rate_last_10", 18.75.into())]
#[case("three_pt_rate_last_10", 31.25.into())]
#[case("total_shots_last_10", 112.into())]
#[case("games_in_sample_10", 7.into())]
#[case("sample_quality_10", "good".into())]
#[case("paint_pct_last_10", 0.625.into())]
#[case("mid_range_pct_last_10", 0.333.into())]
#[case("three_pt_pct_last_10", 0.4.into())]
#[case("paint_attempts_per_game", 8.0.into())]
#[case("mid_range_attempts_per_game", 3.0.into())]
#[case("three_pt_attempts_per_game", 5.0.into())]
#[case("paint_rate_last_20", Value::Null)]
#[case("paint_pct_last_20", Value::Null)]
#[case("games_in_sample_20", 9.into())]
#[case("sample_quality_20", "insufficient".into())]
#[case("assisted_rate_last_10", 62.5.into())]
#[case("unassisted_rate_last_10", 37.5.into())]
#[case("primary_scoring_zone", "paint".into())]
#[case("data_quality_tier", "medium".into())]
#[case("calculation_notes", "shot data of 7 of the last 10 games, of 9 of the last 12".into())]
#[case("expected_games_count", 12.into())]
#[case("actual_games_count", 10.into())]
#[case("completeness_percentage", 83.33.into())]
#[case("is_production_ready", true.into())]
#[case("early_season_flag", true.into())]
#[case("insufficient_data_reason", Value::Null)]
fn windows_sum_games_with_shot_data(#[case] column: &str, #[case] expected: Value) {
    let made = compute(day(14), 14, &twelve_games());
    assert_eq!((made.expected, made.rows.len()), (1, 1));
    assert_eq!(value(&made, column), expected);
}

#[test]
fn a_row_fits_its_table() {
    let registered = [("universal_player_id", "jaysontatum_001".into())];
    let games: Vec<Row> = (0..20).map(|number| game(number, &registered)).collect();
    assert_fits(
        tables::player_shot_zone(),
        &compute(day(20), 20, &games).rows[0],
        &[
            "player_position",
            "last_reprocess_attempt_at",
            "circuit_breaker_until",
            "insufficient_data_reason",
        ],
    );
}

// Old bug: box score threes divided by zero play-by-play shots gave a three_pt_rate of 100.
#[test]
fn rates_are_null_and_flagged_without_shot_data() {
    let rows: Vec<Row> = (0..10).map(game_without_shots).collect();
    let made = compute(day(10), 10, &rows);
    for column in [
        "three_pt_rate_last_10",
        "total_shots_last_10",
        "three_pt_pct_last_10",
        "three_pt_attempts_per_game",
        "assisted_rate_last_10",
        "primary_scoring_zone",
    ] {
        assert_eq!(value(&made, column), Value::Null, "{column}");
    }
    assert_eq!(value(&made, "games_in_sample_10"), 0.into());
    assert_eq!(value(&made, "actual_games_count"), 10.into());
    assert_eq!(value(&made, "insufficient_data_reason"), row::NO_SHOT_DATA.into());
    assert_eq!(value(&made, "is_production_ready"), false.into());
    assert_eq!(made.notes, [row::NO_SHOT_DATA]);
}

#[test]
fn a_player_without_attempts_has_zero_shots() {
    let none = [
        "paint_attempts",
        "paint_makes",
        "mid_range_attempts",
        "mid_range_makes",
        "three_pt_attempts",
        "three_pt_makes",
        "fg_makes",
    ]
    .map(|column| (column, Value::Int(0)));
    let rows: Vec<Row> = (0..10).map(|number| game(number, &none)).collect();
    let made = compute(day(10), 10, &rows);
    assert_eq!(value(&made, "total_shots_last_10"), 0.into());
    assert_eq!(value(&made, "paint_rate_last_10"), Value::Null);
    assert_eq!(
        value(&made, "insufficient_data_reason"),
        "no shot in 10 games with shot data".into()
    );
}

// Twenty games, fifteen with shot data: enough for the longer window.
#[test]
fn the_long_window_needs_fifteen_games() {
    let games = |without: u64| -> Vec<Row> {
        let make = |number| {
            if number < without {
                game_without_shots(number)
            } else {
                game(number, &[])
            }
        };
        (0..20).map(make).collect()
    };
    let made = compute(day(20), 20, &games(5));
    assert_eq!(value(&made, "paint_rate_last_20"), 50.0.into());
    assert_eq!(value(&made, "paint_pct_last_20"), 0.625.into());
    assert_eq!(value(&made, "sample_quality_20"), "good".into());
    assert_eq!(value(&made, "early_season_flag"), false.into());
    let made = compute(day(20), 20, &games(6));
    assert_eq!(value(&made, "paint_rate_last_20"), Value::Null);
    assert_eq!(value(&made, "games_in_sample_20"), 14.into());
}

// Whole minutes of older seasons round seconds to 0: such a game only counts with points.
#[rstest]
#[case(0.0.into(), 0.into(), 0)]
#[case(Value::Null, Value::Null, 0)]
#[case(0.0.into(), 2.into(), 1)]
#[case(0.4.into(), 0.into(), 1)]
#[case(Value::Null, 1.into(), 1)]
fn a_game_counts_with_minutes_or_points(#[case] minutes: Value, #[case] points: Value, #[case] rows: u32) {
    let tenth = game(9, &[("minutes_played", minutes), ("points", points)]);
    let games: Vec<Row> = (0..9).map(|number| game(number, &[])).chain([tenth]).collect();
    let made = compute(day(10), 10, &games);
    assert_eq!(made.expected, rows);
    assert_eq!(made.notes.is_empty(), rows == 1);
}

#[test]
fn players_below_ten_games_are_counted_for_this_season_only() {
    let games: Vec<Row> = (0..9).map(|number| game(number, &[])).collect();
    let made = compute(day(9), 9, &games);
    assert_eq!(made.expected, 0);
    assert_eq!(
        made.notes,
        ["INSUFFICIENT_DATA: a player has played fewer than 10 games"]
    );
    assert_eq!(compute(day(365), 9, &games), DateOutcome::default());
}

/// Ten games with these shots in the paint, from mid-range and of three: forty in total.
#[rstest]
#[case(16, 0, 24, "paint")]
#[case(15, 9, 16, "perimeter")]
#[case(15, 14, 11, "mid_range")]
#[case(15, 13, 12, "balanced")]
fn the_first_zone_above_its_threshold_is_primary(
    #[case] paint: i64,
    #[case] mid_range: i64,
    #[case] three: i64,
    #[case] zone: &str,
) {
    let shots = [
        ("paint_attempts", paint.into()),
        ("mid_range_attempts", mid_range.into()),
        ("three_pt_attempts", three.into()),
    ];
    let games: Vec<Row> = (0..10).map(|number| game(number, &shots)).collect();
    assert_eq!(
        value(&compute(day(10), 10, &games), "primary_scoring_zone"),
        zone.to_owned().into()
    );
}

proptest! {
    // Games and finals on or after the date don't affect its row.
    #[test]
    fn games_on_or_after_the_date_are_ignored(
        before in 10_u64..40,
        later in 1_u64..10,
        attempts in 5_i64..60,
    ) {
        let known: Vec<Row> = (0..before).map(|number| game(number, &[])).collect();
        let mut all = known.clone();
        all.extend((before..before + later).map(|number| game(number, &[("paint_attempts", attempts.into())])));
        prop_assert_eq!(
            compute(day(before), before + later, &all),
            compute(day(before), before, &known)
        );
    }
}
