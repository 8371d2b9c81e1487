//! End-to-end proof: the rows the program stores, through load, warehouse and engine, equal the official team totals,
//! which no reconstruction reads, and rates recomputed from the box scores.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod player_daily_cache;
mod player_game;
mod team_defense;
mod team_offense;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::program::State;
use backcourt::feeds::league::{self, League, NbaGameId, TeamLine};
use rusqlite::Row;

static LEAGUE: LazyLock<League> = LazyLock::new(|| league::shipped().unwrap());

/// A game's id and a team's code.
type Side = (String, String);

/// The official totals.
static OFFICIAL: LazyLock<HashMap<Side, &TeamLine>> = LazyLock::new(|| {
    let lines = LEAGUE.teams.iter();
    lines.map(|line| (side(line.game, &line.team), line)).collect()
});

fn side(game: NbaGameId, team: &dyn ToString) -> Side {
    (LEAGUE.game(game).unwrap().to_string(), team.to_string())
}

fn side_of(row: &Row<'_>, column: &str) -> Side {
    (row.get("game_id").unwrap(), row.get(column).unwrap())
}

fn number(row: &Row<'_>, column: &str) -> Option<i64> {
    row.get(column).unwrap()
}

fn rate(row: &Row<'_>, column: &str) -> Option<f64> {
    row.get(column).unwrap()
}

/// Runs the stages up to `last`; all expected rows must be stored.
fn run(state: &State, last: &str, range: &[&str]) {
    let run = ["run", "--stop-after", last, "--output", "silent"];
    state.backcourt(&[&run[..], range].concat()).expect(0);
}

#[test]
fn january_2026_feeds_give_the_official_values() {
    let state = State::loaded();
    run(&state, "player_game", &[]);
    team_offense::equals_the_official_totals(&state);
    team_defense::equals_what_the_opponent_did(&state);
    // Seven players with seconds on the floor are only in bdl, which has no minutes or counts for them.
    player_game::rates_are_right(&state, [123_468, 123_292, 123_292, 49_602]);
}

#[test]
fn clean_feeds_give_the_official_values() {
    let state = State::none();
    state.backcourt(&["load", "--faults", "none"]).expect(0);
    run(&state, "player_game", &[]);
    team_offense::equals_the_official_totals(&state);
    team_defense::equals_what_the_opponent_did(&state);
    player_game::rates_are_right(&state, [123_475, 123_292, 123_292, 49_606]);
}

#[test]
fn player_averages_use_earlier_games_only() {
    let state = State::loaded();
    run(
        &state,
        "player_daily_cache",
        &["--from", "2023-10-24", "--to", "2024-04-14"],
    );
    player_daily_cache::averages_are_of_earlier_games(&state, "2023-10-24");
}
