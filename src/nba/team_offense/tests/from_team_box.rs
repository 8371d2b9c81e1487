//! Team totals from the official box score, and when they are trusted.

use rstest::rstest;

use super::*;

#[test]
fn source_boxscore_keeps_the_home_flags_of_the_box_score() {
    let second = |team, is_home| with(Feed::TeamBox, team_box(team, is_home), &[("game_id", "2".into())]);
    let wrong = [team_box("LAL", true), team_box("GSW", false)];
    let right = [second("MIL", false), second("SAS", true)];
    let outcome = compute(
        Source::Boxscore,
        [
            (
                Feed::Schedule,
                vec![scheduled("LAL", "GSW"), scheduled("MIL", "SAS")],
            ),
            (Feed::TeamBox, [wrong, right].concat()),
        ],
    );
    assert_eq!((outcome.expected, outcome.rows.len()), (4, 4));
    assert_eq!(value(&outcome, "LAL", "game_id"), "20240104_GSW_LAL".into());
    assert_eq!(value(&outcome, "LAL", "home_game"), true.into());
    assert_eq!(value(&outcome, "SAS", "game_id"), "20240104_MIL_SAS".into());
    assert_eq!(value(&outcome, "SAS", "home_game"), true.into());
    assert_eq!(value(&outcome, "LAL", "quality_tier"), "gold".into());
    assert_eq!(
        value(&outcome, "LAL", "primary_source_used"),
        "nbac_team_boxscore".into()
    );
    assert_eq!(
        value(&outcome, "LAL", "data_sources"),
        list(&["nbac_team_boxscore"])
    );
}

#[rstest]
#[case::one_row(vec![team_box("LAL", false)], "LAL@GSW: 1 of 2 rows in the team box score")]
#[case::no_row(vec![], "LAL@GSW: 0 of 2 rows in the team box score")]
#[case::two_homes(
    vec![team_box("LAL", true), team_box("GSW", true)],
    "LAL@GSW: both teams flagged as at home"
)]
#[case::no_home(
    vec![team_box("LAL", false), team_box("GSW", false)],
    "LAL@GSW: neither team flagged as at home"
)]
fn an_incomplete_box_score_is_missing(#[case] rows: Vec<Row>, #[case] reason: &str) {
    let outcome = compute(Source::Boxscore, [(Feed::TeamBox, rows)]);
    assert_eq!((outcome.expected, outcome.rows.len()), (2, 0));
    assert_eq!(outcome.missing, [reason]);
}

#[test]
fn the_newest_box_score_counts_and_its_minutes_include_overtime() {
    let late = [("minutes", Value::from("263:00")), ("processed_at", at(1))];
    let rows = vec![
        with(Feed::TeamBox, team_box("LAL", false), &late),
        team_box("LAL", false),
        with(Feed::TeamBox, team_box("GSW", true), &late),
    ];
    let outcome = compute(Source::Boxscore, [(Feed::TeamBox, rows)]);
    assert_eq!(value(&outcome, "LAL", "overtime_periods"), 1.into());
    assert_eq!(value(&outcome, "LAL", "pace"), 86.9.into());
}

#[test]
fn auto_takes_a_box_score_that_agrees_with_the_schedule() {
    let filled = [
        (Feed::TeamBox, vec![team_box("LAL", false), team_box("GSW", true)]),
        (Feed::Gamebook, players(gamebook, "48:00")),
    ];
    let outcome = compute(Source::Auto, filled);
    assert_eq!(
        value(&outcome, "LAL", "primary_source_used"),
        "nbac_team_boxscore".into()
    );
    assert_eq!(
        value(&outcome, "LAL", "quality_issues"),
        list(&["shot_zones_unavailable"])
    );
    assert!(outcome.notes.is_empty());
}

#[rstest]
#[case::wrong_way_round(&[("is_home", true.into())], &[("is_home", false.into())], "is_home is the wrong way round")]
#[case::no_points(&[("points", 0.into())], &[], "LAL has no points or no field goal tried")]
#[case::no_tries(&[("fg_attempted", Value::Null)], &[], "LAL has no points or no field goal tried")]
#[case::arithmetic(&[("points", 101.into())], &[], "points of LAL are not those of its shots")]
#[case::minutes(&[], &[("minutes", "265:00".into())], "the teams' minutes differ or are unknown")]
#[case::foreign(&[("team_abbr", "BOS".into())], &[], "1 of 2 rows in the team box score")]
fn auto_sums_players_where_the_box_score_is_invalid(
    #[case] away: &[(&str, Value)],
    #[case] home: &[(&str, Value)],
    #[case] reason: &str,
) {
    let away = with(Feed::TeamBox, team_box("LAL", false), away);
    let home = with(Feed::TeamBox, team_box("GSW", true), home);
    let filled = [
        (Feed::TeamBox, vec![away, home]),
        (Feed::Gamebook, players(gamebook, "48:00")),
    ];
    let outcome = compute(Source::Auto, filled);
    assert_eq!(
        value(&outcome, "LAL", "primary_source_used"),
        "reconstructed_team_from_players".into()
    );
    assert_eq!(value(&outcome, "LAL", "points_scored"), 100.into());
    let noted = format!("nbac_team_boxscore not used, LAL@GSW: {reason}");
    assert!(outcome.notes.contains(&noted), "{:?}", outcome.notes);
}
