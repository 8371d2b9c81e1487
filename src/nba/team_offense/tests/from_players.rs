//! Team totals summed from the players.

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::nba::tables::fixture::assert_fits;

#[test]
fn players_add_up_to_their_team() {
    let outcome = compute(RECONSTRUCT, [(Feed::Gamebook, players(gamebook, "48:00"))]);
    assert_eq!(
        (outcome.expected, outcome.missing.len(), outcome.notes.len()),
        (2, 0, 0)
    );
    let expected: [(&str, Value); 42] = [
        ("game_id", GAME.into()),
        ("nba_game_id", "0022300489".into()),
        ("game_date", date().into()),
        ("team_abbr", "LAL".into()),
        ("opponent_team_abbr", "GSW".into()),
        ("season_year", 2023.into()),
        ("points_scored", 100.into()),
        ("fg_attempts", 80.into()),
        ("fg_makes", 35.into()),
        ("three_pt_attempts", 25.into()),
        ("three_pt_makes", 10.into()),
        ("ft_attempts", 25.into()),
        ("ft_makes", 20.into()),
        ("rebounds", 40.into()),
        ("assists", 25.into()),
        ("turnovers", 15.into()),
        ("personal_fouls", 10.into()),
        ("team_paint_attempts", Value::Null),
        ("second_chance_points_scored", Value::Null),
        ("offensive_rating", 104.17.into()), // 100 · 100 / 96 = 104.166…
        ("pace", 96.0.into()),
        ("possessions", 96.into()),
        ("ts_pct", 0.549.into()), // 100 / (2 · 91) = 0.5494…
        ("home_game", false.into()),
        ("win_flag", false.into()),
        ("margin_of_victory", (-10).into()),
        ("overtime_periods", 0.into()),
        ("players_inactive", Value::Null),
        ("referee_crew_id", Value::Null),
        ("shot_zones_available", false.into()),
        ("shot_zones_source", Value::Null),
        ("source_nbac_boxscore_rows_found", Value::Null),
        ("source_play_by_play_hash", Value::Null),
        ("quality_tier", "silver".into()),
        ("quality_score", 85.0.into()),
        (
            "quality_issues",
            list(&["backup_source_used", "reconstructed", "shot_zones_unavailable"]),
        ),
        ("data_sources", list(&["nbac_gamebook"])),
        ("is_production_ready", true.into()),
        ("data_quality_tier", "silver".into()),
        ("primary_source_used", "reconstructed_team_from_players".into()),
        ("processed_with_issues", false.into()),
        ("processed_at", Value::Null),
    ];
    for (column, expected) in expected {
        assert_eq!(value(&outcome, "LAL", column), expected, "{column}");
    }
    for (column, expected) in [
        ("points_scored", Value::from(110)),
        ("offensive_rating", 114.58.into()), // 100 · 110 / 96 = 114.583…
        ("ts_pct", 0.604.into()),            // 110 / 182 = 0.6043…
        ("home_game", true.into()),
        ("win_flag", true.into()),
        ("margin_of_victory", 10.into()),
    ] {
        assert_eq!(value(&outcome, "GSW", column), expected, "{column}");
    }
}

#[test]
fn a_row_fits_its_table() {
    let outcome = compute(RECONSTRUCT, [(Feed::Gamebook, players(gamebook, "48:00"))]);
    assert_fits(
        tables::team_offense(),
        &outcome.rows[0],
        &[
            "team_paint_attempts",
            "team_paint_makes",
            "team_mid_range_attempts",
            "team_mid_range_makes",
            "points_in_paint_scored",
            "second_chance_points_scored",
            "players_inactive",
            "starters_inactive",
            "referee_crew_id",
            "shot_zones_source",
        ],
    );
}

// 96 · 48 / 53 = 86.94…, 96 · 48 / 58 = 79.44…
#[rstest]
#[case("48:00", 0, 96.0)]
#[case("53:00", 1, 86.9)]
#[case("58:00", 2, 79.4)]
fn overtime_is_derived_from_minutes_and_lowers_pace(
    #[case] minutes: &str,
    #[case] overtimes: i64,
    #[case] pace: f64,
) {
    let outcome = compute(RECONSTRUCT, [(Feed::Gamebook, players(gamebook, minutes))]);
    for team in ["LAL", "GSW"] {
        assert_eq!(value(&outcome, team, "overtime_periods"), overtimes.into());
        assert_eq!(value(&outcome, team, "pace"), pace.into());
    }
}

