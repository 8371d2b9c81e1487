//! Tests of the rule with hand-computed results, on [`fixtures`](super::super::games::fixtures).

use super::*;
use crate::nba::games::fixtures::*;
use crate::nba::raw::Feed;
use crate::nba::tables;
use crate::nba::tables::fixture::assert_fits;
use crate::table::{Row, Value};

const RECONSTRUCT: Source = Source::Reconstruct { forced: false };

fn compute(source: Source, filled: impl IntoIterator<Item = (Feed, Vec<Row>)>) -> DateOutcome {
    team_defense(date(), source, &feeds(filled))
}

/// One column of a team's row.
fn value(outcome: &DateOutcome, team: &str, column: &str) -> Value {
    cell(
        outcome,
        tables::team_defense(),
        ("defending_team_abbr", team),
        column,
    )
}

#[test]
fn a_team_allows_the_totals_of_its_opponent() {
    let outcome = compute(RECONSTRUCT, [(Feed::Gamebook, players(gamebook, "48:00"))]);
    assert_eq!((outcome.expected, outcome.missing.len()), (2, 0));
    assert_eq!(outcome.notes, ["bigdataball_play_by_play: shots of 0 of 1 games"]);
    let expected: [(&str, Value); 42] = [
        ("game_id", GAME.into()),
        ("game_date", date().into()),
        ("defending_team_abbr", "LAL".into()),
        ("opponent_team_abbr", "GSW".into()),
        ("season_year", 2023.into()),
        ("points_allowed", 110.into()),
        ("opp_fg_attempts", 80.into()),
        ("opp_fg_makes", 40.into()),
        ("opp_three_pt_attempts", 25.into()),
        ("opp_three_pt_makes", 10.into()),
        ("opp_ft_attempts", 25.into()),
        ("opp_ft_makes", 20.into()),
        ("opp_rebounds", 40.into()),
        ("opp_assists", 25.into()),
        ("turnovers_forced", 15.into()),
        ("fouls_committed", 10.into()),
        ("opp_paint_attempts", Value::Null),
        ("mid_range_points_allowed", Value::Null),
        ("three_pt_points_allowed", 30.into()),
        ("second_chance_points_allowed", Value::Null),
        ("fast_break_points_allowed", Value::Null),
        ("blocks_paint", Value::Null),
        ("blocks_three_pt", Value::Null),
        ("steals", 5.into()),
        ("defensive_rebounds", 30.into()),
        ("defensive_rating", 114.58.into()), // 100 · 110 / 96 = 114.583…
        ("opponent_pace", 96.0.into()),
        ("opponent_ts_pct", 0.604.into()), // 110 / (2 · 91) = 0.6043…
        ("home_game", false.into()),
        ("win_flag", false.into()),
        ("margin_of_victory", (-10).into()),
        ("overtime_periods", 0.into()),
        ("players_inactive", Value::Null),
        ("referee_crew_id", Value::Null),
        ("source_team_boxscore_rows_found", Value::Null),
        ("source_bdl_players_hash", Value::Null),
        ("quality_tier", "silver".into()),
        (
            "quality_issues",
            list(&["backup_source_used", "reconstructed", "shot_zones_unavailable"]),
        ),
        ("data_sources", list(&["nbac_gamebook"])),
        ("primary_source_used", "reconstructed_team_from_players".into()),
        ("processed_with_issues", false.into()),
        ("processed_at", Value::Null),
    ];
    for (column, expected) in expected {
        assert_eq!(value(&outcome, "LAL", column), expected, "{column}");
    }
    for (column, expected) in [
        ("points_allowed", Value::from(100)),
        ("home_game", true.into()),
        ("win_flag", true.into()),
        ("margin_of_victory", 10.into()),
    ] {
        assert_eq!(value(&outcome, "GSW", column), expected, "{column}");
    }
}

