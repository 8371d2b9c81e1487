//! A rehearsal against `BigQuery`: some dates are computed locally and compared with its rows. It is read and never
//! changed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use backcourt::nba::tables;
use backcourt::table::TableDef;
use backcourt::warehouse::Warehouse;

use super::emulator::{Emulator, PREFIX};
use super::faults::block_on;
use super::month::{copy, embedded};
use super::program::{Ended, State, stages_alone};
use super::proxy::{Fate, Method, Proxy};

/// A month into the season.
const DATE: &str = "2021-11-18";

/// The tables whose earlier dates are read by the stages here.
const LOOKED_BACK_ON: [&str; 2] = ["nbac_schedule", "team_defense_game_summary"];

#[test]
fn a_rehearsal_matches_bigquery_until_a_stored_value_changes() {
    let Some(emulator) = Emulator::start() else { return };
    // The last date is the first with rows in a look-back stage.
    let (season, date) = (["2021-10-19", DATE], [DATE, DATE]);
    let last = "team_defense_zone";
    let state = embedded(season, &["--stop-after", last]);
    let read_and_made = tables::all().into_iter().take(9);
    let (whole, day): (Vec<&TableDef>, Vec<&TableDef>) =
        read_and_made.partition(|table| LOOKED_BACK_ON.contains(&table.name.as_ref()));
    copy(&state, &emulator, season, whole);
    copy(&state, &emulator, date, day);
    let statements = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&statements);
    let proxy = Proxy::start(Some(emulator.port()), Duration::ZERO, move |call| {
        if call.method == Method::Insert {
            seen.lock().unwrap().push(call.sql.clone());
        }
        Fate::Pass
    });
    let operator = State::none();
    let (plan, from) = (stages_alone(&operator), format!("bigquery:{}", proxy.address()));
    let rehearse = |more: [&str; 2]| -> Ended {
        let what = [
            "rehearse",
            "--plan",
            &plan,
            "--dates",
            DATE,
            "--from",
            &from,
            "--dataset-prefix",
            PREFIX,
        ];
        operator.backcourt(&[&what[..], &more].concat())
    };
    let said = rehearse(["--stop-after", last]).expect(0);
    let is_equal = |line: &&str| line.starts_with("= equal ") && !line.ends_with(" 0 rows");
    assert_eq!(said.out.lines().filter(is_equal).count(), 4, "{}", said.out);

    let table = "nba_analytics.player_game_summary";
    let warehouse = emulator.open();
    let sql = format!(
        "SELECT player_lookup, points FROM `{table}` WHERE game_date = '{DATE}' ORDER BY player_lookup LIMIT 1"
    );
    let answer = block_on(warehouse.query(&sql)).unwrap();
    let (player, points) = (&answer.rows[0][0], &answer.rows[0][1]);
    let change = format!(
        "UPDATE `{table}` SET points = 777 WHERE game_date = '{DATE}' AND player_lookup = '{player}'"
    );
    block_on(warehouse.query(&change)).unwrap();
    let said = rehearse(["--stage", "player_game"]).expect(1);
    assert!(
        said.out.contains(&format!(
            "≠ DIFFERENT  {table}: 1 different, 0 only here, 0 only there"
        )),
        "{}",
        said.out
    );
    let row = said.out.lines().find(|line| line.contains("777")).unwrap();
    assert!(
        row.contains(&format!("{player}: points here {points}, there 777")) && row.trim().starts_with(DATE),
        "{row}"
    );
    assert!(said.out.contains("\n1 of 1 table differ. "), "{}", said.out);

    let statements = statements.lock().unwrap();
    assert!(!statements.is_empty());
    let other: Vec<_> = statements
        .iter()
        .filter(|sql| !sql.starts_with("SELECT "))
        .collect();
    assert!(other.is_empty(), "something else than a question: {other:?}");
    let made: Vec<_> = std::fs::read_dir(operator.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(made, ["rehearse"], "the operator's own state is left alone");
}