#[test]
fn no_attempts_give_zeros_and_null_shooting_rates() {
    let zero = |row| {
        let columns = &Feed::Gamebook.columns()[7..19];
        let zeros: Vec<(&str, Value)> = columns.iter().map(|&column| (column, 0.into())).collect();
        with(Feed::Gamebook, row, &zeros)
    };
    let rows = players(gamebook, "48:00").into_iter().map(zero).collect();
    let outcome = compute(RECONSTRUCT, [(Feed::Gamebook, rows)]);
    for (column, expected) in [
        ("points_scored", Value::from(0)),
        ("possessions", 0.into()),
        ("pace", 0.0.into()),
        ("offensive_rating", Value::Null),
        ("ts_pct", Value::Null),
        ("win_flag", false.into()),
        ("processed_with_issues", true.into()),
    ] {
        assert_eq!(value(&outcome, "LAL", column), expected, "{column}");
    }
}

#[test]
fn only_players_who_played_are_added() {
    let mut rows = players(gamebook, "48:00");
    for status in ["dnp", "inactive"] {
        let bench = gamebook("LAL", &format!("bench{status}"), "");
        rows.push(with(Feed::Gamebook, bench, &[("player_status", status.into())]));
    }
    let outcome = compute(RECONSTRUCT, [(Feed::Gamebook, rows)]);
    assert_eq!(value(&outcome, "LAL", "points_scored"), 100.into());
    assert_eq!(value(&outcome, "LAL", "overtime_periods"), 0.into());
}

#[test]
fn a_game_without_players_is_missing_with_its_reason() {
    let outcome = compute(RECONSTRUCT, []);
    assert_eq!((outcome.expected, outcome.rows.len()), (2, 0));
    assert_eq!(
        outcome.missing,
        ["LAL@GSW: neither nbac_gamebook nor bdl names a player"]
    );
}

#[test]
fn a_team_needs_five_players() {
    let mut rows = players(gamebook, "48:00");
    rows.remove(0);
    let outcome = compute(RECONSTRUCT, [(Feed::Gamebook, rows)]);
    assert_eq!((outcome.expected, outcome.rows.len()), (2, 0));
    assert_eq!(outcome.missing, ["LAL@GSW: 4 players of LAL found, 5 needed"]);
}

#[test]
fn a_game_the_gamebook_lacks_is_taken_from_bdl() {
    let outcome = compute(RECONSTRUCT, [(Feed::Bdl, players(bdl, "48"))]);
    assert_eq!(value(&outcome, "GSW", "points_scored"), 110.into());
    assert_eq!(value(&outcome, "GSW", "rebounds"), 40.into());
    assert_eq!(value(&outcome, "GSW", "pace"), 96.0.into());
    assert_eq!(value(&outcome, "GSW", "data_sources"), list(&["bdl"]));
}

#[test]
fn a_player_in_both_feeds_counts_once() {
    let filled = [
        (Feed::Gamebook, players(gamebook, "48:00")),
        (Feed::Bdl, players(bdl, "48")),
    ];
    let outcome = compute(RECONSTRUCT, filled);
    assert_eq!(value(&outcome, "LAL", "points_scored"), 100.into());
    assert_eq!(value(&outcome, "LAL", "data_sources"), list(&["nbac_gamebook"]));
    assert!(outcome.notes.is_empty());
}

#[rstest]
#[case::numeric("18447218")]
#[case::reversed("20240104_GSW_LAL")]
fn bdl_game_ids_are_ignored(#[case] id: &str) {
    let named = |row| with(Feed::Bdl, row, &[("game_id", id.to_owned().into())]);
    let filled = players(bdl, "48").into_iter().map(named).collect();
    let outcome = compute(RECONSTRUCT, [(Feed::Bdl, filled)]);
    assert_eq!(outcome.rows.len(), 2);
    assert_eq!(value(&outcome, "GSW", "game_id"), GAME.into());
    assert_eq!(value(&outcome, "GSW", "home_game"), true.into());
}

