//! Tests of the rule with hand-computed results, on a season of sixteen days on which all thirty teams play, always in
//! the same pairs.
//!
//! A normal game: the opponent makes 20 of 40 in the paint, 4 of 10 from mid-range and 10 of 30 threes. Boston's
//! opponents make 24 of 40 and 3 of 10 instead; on its first day, outside the window of 15, 40 of 40.

use chrono::Days;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::nba::stored::DefenseLogs;
use crate::nba::tables;
use crate::nba::tables::fixture::assert_fits;
use crate::table::{Row, Value};

const DAYS: u64 = 16;

fn day(number: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2023, 11, 1).unwrap() + Days::new(number)
}

/// The day after the sixteen days.
fn date() -> NaiveDate {
    day(DAYS)
}

fn finals(days: u64) -> Finals {
    let teams: Vec<TeamCode> = TeamCode::all().collect();
    let game = |date: NaiveDate, pair: &[TeamCode]| {
        vec![
            date.into(),
            3.into(),
            pair[0].as_str().into(),
            pair[1].as_str().into(),
            Value::Null,
        ]
    };
    let rows: Vec<Row> = (0..days)
        .flat_map(|number| teams.chunks(2).map(move |pair| game(day(number), pair)))
        .collect();
    Finals::read(&rows)
}

/// A stored game; values that aren't given are those of a normal game.
fn game(date: NaiveDate, team: &str, values: &[(&str, Value)]) -> Row {
    let ordinary: [Value; 12] = [
        40.into(),
        20.into(),
        10.into(),
        4.into(),
        30.into(),
        10.into(),
        3.into(),
        1.into(),
        0.into(),
        100.into(),
        110.0.into(),
        98.5.into(),
    ];
    let mut row: Row = vec![date.into(), team.to_owned().into()];
    row.extend(ordinary);
    for (column, value) in values {
        let at = DefenseLogs::COLUMNS
            .iter()
            .position(|known| known == column)
            .unwrap();
        row[at] = value.clone();
    }
    row
}

const WITHOUT_SHOTS: [(&str, Value); 4] = [
    ("opp_paint_attempts", Value::Null),
    ("opp_paint_makes", Value::Null),
    ("opp_mid_range_attempts", Value::Null),
    ("opp_mid_range_makes", Value::Null),
];

/// Boston's games: 3 of the last 15 have no shot data, 2 more no blocks, one no rating.
fn boston(number: u64) -> Row {
    let mut values: Vec<(&str, Value)> = vec![
        ("opp_paint_makes", if number == 0 { 40 } else { 24 }.into()),
        ("opp_mid_range_makes", 3.into()),
    ];
    match number {
        1..=3 => values.extend(WITHOUT_SHOTS),
        4..=5 => values.push(("blocks_paint", Value::Null)),
        6 => values.push(("defensive_rating", Value::Null)),
        7 => values.extend([("defensive_rating", 124.0.into()), ("points_allowed", 115.into())]),
        _ => {}
    }
    game(day(number), "BOS", &values)
}

/// The games of all teams on these days.
fn season(days: u64) -> Vec<Row> {
    let of_day = |number: u64| {
        TeamCode::all().map(move |team| match team.as_str() {
            "BOS" => boston(number),
            team => game(day(number), team, &[]),
        })
    };
    (0..days).flat_map(of_day).collect()
}

fn compute(rows: &[Row]) -> DateOutcome {
    team_defense_zone(date(), &extracts(DAYS, rows))
}

/// The stored games `rows`, with finals on this many days.
fn extracts(days: u64, rows: &[Row]) -> Extracts {
    Extracts {
        finals: finals(days).into(),
        defense: DefenseLogs::read(rows).unwrap().into(),
        ..Extracts::default()
    }
}

fn value(made: &DateOutcome, team: &str, column: &str) -> Value {
    let at = tables::team_defense_zone().position(column).unwrap();
    made.rows
        .iter()
        .find(|row| row[0] == Value::from(team.to_owned()))
        .unwrap()[at]
        .clone()
}

// Twelve games with shot data: 24·12 of 40·12 is 0.6. The league average includes Boston's first day, (40 + 24·12) /
// (40·13) = 0.630769…, so it is (29·0.5 + 0.630769…) / 30 = 0.504358… in the paint, 9.564… points less than Boston;
// from mid-range (29·0.4 + 0.3) / 30 = 0.396666…, 9.666… points more. Ratings: (13·110 + 124) / 14.
#[rstest]
#[case("paint_pct_allowed_last_15", 0.6.into())]
#[case("paint_attempts_allowed_per_game", 40.0.into())]
#[case("paint_points_allowed_per_game", 48.0.into())]
#[case("paint_blocks_per_game", 3.0.into())]
#[case("paint_defense_vs_league_avg", 9.56.into())]
#[case("mid_range_pct_allowed_last_15", 0.3.into())]
#[case("mid_range_attempts_allowed_per_game", 10.0.into())]
#[case("mid_range_blocks_per_game", 1.0.into())]
#[case("mid_range_defense_vs_league_avg", (-9.67).into())]
#[case("three_pt_pct_allowed_last_15", 0.333.into())]
#[case("three_pt_attempts_allowed_per_game", 30.0.into())]
#[case("three_pt_blocks_per_game", 0.0.into())]
#[case("three_pt_defense_vs_league_avg", 0.0.into())]
#[case("defensive_rating_last_15", 111.0.into())]
#[case("opponent_points_per_game", 101.0.into())]
#[case("opponent_pace", 98.5.into())]
#[case("games_in_sample", 15.into())]
#[case("strongest_zone", "mid_range".into())]
#[case("weakest_zone", "paint".into())]
#[case("data_quality_tier", "medium".into())]
#[case("calculation_notes", "shot data of 12 of 15 games; league average of 30 teams".into())]
#[case("expected_games_count", 15.into())]
#[case("actual_games_count", 15.into())]
#[case("completeness_percentage", 100.0.into())]
#[case("is_production_ready", true.into())]
#[case("data_quality_issues", Value::from(vec!["shot_zones_partial:12/15".to_owned()]))]
#[case("early_season_flag", false.into())]
#[case("insufficient_data_reason", Value::Null)]
#[case("backfill_bootstrap_mode", true.into())]
fn windows_sum_games_with_shot_data(#[case] column: &str, #[case] expected: Value) {
    assert_eq!(value(&compute(&season(DAYS)), "BOS", column), expected);
}

