//! Tests of the rule with hand-computed results, on one player of BOS, at home against DEN on 15 January 2024.

use super::*;
use crate::nba::stored::fixture::{appearance, day, finals, played, team_game, values, zones};
use crate::nba::stored::{PlayerLogs, TeamLogs};
use crate::nba::tables;
use crate::nba::tables::fixture::assert_fits;
use crate::table::{Row, Value};

const DATE: &str = "2024-01-15";

/// The player's games: date, points, usage rate and true shooting.
const GAMES: [(&str, i64, Option<f64>, Option<f64>); 6] = [
    ("2024-01-01", 10, Some(20.0), Some(0.5)),
    ("2024-01-05", 20, None, Some(0.6)),
    ("2024-01-06", 14, Some(24.0), None),
    ("2024-01-09", 18, Some(0.0), Some(0.0)),
    ("2024-01-11", 25, Some(30.0), Some(0.7)),
    ("2024-01-14", 23, Some(26.0), Some(0.65)),
];

fn games() -> Vec<Row> {
    GAMES
        .iter()
        .map(|(date, points, usage, shooting)| {
            let rates = [("usage_rate", (*usage).into()), ("ts_pct", (*shooting).into())];
            played(date, *points, 30.0, &rates)
        })
        .collect()
}

/// BOS finished eight games; the player missed those on the 3rd and the 13th.
fn extracts(games: &[Row]) -> Extracts {
    Extracts {
        finals: finals(&[
            "2024-01-01",
            "2024-01-03",
            "2024-01-05",
            "2024-01-06",
            "2024-01-09",
            "2024-01-11",
            "2024-01-13",
            "2024-01-14",
            DATE,
        ])
        .into(),
        players: PlayerLogs::read(games).unwrap().into(),
        teams: TeamLogs::read(&[
            team_game("2023-06-12", "BOS", 80.0, 80.0, true),
            team_game("2024-01-13", "BOS", 98.0, 110.0, true),
            team_game("2024-01-14", "BOS", 101.0, 113.5, false),
            team_game(DATE, "BOS", 140.0, 150.0, true),
        ])
        .unwrap()
        .into(),
        appearances: vec![appearance(DATE, "one")],
        player_zones: vec![zones(DATE)],
        ..Extracts::default()
    }
}

fn only_row(extracts: &Extracts) -> Row {
    let mut made = player_daily_cache(day(DATE), extracts).unwrap();
    assert_eq!((made.expected, made.rows.len()), (1, 1));
    made.rows.remove(0)
}

#[test]
fn a_row_fits_its_table() {
    assert_fits(
        tables::player_daily_cache(),
        &only_row(&extracts(&games())),
        &[
            "universal_player_id",
            "fourth_quarter_minutes_last_7",
            "assisted_rate_last_10",
            "player_age",
            "last_reprocess_attempt_at",
            "circuit_breaker_until",
            "insufficient_data_reason",
        ],
    );
}

fn columns<const N: usize>(extracts: &Extracts, names: [&str; N]) -> [Value; N] {
    values(tables::player_daily_cache(), &only_row(extracts), names)
}

// Last five: 20 + 14 + 18 + 25 + 23 = 100. All six: 110, mean 18.33; squared deviations sum to 157.33, and √(157.33 /
// 5) = 5.609. Usage: (20 + 24 + 0 + 30 + 26) / 5, where zero counts and unknown doesn't. Shooting: (0.5 + 0.6 + 0 + 0.7
// + 0.65) / 5 = 0.49. Pace 98 and 101, rating 110 and 113.5; last June is excluded.
#[test]
fn averages_cover_earlier_games_only() {
    let row = columns(
        &extracts(&games()),
        [
            "points_avg_last_5",
            "points_avg_last_10",
            "points_avg_season",
            "points_std_last_10",
            "minutes_avg_last_10",
            "usage_rate_last_10",
            "ts_pct_last_10",
            "games_played_season",
            "team_pace_last_10",
            "team_off_rating_last_10",
            "player_usage_rate_season",
        ],
    );
    let expected: [Value; 11] = [
        20.0.into(),
        18.3.into(),
        18.3.into(),
        5.61.into(),
        30.0.into(),
        20.0.into(),
        0.49.into(),
        6.into(),
        99.5.into(),
        111.75.into(),
        20.0.into(),
    ];
    assert_eq!(row, expected);
}

// The week is the 8th to the 14th: games on the 9th, 11th and 14th. The fortnight starts on the 1st; the only
// back-to-back is the 5th and 6th.
#[test]
fn workload_and_zones_exclude_the_date_itself() {
    let row = columns(
        &extracts(&games()),
        [
            "games_in_last_7_days",
            "games_in_last_14_days",
            "minutes_in_last_7_days",
            "minutes_in_last_14_days",
            "back_to_backs_last_14_days",
            "avg_minutes_per_game_last_7",
            "primary_scoring_zone",
            "paint_rate_last_10",
            "three_pt_rate_last_10",
            "assisted_rate_last_10",
            "shot_zone_data_available",
        ],
    );
    let expected: [Value; 11] = [
        3.into(),
        6.into(),
        90.into(),
        180.into(),
        1.into(),
        30.0.into(),
        "paint".into(),
        40.0.into(),
        35.0.into(),
        Value::Null,
        true.into(),
    ];
    assert_eq!(row, expected);
}

// Five games since the 5th of six team games; six since the 1st of eight; three of four in the week; six of eight in
// the fortnight.
#[test]
fn windows_report_their_completeness() {
    let row = columns(
        &extracts(&games()),
        [
            "l5_completeness_pct",
            "l10_completeness_pct",
            "l7d_completeness_pct",
            "l14d_completeness_pct",
            "all_windows_complete",
            "expected_games_count",
            "actual_games_count",
            "early_season_flag",
        ],
    );
    let expected: [Value; 8] = [
        83.33.into(),
        75.0.into(),
        75.0.into(),
        75.0.into(),
        true.into(),
        8.into(),
        6.into(),
        true.into(),
    ];
    assert_eq!(row, expected);

    // Without the 14th: five since the 1st of eight team games, and two of four in the week.
    let row = columns(
        &extracts(&games()[..5]),
        [
            "l5_completeness_pct",
            "l7d_completeness_pct",
            "l7d_is_complete",
            "all_windows_complete",
        ],
    );
    let expected: [Value; 4] = [62.5.into(), 50.0.into(), false.into(), false.into()];
    assert_eq!(row, expected);
}

// With `<=` instead of `<`, the 60 points of the date would be in every average, and its final in every window.
#[test]
fn games_on_or_after_the_date_are_ignored() {
    let mut later = games();
    later.push(played(DATE, 60, 48.0, &[("usage_rate", 40.0.into())]));
    later.push(played("2024-01-17", 70, 48.0, &[]));
    assert_eq!(only_row(&extracts(&later)), only_row(&extracts(&games())));
}

#[test]
fn a_row_needs_five_games_before_the_date() {
    let mut games = games();
    games.truncate(4);
    games.push(played(DATE, 60, 48.0, &[]));
    let made = player_daily_cache(day(DATE), &extracts(&games)).unwrap();
    assert_eq!((made.expected, made.rows.len()), (0, 0));
    assert!(
        !is_eligible(PlayerLogs::default().of("one"), day(DATE)),
        "nor for a player nobody knows"
    );
}
