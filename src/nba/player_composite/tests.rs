//! Tests of the rule with hand-computed results, on one player of BOS, at home against DEN on 15 January 2024.

use super::*;
use crate::nba::stored::fixture::{appearance, day, defense, finals, played, team_game, values, zones};
use crate::nba::stored::{DefenseZones, PlayerLogs, TeamLogs};
use crate::nba::tables;
use crate::nba::tables::fixture::assert_fits;
use crate::table::{Row, Value};

const DATE: &str = "2024-01-15";

/// BOS finished games on the 9th, 11th, 13th and 14th; the player missed the 13th. Pace: BOS 98 and 100, DEN 103.
fn extracts() -> Extracts {
    let games = [
        played("2024-01-09", 20, 36.0, &[]),
        played("2024-01-11", 22, 38.0, &[]),
        played("2024-01-14", 18, 37.0, &[]),
    ];
    Extracts {
        finals: finals(&["2024-01-09", "2024-01-11", "2024-01-13", "2024-01-14", DATE]).into(),
        players: PlayerLogs::read(&games).unwrap().into(),
        teams: TeamLogs::read(&[
            team_game("2024-01-13", "BOS", 98.0, 110.0, true),
            team_game("2024-01-13", "DEN", 103.0, 118.0, true),
            team_game("2024-01-14", "BOS", 100.0, 112.0, false),
        ])
        .unwrap()
        .into(),
        appearances: vec![appearance(DATE, "one")],
        player_zones: vec![zones(DATE)],
        defense_zones: vec![defense(DATE)],
        ..Extracts::default()
    }
}

fn only_row(extracts: &Extracts) -> Row {
    let mut made = player_composite(day(DATE), extracts).unwrap();
    assert_eq!((made.expected, made.rows.len()), (1, 1));
    made.rows.remove(0)
}

#[test]
fn a_row_fits_its_table() {
    assert_fits(
        tables::player_composite(),
        &only_row(&extracts()),
        &[
            "universal_player_id",
            "warning_details",
            "last_reprocess_attempt_at",
            "circuit_breaker_until",
            "insufficient_data_reason",
        ],
    );
}

fn columns<const N: usize>(extracts: &Extracts, names: [&str; N]) -> [Value; N] {
    values(tables::player_composite(), &only_row(extracts), names)
}

// Played yesterday: −15. 111 minutes in 3 games are 37 per game: −8. Fatigue: 77. Paint: 4 · 40/50 = 3.2. Pace: 103 −
// 99 = 4, half is 2. Total: −23/20 + 3.2 + 2 = 4.05. In the week 3 of 4 team games: 75 %.
#[test]
fn a_player_with_complete_extracts() {
    let scores = columns(
        &extracts(),
        [
            "game_id",
            "fatigue_score",
            "shot_zone_mismatch_score",
            "pace_score",
            "usage_spike_score",
            "total_composite_adjustment",
        ],
    );
    let expected: [Value; 6] = [
        "20240115_DEN_BOS".into(),
        77.into(),
        3.2.into(),
        2.0.into(),
        0.0.into(),
        4.05.into(),
    ];
    assert_eq!(scores, expected);
    let trust = columns(
        &extracts(),
        [
            "data_completeness_pct",
            "missing_data_fields",
            "all_upstreams_ready",
            "expected_games_count",
            "actual_games_count",
            "completeness_percentage",
            "is_production_ready",
            "has_warnings",
        ],
    );
    let expected: [Value; 8] = [
        80.0.into(),
        "projected_usage_rate".into(),
        true.into(),
        4.into(),
        3.into(),
        75.0.into(),
        true.into(),
        false.into(),
    ];
    assert_eq!(trust, expected);
}

// With `<=` instead of `<` anywhere, one of these games on or after the date would count.
#[test]
fn games_on_or_after_the_date_are_ignored() {
    let before = only_row(&extracts());
    let games = [
        played("2024-01-09", 20, 36.0, &[]),
        played("2024-01-11", 22, 38.0, &[]),
        played("2024-01-14", 18, 37.0, &[]),
        played(DATE, 60, 48.0, &[]),
        played("2024-01-16", 70, 48.0, &[]),
    ];
    let teams = [
        team_game("2024-01-13", "BOS", 98.0, 110.0, true),
        team_game("2024-01-13", "DEN", 103.0, 118.0, true),
        team_game("2024-01-14", "BOS", 100.0, 112.0, false),
        team_game(DATE, "BOS", 140.0, 150.0, true),
        team_game(DATE, "DEN", 140.0, 90.0, false),
    ];
    let later = Extracts {
        players: PlayerLogs::read(&games).unwrap().into(),
        teams: TeamLogs::read(&teams).unwrap().into(),
        player_zones: vec![zones(DATE), zones("2024-01-16")],
        ..extracts()
    };
    assert_eq!(only_row(&later), before);
}

#[test]
fn missing_inputs_score_zero_and_are_named() {
    let unknown = Extracts {
        player_zones: Vec::new(),
        defense_zones: Vec::new(),
        ..extracts()
    };
    let row = columns(
        &unknown,
        [
            "shot_zone_mismatch_score",
            "total_composite_adjustment",
            "missing_data_fields",
            "data_completeness_pct",
            "upstream_player_shot_ready",
            "upstream_team_defense_ready",
            "upstream_team_context_ready",
            "all_upstreams_ready",
            "is_production_ready",
            "insufficient_data_reason",
        ],
    );
    let expected: [Value; 10] = [
        0.0.into(),
        0.85.into(),
        "projected_usage_rate, player_shot_zone, team_defense_zone".into(),
        40.0.into(),
        false.into(),
        false.into(),
        true.into(),
        false.into(),
        false.into(),
        "unknown: player_shot_zone, team_defense_zone".into(),
    ];
    assert_eq!(row, expected);
}

#[test]
fn the_first_game_of_a_season_has_no_fatigue() {
    let first = Extracts {
        players: PlayerLogs::default().into(),
        teams: TeamLogs::default().into(),
        ..extracts()
    };
    let row = columns(
        &first,
        [
            "fatigue_score",
            "pace_score",
            "missing_data_fields",
            "early_season_flag",
        ],
    );
    let expected: [Value; 4] = [
        100.into(),
        0.0.into(),
        "projected_usage_rate, days_rest, pace_differential".into(),
        true.into(),
    ];
    assert_eq!(row, expected);
}

// DEN worse by 12: 12 · 40/50 = 9.6, a fifth more is 11.52, capped at 10.
#[test]
fn an_extreme_matchup_adds_a_warning() {
    let weak = |mut row: Row| {
        let at = DefenseZones::COLUMNS
            .iter()
            .position(|name| *name == "paint_defense_vs_league_avg");
        row[at.unwrap()] = 12.0.into();
        row
    };
    let extreme = Extracts {
        defense_zones: vec![weak(defense(DATE))],
        ..extracts()
    };
    let row = columns(
        &extreme,
        ["shot_zone_mismatch_score", "has_warnings", "warning_details"],
    );
    let expected: [Value; 3] = [10.0.into(), true.into(), "EXTREME_MATCHUP".into()];
    assert_eq!(row, expected);
}