// 96 · 48 / 53 = 86.94…: the old code stored the possessions themselves, 96, as opponent_pace.
#[test]
fn overtime_lowers_the_opponents_pace() {
    let outcome = compute(RECONSTRUCT, [(Feed::Gamebook, players(gamebook, "53:00"))]);
    for team in ["LAL", "GSW"] {
        assert_eq!(value(&outcome, team, "overtime_periods"), 1.into());
        assert_eq!(value(&outcome, team, "opponent_pace"), 86.9.into());
    }
}

#[test]
fn shots_are_charged_to_the_defending_team() {
    let shots = vec![
        shot("GSW", "gswone", 3.0, true, None),
        shot("GSW", "gswone", 8.0, true, Some(("assist", "gswtwo"))),
        shot("GSW", "gswone", 15.0, false, Some(("block", "lalone"))),
        shot("GSW", "gswtwo", 26.0, true, None),
        shot("LAL", "lalone", 12.0, true, None),
    ];
    let outcome = compute(
        RECONSTRUCT,
        [
            (Feed::Gamebook, players(gamebook, "48:00")),
            (Feed::PlayByPlay, shots),
        ],
    );
    let zones = |team| {
        [
            "opp_paint_attempts",
            "opp_paint_makes",
            "opp_mid_range_attempts",
            "opp_mid_range_makes",
            "points_in_paint_allowed",
            "mid_range_points_allowed",
            "blocks_paint",
            "blocks_mid_range",
            "blocks_three_pt",
        ]
        .map(|column| value(&outcome, team, column))
    };
    assert_eq!(zones("LAL"), [2, 2, 1, 0, 4, 0, 0, 1, 0].map(Value::from));
    assert_eq!(zones("GSW"), [0, 0, 1, 1, 0, 2, 0, 0, 0].map(Value::from));
    assert_eq!(value(&outcome, "LAL", "three_pt_points_allowed"), 30.into());
    assert_eq!(
        value(&outcome, "LAL", "data_sources"),
        list(&["nbac_gamebook", "bigdataball_play_by_play"])
    );
    assert!(outcome.notes.is_empty(), "{:?}", outcome.notes);
    assert_fits(
        tables::team_defense(),
        &outcome.rows[0],
        &[
            "second_chance_points_allowed",
            "fast_break_points_allowed",
            "players_inactive",
            "starters_inactive",
            "referee_crew_id",
        ],
    );
}

#[test]
fn fields_a_feed_lacks_are_named() {
    let unknown = [
        ("offensive_rebounds", Value::Null),
        ("defensive_rebounds", Value::Null),
    ];
    let rows = players(gamebook, "48:00").into_iter();
    let rows = rows.map(|row| with(Feed::Gamebook, row, &unknown)).collect();
    let outcome = compute(RECONSTRUCT, [(Feed::Gamebook, rows)]);
    for column in ["defensive_rebounds", "defensive_rating", "opponent_pace"] {
        assert_eq!(value(&outcome, "LAL", column), Value::Null, "{column}");
    }
    assert_eq!(
        value(&outcome, "LAL", "quality_issues"),
        list(&[
            "backup_source_used",
            "reconstructed",
            "shot_zones_unavailable",
            "missing_opp_offensive_rebounds",
            "missing_defensive_rebounds",
        ])
    );
}

#[test]
fn rows_from_the_team_box_score_name_their_source() {
    let rows = vec![team_box("LAL", false), team_box("GSW", true)];
    let outcome = compute(Source::Boxscore, [(Feed::TeamBox, rows)]);
    for (column, expected) in [
        ("primary_source_used", Value::from("nbac_team_boxscore")),
        ("quality_tier", "gold".into()),
        ("points_allowed", 110.into()),
        ("steals", 5.into()),
    ] {
        assert_eq!(value(&outcome, "LAL", column), expected, "{column}");
    }
}

#[test]
fn an_unavailable_game_is_missing_with_its_reason() {
    let outcome = compute(RECONSTRUCT, []);
    assert_eq!((outcome.expected, outcome.rows.len()), (2, 0));
    assert_eq!(
        outcome.missing,
        ["LAL@GSW: neither nbac_gamebook nor bdl names a player"]
    );
}
