//! Tests of the rule with hand-computed results, on [`fixtures`](super::super::games::fixtures): every player has 16 +
//! 0.44·5 + 3 = 21.2 of the team's 80 + 0.44·25 + 15 = 106 plays, a fifth, and when all five play the whole game each
//! has a usage of 20.

use rstest::rstest;

use super::*;
use crate::nba::games::fixtures::*;
use crate::nba::tables;
use crate::nba::tables::fixture::assert_fits;
use crate::table::{Row, Value};

fn compute(filled: impl IntoIterator<Item = (Feed, Vec<Row>)>) -> DateOutcome {
    player_game(date(), &feeds(filled))
}

/// One column of a player's row.
fn value(outcome: &DateOutcome, player: &str, column: &str) -> Value {
    cell(outcome, tables::player_game(), ("player_lookup", player), column)
}

/// The gamebook of a regulation game, with some values of `lalone` replaced.
fn gamebook_but(values: &[(&str, Value)]) -> (Feed, Vec<Row>) {
    let mut rows = players(gamebook, "48:00");
    rows[0] = with(Feed::Gamebook, rows[0].clone(), values);
    (Feed::Gamebook, rows)
}

#[test]
fn every_player_has_a_row() {
    let named = [("player_name", "Lal One".into()), ("plus_minus", (-10).into())];
    let outcome = compute([gamebook_but(&named)]);
    assert_eq!(
        (outcome.expected, outcome.rows.len(), outcome.missing.len()),
        (10, 10, 0)
    );
    let expected: [(&str, Value); 50] = [
        ("player_lookup", "lalone".into()),
        ("universal_player_id", Value::Null),
        ("player_full_name", "Lal One".into()),
        ("game_id", GAME.into()),
        ("game_date", date().into()),
        ("team_abbr", "LAL".into()),
        ("opponent_team_abbr", "GSW".into()),
        ("season_year", 2023.into()),
        ("points", 20.into()),
        ("minutes_played", 48.0.into()),
        ("assists", 5.into()),
        ("offensive_rebounds", 2.into()),
        ("defensive_rebounds", 6.into()),
        ("steals", 1.into()),
        ("blocks", 0.into()),
        ("turnovers", 3.into()),
        ("personal_fouls", 2.into()),
        ("plus_minus", (-10).into()),
        ("fg_attempts", 16.into()),
        ("fg_makes", 7.into()),
        ("three_pt_attempts", 5.into()),
        ("three_pt_makes", 2.into()),
        ("ft_attempts", 5.into()),
        ("ft_makes", 4.into()),
        ("paint_attempts", Value::Null),
        ("mid_range_makes", Value::Null),
        ("three_pt_blocks", Value::Null),
        ("and1_count", Value::Null),
        ("unassisted_fg_makes", Value::Null),
        ("usage_rate", 20.0.into()),
        ("ts_pct", 0.549.into()), // 20 / (2 · 18.2) = 0.5494…
        ("efg_pct", 0.5.into()),  // (7 + 1) / 16
        ("starter_flag", true.into()),
        ("win_flag", false.into()),
        ("points_line", Value::Null),
        ("over_under_result", Value::Null),
        ("opening_line_source", Value::Null),
        ("is_active", true.into()),
        ("player_status", "active".into()),
        ("shot_zones_estimated", Value::Null),
        ("quality_used_fallback", false.into()),
        ("quality_reconstructed", false.into()),
        ("quality_metadata", Value::Null),
        ("source_nbac_rows_found", Value::Null),
        ("source_team_hash", Value::Null),
        ("quality_tier", "gold".into()),
        ("quality_issues", list(&["shot_zones_unavailable"])),
        ("data_sources", list(&["nbac_gamebook"])),
        ("primary_source_used", "nbac_gamebook".into()),
        ("processed_with_issues", false.into()),
    ];
    for (column, expected) in expected {
        assert_eq!(value(&outcome, "lalone", column), expected, "{column}");
    }
    assert_eq!(value(&outcome, "gswone", "win_flag"), true.into());
}

// All ten play 53 minutes, so each still has a fifth of the plays. With a game length of 48 it would be 100·21.2·48 /
// (53·106) = 18.1.
#[test]
fn overtime_does_not_lower_usage() {
    let outcome = compute([(Feed::Gamebook, players(gamebook, "53:00"))]);
    assert_eq!(value(&outcome, "lalone", "usage_rate"), 20.0.into());
}