#[test]
fn the_newer_of_two_player_rows_counts() {
    let mut rows = players(bdl, "48");
    let copy = |points: i64, hour| {
        let row = bdl("LAL", "lalone", "48");
        let numbered = ("game_id", Value::from("18447218"));
        with(
            Feed::Bdl,
            row,
            &[numbered, ("points", points.into()), ("processed_at", at(hour))],
        )
    };
    rows.extend([copy(25, 2), copy(99, -1)]);
    let outcome = compute(RECONSTRUCT, [(Feed::Bdl, rows)]);
    assert_eq!(value(&outcome, "LAL", "points_scored"), 105.into());
    assert_eq!(value(&outcome, "LAL", "overtime_periods"), 0.into());
    assert_eq!(
        outcome.notes,
        ["bdl: a player stands twice, the newer row counts (2 times)"]
    );
}

#[test]
fn unknown_rebounds_make_team_rates_null() {
    let mut rows = players(gamebook, "48:00");
    rows[3] = with(
        Feed::Gamebook,
        rows[3].clone(),
        &[("offensive_rebounds", Value::Null)],
    );
    let outcome = compute(RECONSTRUCT, [(Feed::Gamebook, rows)]);
    for column in ["possessions", "pace", "offensive_rating"] {
        assert_eq!(value(&outcome, "LAL", column), Value::Null, "{column}");
        assert_ne!(value(&outcome, "GSW", column), Value::Null, "{column}");
    }
    assert_eq!(value(&outcome, "LAL", "ts_pct"), 0.549.into());
    assert_eq!(value(&outcome, "LAL", "rebounds"), 40.into());
    let issues = [
        "backup_source_used",
        "reconstructed",
        "shot_zones_unavailable",
        "missing_offensive_rebounds",
    ];
    assert_eq!(value(&outcome, "LAL", "quality_issues"), list(&issues));
    assert_eq!(value(&outcome, "LAL", "processed_with_issues"), false.into());
}

#[rstest]
#[case("personal_fouls", "personal_fouls", "missing_personal_fouls")]
#[case("turnovers", "turnovers", "missing_turnovers")]
#[case("minutes", "overtime_periods", "missing_minutes")]
fn a_null_field_of_a_player_makes_the_team_field_null(
    #[case] field: &str,
    #[case] column: &str,
    #[case] issue: &str,
) {
    let mut rows = players(gamebook, "48:00");
    rows[0] = with(Feed::Gamebook, rows[0].clone(), &[(field, Value::Null)]);
    let outcome = compute(RECONSTRUCT, [(Feed::Gamebook, rows)]);
    assert_eq!(value(&outcome, "LAL", column), Value::Null);
    let Value::List(issues) = value(&outcome, "LAL", "quality_issues") else {
        panic!("no list")
    };
    assert!(issues.iter().any(|known| known == issue), "{issues:?}");
}

#[test]
fn a_game_without_points_has_no_winner() {
    let mut rows = players(gamebook, "48:00");
    rows[0] = with(Feed::Gamebook, rows[0].clone(), &[("points", Value::Null)]);
    let outcome = compute(RECONSTRUCT, [(Feed::Gamebook, rows)]);
    assert_eq!(outcome.missing, ["LAL@GSW: points of LAL unknown"]);
}

#[test]
fn points_that_contradict_shots_are_kept_with_an_issue() {
    let mut rows = players(gamebook, "48:00");
    rows[0] = with(Feed::Gamebook, rows[0].clone(), &[("points", 150.into())]);
    let outcome = compute(RECONSTRUCT, [(Feed::Gamebook, rows)]);
    assert_eq!(value(&outcome, "LAL", "points_scored"), 230.into());
    assert_eq!(value(&outcome, "LAL", "processed_with_issues"), true.into());
    let issues = [
        "backup_source_used",
        "reconstructed",
        "shot_zones_unavailable",
        "points_contradict_shots",
        "points_out_of_range",
    ];
    assert_eq!(value(&outcome, "LAL", "quality_issues"), list(&issues));
}

