//! Tests of the rule with hand-computed results, on one player of BOS, at home against DEN on 15 January 2024.

use super::*;
use crate::nba::stored::fixture::{
    appearance, day, defense, final_of, finals, played, row, team_game, values, zones,
};
use crate::nba::stored::{Cached, Factors, PlayerLogs, TeamLogs};
use crate::nba::tables;
use crate::nba::tables::fixture::assert_fits;
use crate::table::{Row, Value};

const DATE: &str = "2024-01-15";

/// Six games of the player: date, points, minutes, free throws made.
const GAMES: [(&str, i64, f64, i64); 6] = [
    ("2024-01-01", 10, 30.0, 2),
    ("2024-01-05", 14, 30.0, 4),
    ("2024-01-06", 18, 30.0, 4),
    ("2024-01-09", 18, 30.0, 2),
    ("2024-01-11", 21, 30.0, 5),
    ("2024-01-13", 24, 30.0, 4),
];

fn games() -> Vec<Row> {
    let game = |&(date, points, minutes, made): &(&str, i64, f64, i64)| {
        played(date, points, minutes, &[("ft_makes", made.into())])
    };
    GAMES.iter().map(game).collect()
}

/// BOS won four of six games, with a pace of 98 or 100 and ratings of 110 or 112. DEN played the day before.
fn extracts() -> Extracts {
    Extracts {
        finals: finals(&[
            "2024-01-01",
            "2024-01-05",
            "2024-01-06",
            "2024-01-09",
            "2024-01-11",
            "2024-01-13",
            DATE,
        ])
        .into(),
        schedule: vec![final_of(DATE, "DEN", "BOS", "0022300567")],
        players: PlayerLogs::read(&games()).unwrap().into(),
        teams: TeamLogs::read(&[
            team_game("2024-01-01", "BOS", 98.0, 110.0, true),
            team_game("2024-01-05", "BOS", 100.0, 112.0, true),
            team_game("2024-01-06", "BOS", 98.0, 110.0, false),
            team_game("2024-01-09", "BOS", 100.0, 112.0, true),
            team_game("2024-01-11", "BOS", 98.0, 110.0, false),
            team_game("2024-01-13", "BOS", 100.0, 112.0, true),
            team_game("2024-01-14", "DEN", 97.0, 118.0, true),
            team_game(DATE, "BOS", 140.0, 150.0, true),
            team_game(DATE, "DEN", 140.0, 90.0, false),
        ])
        .unwrap()
        .into(),
        appearances: vec![appearance(DATE, "one")],
        cached: vec![row(
            Cached::COLUMNS,
            &[
                ("cache_date", day(DATE).into()),
                ("player_lookup", "one".into()),
                ("points_avg_last_5", 19.0.into()),
                ("points_avg_last_10", 17.5.into()),
                ("points_avg_season", 17.5.into()),
                ("points_std_last_10", 5.05.into()),
                ("games_in_last_7_days", 3.into()),
                ("team_pace_last_10", 99.0.into()),
                ("team_off_rating_last_10", 111.0.into()),
            ],
        )],
        factors: vec![row(
            Factors::COLUMNS,
            &[
                ("game_date", day(DATE).into()),
                ("player_lookup", "one".into()),
                ("missing_data_fields", "projected_usage_rate".into()),
                ("fatigue_score", 95.into()),
                ("shot_zone_mismatch_score", 3.2.into()),
                ("pace_score", (-1.0).into()),
                ("usage_spike_score", 0.0.into()),
            ],
        )],
        player_zones: vec![zones(DATE)],
        defense_zones: vec![defense(DATE)],
        ..Extracts::default()
    }
}

fn only_row(extracts: &Extracts) -> Row {
    let mut made = ml_feature_store(day(DATE), extracts).unwrap();
    assert_eq!((made.expected, made.rows.len()), (1, 1));
    made.rows.remove(0)
}

#[test]
fn a_row_fits_its_table() {
    assert_fits(
        tables::ml_feature_store(),
        &only_row(&extracts()),
        &[
            "universal_player_id",
            "feature_generation_time_ms",
            "updated_at",
            "last_reprocess_attempt_at",
            "circuit_breaker_until",
            "insufficient_data_reason",
        ],
    );
}

fn columns<const N: usize>(extracts: &Extracts, names: [&str; N]) -> [Value; N] {
    values(tables::ml_feature_store(), &only_row(extracts), names)
}