#[test]
fn every_team_with_fifteen_games_has_a_row() {
    let made = compute(&season(DAYS));
    assert_eq!((made.expected, made.rows.len()), (30, 30));
    assert!(made.missing.is_empty() && made.notes.is_empty(), "{made:?}");
    for row in &made.rows {
        let unknown = [
            "last_reprocess_attempt_at",
            "circuit_breaker_until",
            "insufficient_data_reason",
        ];
        assert_fits(tables::team_defense_zone(), row, &unknown);
    }
}

#[test]
fn teams_with_fourteen_games_are_counted_and_not_expected() {
    let extracts = extracts(DAYS, &season(DAYS));
    let made = team_defense_zone(day(14), &extracts);
    assert_eq!((made.expected, made.rows.len()), (0, 0));
    assert_eq!(
        made.notes,
        ["INSUFFICIENT_DATA: a team has played fewer than 15 games (30 times)"]
    );
    assert_eq!(team_defense_zone(day(15), &extracts).expected, 30);
}

#[test]
fn zones_are_null_and_flagged_without_shot_data() {
    let rows: Vec<Row> = season(DAYS)
        .into_iter()
        .map(|row| match &row[1] {
            Value::Text(team) if team == "BOS" => game(row[0].as_date().unwrap(), "BOS", &WITHOUT_SHOTS),
            _ => row,
        })
        .collect();
    let made = compute(&rows);
    let boston = |column: &str| value(&made, "BOS", column);
    for column in [
        "paint_pct_allowed_last_15",
        "paint_points_allowed_per_game",
        "three_pt_pct_allowed_last_15",
        "three_pt_attempts_allowed_per_game",
        "three_pt_blocks_per_game",
        "three_pt_defense_vs_league_avg",
        "strongest_zone",
        "weakest_zone",
    ] {
        assert_eq!(boston(column), Value::Null, "{column}");
    }
    assert_eq!(boston("defensive_rating_last_15"), 110.0.into());
    assert_eq!(boston("data_quality_tier"), "low".into());
    assert_eq!(boston("calculation_notes"), "shot data of 0 of 15 games".into());
    assert_eq!(boston("insufficient_data_reason"), row::NO_SHOT_DATA.into());
    assert_eq!(boston("is_production_ready"), false.into());
    assert_eq!(made.notes, [row::NO_SHOT_DATA]);
}

// Nine teams have shot data for ten games, so the paint is compared with the fixed 0.580: 100·(0.6 − 0.58) = 2.
#[test]
fn default_league_averages_apply_below_ten_teams() {
    let heard: Vec<&str> = TeamCode::all().take(9).map(TeamCode::as_str).collect();
    let rows: Vec<Row> = season(DAYS)
        .into_iter()
        .map(|row| match &row[1] {
            Value::Text(team) if heard.contains(&&**team) => row,
            team => game(row[0].as_date().unwrap(), &team.to_string(), &WITHOUT_SHOTS),
        })
        .collect();
    let made = compute(&rows);
    assert_eq!(value(&made, "BOS", "paint_defense_vs_league_avg"), 2.0.into());
    assert_eq!(
        value(&made, "BOS", "calculation_notes"),
        "shot data of 12 of 15 games; standing league average".into()
    );
}

#[test]
fn windows_report_missing_games_within_their_range() {
    let without = |days: std::ops::Range<u64>| -> Vec<Row> {
        let lost: Vec<Value> = days.map(|number| day(number).into()).collect();
        let mut rows = season(DAYS);
        rows.retain(|row| row[1] != Value::from("BOS") || !lost.contains(&row[0]));
        rows
    };
    let made = compute(&without(9..10));
    assert_eq!(value(&made, "BOS", "games_in_sample"), 15.into());
    assert_eq!(value(&made, "BOS", "expected_games_count"), 16.into());
    assert_eq!(value(&made, "BOS", "missing_games_count"), 1.into());

    let made = compute(&without(0..8));
    assert_eq!(value(&made, "BOS", "games_in_sample"), 8.into());
    assert_eq!(value(&made, "BOS", "completeness_percentage"), 50.0.into());
    assert_eq!(value(&made, "BOS", "is_production_ready"), false.into());

    let made = compute(&without(0..DAYS));
    assert_eq!((made.expected, made.rows.len()), (30, 29));
    assert_eq!(
        made.missing,
        ["BOS: none of its 16 games is in the table of team defence"]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    // The schedule and games on or after the date don't affect its rows.
    #[test]
    fn games_on_or_after_the_date_are_ignored(later in 1_u64..6, makes in 0_i64..41) {
        let known = season(DAYS);
        let mut all = known.clone();
        for number in DAYS..DAYS + later {
            all.extend(TeamCode::all().map(|team| {
                game(day(number), team.as_str(), &[("opp_paint_makes", makes.into())])
            }));
        }
        let later = team_defense_zone(date(), &extracts(DAYS + later, &all));
        prop_assert_eq!(later, compute(&known));
    }
}
