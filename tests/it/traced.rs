//! The whole workflow for a wrong raw value: a check finds it, the operator inspects the date, reloads the raw rows and
//! refreshes everything downstream. All by key, with the real binary in a real terminal.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first surprise"
)]

use std::collections::BTreeMap;

use crate::program::{State, TIMESTAMPS};
use crate::pty::Pty;
use rusqlite::Connection;

const ENTER: &str = "\r";
const RANGE: [&str; 4] = ["--from", "2023-10-24", "--to", "2023-12-19"];
const FILES: [&str; 3] = ["nba_analytics", "nba_precompute", "nba_predictions"];

/// All rows of all stage tables, without timestamps.
fn everything(state: &State) -> BTreeMap<String, Vec<String>> {
    let mut tables = BTreeMap::new();
    for file in FILES {
        let path = state.path().join(format!("warehouse/{file}.sqlite"));
        let db = Connection::open(path).unwrap();
        let mut names = db
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
            .unwrap();
        let names: Vec<String> = names
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for name in names {
            let mut query = db.prepare(&format!("SELECT * FROM {name}")).unwrap();
            let kept: Vec<usize> = (0..query.column_count())
                .filter(|&at| !TIMESTAMPS.contains(&query.column_name(at).unwrap()))
                .collect();
            let mut rows: Vec<String> = query
                .query_map([], |row| {
                    let values = kept.iter().map(|&at| format!("{:?}", row.get_ref(at).unwrap()));
                    Ok(values.collect::<Vec<_>>().join(" "))
                })
                .unwrap()
                .map(Result::unwrap)
                .collect();
            rows.sort();
            tables.insert(name, rows);
        }
    }
    tables
}

/// The number of tables that differ, and the first of them, because whole tables would be too long to read.
fn differing(one: &BTreeMap<String, Vec<String>>, other: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let tables = one
        .keys()
        .chain(other.keys())
        .filter(|name| one.get(*name) != other.get(*name));
    let mut tables: Vec<String> = tables.cloned().collect();
    tables.sort();
    tables.dedup();
    tables
}

fn header_says(pty: &Pty, what: &str) {
    pty.wait_until(&format!("the header says {what}"), |screen| {
        screen
            .contents()
            .lines()
            .next()
            .unwrap_or_default()
            .contains(what)
    });
}

#[test]
fn a_wrong_raw_value_is_found_corrected_and_its_dependants_refreshed() {
    let state = State::loaded().without_source_checks();
    state
        .backcourt(&[&["run", "--output", "silent"][..], &RANGE].concat())
        .expect(0);
    let right = everything(&state);
    let raw = Connection::open(state.path().join("warehouse/nba_raw.sqlite")).unwrap();
    let spoilt = raw
        .execute(
            "UPDATE nbac_gamebook_player_stats SET points = points + 7
             WHERE game_date = '2023-12-16' AND player_lookup = (
               SELECT MIN(player_lookup) FROM nbac_gamebook_player_stats
               WHERE game_date = '2023-12-16' AND player_status = 'active' AND points > 10)",
            [],
        )
        .unwrap();
    assert_eq!(spoilt, 1);
    drop(raw);

    let flags = state.flags();
    let mut arguments = vec!["run"];
    arguments.extend(flags.iter().map(String::as_str));
    arguments.extend(RANGE);
    let mut pty = Pty::backcourt(&arguments, &[], (120, 40));
    header_says(&pty, "finished");
    // The date is rerun for another reason and picks up the wrong value.
    pty.send("1/2023-12-16\r");
    pty.wait_for("Sat 2023-12-16");
    for _ in 0..8 {
        pty.send("[");
    }
    pty.wait_for("Dates  team_offense");
    pty.send("r");
    pty.wait_for("Rerun 1 date of team_offense");
    pty.send(ENTER);
    pty.wait_until("a check found it", |screen| screen.contents().contains("1 FAIL"));
    header_says(&pty, "finished");

    pty.send("4gn");
    pty.wait_for("points_arithmetic");
    pty.send("o");
    pty.wait_for("2023-12-16");
    pty.send(ENTER);
    pty.wait_for("Dates  team_offense");
    pty.send(ENTER);
    pty.wait_for("ok, 20 of 20 rows");
    pty.send("F");
    pty.wait_for("Reload the raw rows of 1 date?");
    pty.send(ENTER);
    pty.wait_for("1 raw table corrected");

    pty.send("S");
    pty.wait_for("Refresh ");
    pty.send(ENTER);
    pty.wait_until("nothing is stale and nothing failed", |screen| {
        let text = screen.contents();
        text.contains("~ stale 0") && text.contains("64 PASS") && text.contains("; 0 failed or short")
    });
    header_says(&pty, "finished");
    pty.send("q");
    assert_eq!(pty.wait_exit().exit_code(), 0);

    let after = everything(&state);
    assert_eq!(differing(&right, &after), [] as [String; 0]);
    let facts = state.facts();
    let corrected = facts
        .iter()
        .find(|fact| fact["event"] == "feed_corrected")
        .unwrap();
    assert_eq!(corrected["table"], "nba_raw.nbac_gamebook_player_stats");
    assert_eq!(corrected["dates"], serde_json::json!(["2023-12-16"]));
    for stage in state.status()["stages"].as_array().unwrap() {
        assert_eq!(stage["dates"]["stale"], 0, "{}", stage["name"]);
    }
}