// 34:03 is 34.05, slightly below that in binary: 34.0. The team is a quarter of an hour short of 240 minutes but still
// played 48. 100 · 21.2 · 48 / (34.05 · 106) = 28.19…
#[test]
fn minutes_are_stored_with_one_decimal_and_computed_with_two() {
    let outcome = compute([gamebook_but(&[("minutes", "34:03".into())])]);
    assert_eq!(value(&outcome, "lalone", "minutes_played"), 34.0.into());
    assert_eq!(value(&outcome, "lalone", "usage_rate"), 28.2.into());
}

#[rstest]
#[case("20:00", false)]
#[case("20:01", true)]
fn starters_are_derived_from_minutes(#[case] minutes: &str, #[case] starter: bool) {
    let outcome = compute([gamebook_but(&[("minutes", minutes.to_owned().into())])]);
    assert_eq!(value(&outcome, "lalone", "starter_flag"), starter.into());
}

#[test]
fn zero_stays_zero_and_undefined_values_are_null() {
    let zeros: Vec<(&str, Value)> = Feed::Gamebook.columns()[7..19]
        .iter()
        .map(|&column| (column, 0.into()))
        .collect();
    let outcome = compute([gamebook_but(&zeros)]);
    assert_eq!(value(&outcome, "lalone", "usage_rate"), 0.0.into());
    assert_eq!(value(&outcome, "lalone", "ts_pct"), Value::Null);
    assert_eq!(value(&outcome, "lalone", "efg_pct"), Value::Null);

    let missed = [zeros, vec![("field_goals_attempted", 3.into())]].concat();
    let outcome = compute([gamebook_but(&missed)]);
    assert_eq!(value(&outcome, "lalone", "ts_pct"), 0.0.into());
    assert_eq!(value(&outcome, "lalone", "efg_pct"), 0.0.into());
}

#[rstest]
#[case::no_minutes(&[("minutes", "00:00".into())], &["no_minutes"])]
#[case::no_attempts(
    &[("free_throws_attempted", Value::Null)],
    &["missing_ft_attempts", "no_team_row", "no_attempts"]
)]
fn unknown_usage_has_a_reason(#[case] values: &[(&str, Value)], #[case] reasons: &[&str]) {
    let outcome = compute([gamebook_but(values)]);
    assert_eq!(value(&outcome, "lalone", "usage_rate"), Value::Null);
    let issues = [&["shot_zones_unavailable"], reasons].concat();
    assert_eq!(value(&outcome, "lalone", "quality_issues"), list(&issues));
}

#[test]
fn players_of_an_incomplete_team_keep_their_rows() {
    let mut rows = players(gamebook, "48:00");
    rows.remove(0);
    let outcome = compute([(Feed::Gamebook, rows)]);
    assert_eq!((outcome.expected, outcome.rows.len()), (10, 9));
    assert_eq!(outcome.missing, ["LAL@GSW: 4 players of LAL found, 5 needed"]);
    assert_eq!(value(&outcome, "gswone", "points"), 22.into());
    assert_eq!(value(&outcome, "gswone", "win_flag"), Value::Null);
    assert_eq!(
        value(&outcome, "gswone", "quality_issues"),
        list(&["shot_zones_unavailable", "no_team_row"])
    );
    let nobody = compute([]);
    assert_eq!((nobody.expected, nobody.rows.len()), (10, 0));
}

#[test]
fn bdl_attempts_and_rebounds_are_parsed() {
    let outcome = compute([(Feed::Bdl, players(bdl, "48"))]);
    for (column, expected) in [
        ("usage_rate", Value::from(20.0)),
        ("ts_pct", 0.549.into()),
        ("offensive_rebounds", 2.into()),
        ("defensive_rebounds", 6.into()),
        ("plus_minus", Value::Null),
        ("primary_source_used", "bdl_boxscores".into()),
        ("quality_used_fallback", true.into()),
        ("quality_tier", "silver".into()),
        (
            "quality_issues",
            list(&["backup_source_used", "shot_zones_unavailable"]),
        ),
    ] {
        assert_eq!(value(&outcome, "lalone", column), expected, "{column}");
    }
}