// Rest: 13th to 15th is 2 days, DEN 1. Trend: (18 + 21 + 24) / 3 − (14 + 18) / 2 = 5, rising. Minutes unchanged. Free
// throws: 21 of 105 points. Wins: 4 of 6. Only injury and usage spike are defaults: (23 · 100 + 2 · 40) / 25 = 95.2; 15
// of 25 are from Phase 4.
#[test]
fn a_player_with_complete_extracts() {
    let row = columns(
        &extracts(),
        [
            "features",
            "feature_count",
            "feature_quality_score",
            "quality_tier",
            "data_source",
            "opponent_team_abbr",
            "is_home",
            "days_rest",
            "data_quality_issues",
            "is_production_ready",
        ],
    );
    let features = [
        19.0, 17.5, 17.5, 5.05, 3.0, 95.0, 3.2, -1.0, 0.0, 1.0, 0.0, 2.0, 0.0, 114.5, 101.2, 1.0, 0.0, 0.0,
        0.4, 0.25, 0.35, 0.2, 99.0, 111.0, 0.6667,
    ];
    let defaults = ["default_value:usage_spike_score", "default_value:injury_risk"];
    let expected: [Value; 10] = [
        Value::Numbers(features.to_vec()),
        25.into(),
        95.2.into(),
        "high".into(),
        "phase4_partial".into(),
        "DEN".into(),
        true.into(),
        2.into(),
        Value::from(defaults.map(str::to_owned).to_vec()),
        true.into(),
    ];
    assert_eq!(row, expected);
}

// Form comes from the games: last five 14 + 18 + 18 + 21 + 24 = 95, all six 105; squared deviations from 17.5 sum to
// 123.5, and √(123.5 / 5) = 4.97. There are three games since the 8th. Other features use their defaults.
#[test]
fn without_phase_4_games_are_used_before_defaults() {
    let bare = Extracts {
        cached: Vec::new(),
        factors: Vec::new(),
        player_zones: Vec::new(),
        defense_zones: Vec::new(),
        ..extracts()
    };
    let row = columns(&bare, ["features", "feature_quality_score", "data_source"]);
    let features = [
        19.0, 17.5, 17.5, 4.97, 3.0, 50.0, 0.0, 0.0, 0.0, 1.0, 0.0, 2.0, 0.0, 112.0, 100.0, 1.0, 0.0, 0.0,
        0.3, 0.2, 0.35, 0.2, 99.0, 111.0, 0.6667,
    ];
    // 7 from Phase 3, 8 calculated, 10 defaults: (525 + 800 + 400) / 25.
    let expected: [Value; 3] = [Value::Numbers(features.to_vec()), 69.0.into(), "mixed".into()];
    assert_eq!(row, expected);
}

// With `<=` instead of `<`, the 60 points of the date would count in the trend.
#[test]
fn games_on_or_after_the_date_are_ignored() {
    let mut later = games();
    later.push(played(DATE, 60, 48.0, &[("ft_makes", 30.into())]));
    later.push(played("2024-01-17", 70, 48.0, &[]));
    let later = Extracts {
        players: PlayerLogs::read(&later).unwrap().into(),
        ..extracts()
    };
    assert_eq!(only_row(&later), only_row(&extracts()));
}

#[test]
fn a_score_with_missing_input_counts_as_a_default() {
    let mut unknown = extracts();
    unknown.factors[0][2] = "projected_usage_rate, player_shot_zone".into();
    let [issues] = columns(&unknown, ["data_quality_issues"]);
    let defaults = ["shot_zone_mismatch_score", "usage_spike_score", "injury_risk"];
    let named = defaults.map(|name| format!("default_value:{name}")).to_vec();
    assert_eq!(issues, Value::from(named));
}

#[test]
fn the_first_game_of_a_season_uses_defaults() {
    let first = Extracts {
        schedule: vec![final_of(DATE, "DEN", "BOS", "0042300401")],
        players: PlayerLogs::default().into(),
        teams: TeamLogs::default().into(),
        cached: Vec::new(),
        ..extracts()
    };
    let [features, source, rest, ready] = columns(
        &first,
        ["features", "data_source", "days_rest", "is_production_ready"],
    );
    let expected: [Value; 3] = ["early_season".into(), Value::Null, false.into()];
    assert_eq!([source, rest, ready], expected);
    let Value::Numbers(features) = features else {
        panic!("no numbers: {features}");
    };
    assert_eq!(
        (features[0], features[9], features[17], features[24]),
        (10.0, 0.0, 1.0, 0.5),
        "no points, no rest, a playoff game, no wins known"
    );
}
