//! The proof of the whole: what the program itself stored, through load, warehouse and engine, equals the official
//! team totals, which no reconstruction ever reads.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "support/program.rs"]
mod program;

use std::collections::HashMap;

use backcourt::feeds::league::{self, Stat};
use backcourt::nba::TeamMinutes;
use program::{State, TABLE};
use rusqlite::Row;

/// Columns of the table beside the official counts they must equal.
const TOTALS: [(&str, Stat); 9] = [
    ("points_scored", Stat::Pts),
    ("fg_makes", Stat::Fgm),
    ("fg_attempts", Stat::Fga),
    ("three_pt_makes", Stat::Fg3m),
    ("three_pt_attempts", Stat::Fg3a),
    ("ft_makes", Stat::Ftm),
    ("ft_attempts", Stat::Fta),
    ("rebounds", Stat::Reb),
    ("assists", Stat::Ast),
];

/// A game's id and a team's code.
type Side = (String, String);

fn number(row: &Row<'_>, column: &str) -> Option<i64> {
    row.get(column).unwrap()
}

fn the_table_equals_the_official_totals(state: &State) {
    let league = league::shipped().unwrap();
    let side =
        |game, team: &dyn ToString| -> Side { (league.game(game).unwrap().to_string(), team.to_string()) };
    let official: HashMap<Side, _> = league
        .teams
        .iter()
        .map(|line| (side(line.game, &line.team), line))
        .collect();
    let mut turnovers: HashMap<Side, i64> = HashMap::new();
    for line in &league.players {
        *turnovers.entry(side(line.game, &line.team)).or_default() +=
            line.counts.get(Stat::Tov).map_or(0, i64::from);
    }

    let db = state.warehouse();
    let mut query = db.prepare(&format!("SELECT * FROM {TABLE}")).unwrap();
    let mut stored = query.query([]).unwrap();
    let (mut rows, mut compared, mut unrated, mut overtime) = (0, 0, 0, 0);
    while let Some(row) = stored.next().unwrap() {
        rows += 1;
        let key: Side = (row.get("game_id").unwrap(), row.get("team_abbr").unwrap());
        let is_home = key.0.ends_with(&key.1);
        assert_eq!(
            number(row, "home_game"),
            Some(is_home.into()),
            "{key:?} home_game"
        );
        assert_eq!(
            number(row, "turnovers"),
            turnovers.get(&key).copied(),
            "{key:?} turnovers"
        );
        let rating: Option<f64> = row.get("offensive_rating").unwrap();
        assert_eq!(rating.is_none(), number(row, "possessions").is_none(), "{key:?}");
        unrated += u32::from(rating.is_none());
        let Some(line) = official.get(&key) else { continue };
        compared += 1;
        for (column, stat) in TOTALS {
            assert_eq!(
                number(row, column),
                line.counts.get(stat).map(i64::from),
                "{key:?} {column}"
            );
        }
        let periods = TeamMinutes::nearest(line.minutes.unwrap()).overtimes();
        assert_eq!(
            number(row, "overtime_periods"),
            Some(periods.into()),
            "{key:?} overtime_periods"
        );
        assert_eq!(
            number(row, "margin_of_victory"),
            line.plus_minus.map(i64::from),
            "{key:?} margin_of_victory"
        );
        overtime += u32::from(periods > 0);
    }
    // Of six team-games there is no official line; 168 lack offensive rebounds, so nobody can rate them.
    assert_eq!((rows, compared, unrated, overtime), (11_592, 11_586, 168, 600));
}

#[test]
fn the_feeds_of_january_2026_rebuild_the_official_totals() {
    let state = State::loaded();
    state
        .backcourt(&["run", "--source", "reconstruct", "--output", "silent"])
        .expect(0);
    the_table_equals_the_official_totals(&state);
}

#[test]
fn clean_feeds_rebuild_the_official_totals() {
    let state = State::none();
    state.backcourt(&["load", "--faults", "none"]).expect(0);
    state
        .backcourt(&["run", "--source", "reconstruct", "--output", "silent"])
        .expect(0);
    the_table_equals_the_official_totals(&state);
}