// lalone: two shots in the paint, one of them made on an assist, and an and-one; lalfour: one block.
#[test]
fn shots_credit_shooters_assists_and_blocks() {
    let and_one = with(
        Feed::PlayByPlay,
        shot("LAL", "lalone", 0.0, true, None),
        &[
            ("event_type", "free throw".into()),
            ("event_subtype", "free throw 1/1".into()),
        ],
    );
    let shots = vec![
        shot("LAL", "201lalone", 2.0, true, Some(("assist", "202laltwo"))),
        and_one,
        shot("LAL", "lalone", 5.0, false, None),
        shot("LAL", "lalone", 16.0, true, None),
        shot("GSW", "gswone", 1.0, false, Some(("block", "204lalfour"))),
    ];
    let named = [("player_name", "Lal One".into()), ("plus_minus", (-10).into())];
    let outcome = compute([gamebook_but(&named), (Feed::PlayByPlay, shots)]);
    let row = |player| {
        [
            "paint_attempts",
            "paint_makes",
            "mid_range_attempts",
            "mid_range_makes",
            "paint_blocks",
            "mid_range_blocks",
            "three_pt_blocks",
            "and1_count",
            "assisted_fg_makes",
            "unassisted_fg_makes",
        ]
        .map(|column| value(&outcome, player, column))
    };
    assert_eq!(row("lalone"), [2, 1, 1, 1, 0, 0, 0, 1, 1, 1].map(Value::from));
    assert_eq!(row("lalfour"), [0, 0, 0, 0, 1, 0, 0, 0, 0, 0].map(Value::from));
    assert_eq!(row("gswone"), [1, 0, 0, 0, 0, 0, 0, 0, 0, 0].map(Value::from));
    let lalone = outcome.rows.iter().find(|row| row[0] == "lalone".into());
    assert_fits(
        tables::player_game(),
        lalone.unwrap(),
        &[
            "universal_player_id",
            "points_line",
            "over_under_result",
            "margin",
            "points_line_source",
            "opening_line",
            "line_movement",
            "opening_line_source",
            "shot_zones_estimated",
            "quality_sample_size",
            "quality_calculated_at",
            "quality_metadata",
        ],
    );
}

#[test]
fn missing_assists_blocks_and_free_throws_are_null() {
    let outcome = compute([
        (Feed::Gamebook, players(gamebook, "48:00")),
        (Feed::PlayByPlay, vec![shot("LAL", "lalone", 2.0, true, None)]),
    ]);
    for column in [
        "paint_blocks",
        "and1_count",
        "assisted_fg_makes",
        "unassisted_fg_makes",
    ] {
        assert_eq!(value(&outcome, "lalone", column), Value::Null, "{column}");
    }
    assert_eq!(value(&outcome, "lalone", "paint_makes"), 1.into());
    assert_eq!(value(&outcome, "laltwo", "paint_makes"), 0.into());
}

#[test]
fn an_unreadable_player_line_still_counts_as_expected() {
    let outcome = compute([gamebook_but(&[("minutes", "??".into())])]);
    assert_eq!((outcome.expected, outcome.rows.len()), (10, 9));
    assert!(
        outcome.notes.iter().any(|note| note.contains("minutes \"??\"")),
        "{:?}",
        outcome.notes
    );
}

#[test]
fn every_player_with_minutes_is_expected_once() {
    let mut rows = players(gamebook, "48:00");
    rows.push(rows[3].clone());
    rows.push(gamebook("LAL", "lalsix", "00:12"));
    let bench = gamebook("LAL", "lalseven", "");
    rows.push(with(Feed::Gamebook, bench, &[("player_status", "dnp".into())]));
    let outcome = compute([(Feed::Gamebook, rows), (Feed::Bdl, players(bdl, "48"))]);
    assert_eq!((outcome.expected, outcome.rows.len()), (11, 11));

    let mut rows = players(bdl, "40");
    rows.push(bdl("LAL", "lalsix", "00"));
    let outcome = compute([(Feed::Bdl, rows)]);
    assert_eq!(
        (outcome.expected, outcome.rows.len()),
        (11, 11),
        "lalsix did something"
    );
}