#[test]
fn rows_without_a_game_are_skipped_and_noted() {
    let mut rows = players(gamebook, "48:00");
    rows.push(gamebook("BOS", "stranger", "48:00"));
    rows.push(gamebook("EST", "allstar", "48:00"));
    rows.push(gamebook("EST", "allstartoo", "48:00"));
    rows.push(with(
        Feed::Gamebook,
        gamebook("LAL", "ghost", "10:00"),
        &[("game_id", "20231225_LAL_GSW".into())],
    ));
    let outcome = compute(RECONSTRUCT, [(Feed::Gamebook, rows)]);
    assert_eq!(value(&outcome, "LAL", "points_scored"), 100.into());
    assert_eq!(
        outcome.notes,
        [
            "nbac_gamebook: 20231225_LAL_GSW is not the game of LAL on 2024-01-04",
            "nbac_gamebook: BOS has no finished game on 2024-01-04",
            "nbac_gamebook: team \"EST\" is not one of the 30 NBA codes (2 times)",
        ]
    );
}

#[test]
fn a_forced_reconstruction_is_flagged() {
    let filled = [(Feed::Gamebook, players(gamebook, "48:00"))];
    let outcome = compute(Source::Reconstruct { forced: true }, filled);
    assert_eq!(
        value(&outcome, "LAL", "primary_source_used"),
        "reconstructed_team_from_players (forced by env var)".into()
    );
    assert_eq!(
        value(&outcome, "LAL", "quality_issues"),
        list(&["forced_reconstruction", "shot_zones_unavailable"])
    );
    assert_eq!(value(&outcome, "LAL", "quality_tier"), "silver".into());
}

#[test]
fn a_date_without_finished_games_expects_no_rows() {
    let mut feeds = feeds([(Feed::Gamebook, players(gamebook, "48:00"))]);
    feeds.put(Feed::Schedule, Vec::new());
    let outcome = team_offense(date(), Source::Auto, &feeds);
    assert_eq!(
        (outcome.expected, outcome.rows.len(), outcome.missing.len()),
        (0, 0, 0)
    );
}

#[test]
fn the_digest_depends_only_on_the_numbers() {
    let digest = |source, minutes| {
        let outcome = compute(source, [(Feed::Gamebook, players(gamebook, minutes))]);
        value(&outcome, "LAL", "data_hash")
    };
    let Value::Text(plain) = digest(RECONSTRUCT, "48:00") else {
        panic!("no text")
    };
    assert!(
        plain.len() == 16 && plain.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{plain}"
    );
    assert_eq!(
        digest(Source::Reconstruct { forced: true }, "48:00"),
        Value::Text(plain.clone())
    );
    assert_ne!(digest(RECONSTRUCT, "53:00"), Value::Text(plain));
}

proptest! {
    /// Row order and duplicates in the warehouse don't affect the result of a date.
    #[test]
    fn row_order_does_not_matter(
        (schedule, gamebook, bdl) in {
            let official = players(gamebook, "48:00");
            let older = with(Feed::Gamebook, official[0].clone(), &[("points", 3.into()), ("processed_at", at(-5))]);
            let official = [official, vec![older]].concat();
            let other: Vec<Row> = PLAYERS
                .iter()
                .flat_map(|name| [("MIL", name), ("SAS", name)])
                .map(|(team, name)| bdl(team, &format!("{}{name}", team.to_lowercase()), "53"))
                .map(|row| with(Feed::Bdl, row, &[("game_id", "7".into())]))
                .collect();
            (
                Just(vec![scheduled("MIL", "SAS"), scheduled("LAL", "GSW")]).prop_shuffle(),
                Just(official).prop_shuffle(),
                Just(other).prop_shuffle(),
            )
        }
    ) {
        let filled = [(Feed::Schedule, schedule), (Feed::Gamebook, gamebook), (Feed::Bdl, bdl)];
        let outcome = compute(RECONSTRUCT, filled);
        let table = tables::team_offense();
        let named = |row: &Row, column| row[table.position(column).unwrap()].to_string();
        let teams: Vec<String> = outcome.rows.iter().map(|row| named(row, "team_abbr")).collect();
        prop_assert_eq!(teams, ["GSW", "LAL", "MIL", "SAS"]);
        let points: Vec<String> = outcome.rows.iter().map(|row| named(row, "points_scored")).collect();
        prop_assert_eq!(points, ["110", "100", "100", "100"]);
    }
}
