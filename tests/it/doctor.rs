//! `doctor` on a state folder: its findings, its use in scripts, and that it changes nothing.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::sync::LazyLock;

use crate::program::{Ended, State, files};
use jsonschema::Validator;
use serde_json::Value;

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let text = include_str!("../../docs/doctor.schema.json");
    jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
});

/// The JSON output, validated against the schema.
fn report(ended: &Ended) -> Value {
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    let faults: Vec<String> = SCHEMA
        .iter_errors(&report)
        .map(|fault| fault.to_string())
        .collect();
    assert_eq!(faults, [] as [String; 0], "{report:#}");
    report
}

fn of<'a>(report: &'a Value, what: &str) -> &'a Value {
    let mut findings = report["findings"].as_array().unwrap().iter();
    findings.find(|finding| finding["what"] == what).unwrap()
}

#[test]
fn without_state_doctor_shows_the_next_step_and_creates_nothing() {
    let state = State::none();
    let text = state.backcourt(&["doctor"]).expect(0);
    for part in [
        "note   folder: ",
        " doesn't exist yet",
        "-> 'backcourt run' creates it and loads the shipped box scores",
        "ok     nba: 8 stages, ",
        "All checks passed.",
    ] {
        assert!(text.out.contains(part), "{part:?} in {}", text.out);
    }
    let report = report(&state.backcourt(&["doctor", "--json"]).expect(0));
    assert_eq!(report["state"], "note");
    assert_eq!(of(&report, "folder")["state"], "note");
    assert!(!state.path().exists());
}

#[test]
fn faults_in_default_feeds_are_reported_by_date_and_left_unchanged() {
    let state = State::loaded();
    let before = files(&state.path());
    let said = state.backcourt(&["doctor", "--json"]).expect(1);
    assert_eq!(files(&state.path()), before);
    let report = report(&said);
    assert_eq!(report["state"], "warn");
    assert_eq!(of(&report, "feeds")["state"], "ok");
    let repeated = of(&report, "bdl: bdl_repeated");
    assert_eq!(
        (&repeated["area"], &repeated["state"]),
        (&"sources".into(), &"warn".into())
    );
    assert_eq!(repeated["dates"].as_array().unwrap().len(), 110);
    assert_eq!(of(&report, "schedule: schedule_repeated")["state"], "ok");
    let seasons: Vec<&str> = report["tables"][0]["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row[0].as_str().unwrap())
        .collect();
    assert_eq!(seasons, ["2021", "2022", "2023", "2024", "2025"]);

    let named = state.backcourt(&["doctor", "gamebook_missing"]).expect(1);
    assert!(named.out.contains("gamebook: gamebook_missing"), "{}", named.out);
    assert!(
        named.out.contains("2021-10-19..2021-10-20, "),
        "every date is listed: {}",
        named.out
    );
    assert!(!named.out.contains("bdl_repeated"), "{}", named.out);
}

#[test]
fn doctor_reads_the_ledger_and_tables_without_changes() {
    let state = State::loaded();
    let week = [
        "run",
        "--stop-after",
        "team_offense",
        "--from",
        "2023-12-11",
        "--to",
        "2023-12-17",
    ];
    state
        .backcourt(&[&week[..], &["--output", "silent"]].concat())
        .expect(0);
    let before = files(&state.path());
    let report = report(&state.backcourt(&["doctor", "--json"]).expect(1));
    assert_eq!(files(&state.path()), before);
    let ledger = of(&report, "ledger");
    assert_eq!(ledger["state"], "ok");
    assert!(
        ledger["detail"].as_str().unwrap().ends_with("is finished"),
        "{ledger}"
    );
    assert_eq!(of(&report, "lock")["detail"], "no process is using this folder");
    assert_eq!(
        of(&report, "tables")["detail"],
        "6 of 13 tables match their definition"
    );
    // The results of the run are in the ledger, for status and report.
    let status = state.status();
    let sources = status["sources"].as_array().unwrap();
    let found = |name: &str| sources.iter().find(|source| source["name"] == name).unwrap();
    assert_eq!(
        (sources.len(), &found("bdl_repeated")["state"]),
        (16, &"WARN".into())
    );
    let handoff = state.backcourt(&["report"]).expect(0).out;
    assert!(handoff.contains("## Checks of the raw tables"), "{handoff}");
    // A load makes earlier results stale.
    state.backcourt(&["load", "--faults", "none"]).expect(0);
    let status = state.status();
    let states: Vec<&Value> = status["sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|source| &source["state"])
        .collect();
    assert!(states.iter().all(|state| **state == "OUTDATED"), "{states:?}");
}

#[test]
fn a_table_with_other_columns_is_reported_as_a_failure() {
    let state = State::loaded();
    let raw = rusqlite::Connection::open(state.path().join("warehouse/nba_raw.sqlite")).unwrap();
    raw.execute_batch("ALTER TABLE nbac_schedule RENAME COLUMN data_source TO origin")
        .unwrap();
    drop(raw);
    let report = report(&state.backcourt(&["doctor", "--json"]).expect(1));
    assert_eq!(report["state"], "fail");
    let found: Vec<(&Value, &str)> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["what"] == "nba_raw.nbac_schedule")
        .map(|finding| (&finding["state"], finding["detail"].as_str().unwrap()))
        .collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|(state, _)| **state == "fail"));
    assert!(found[0].1.starts_with("has no column 'data_source'"), "{found:?}");
    assert!(found[1].1.starts_with("has a column 'origin'"), "{found:?}");
}

#[test]
fn a_damaged_warehouse_is_reported_as_a_finding() {
    let state = State::loaded();
    fs::write(state.path().join("warehouse/nba_raw.sqlite"), vec![7; 9_000]).unwrap();
    let said = state.backcourt(&["doctor"]).expect(1);
    assert!(
        said.out.contains("FAIL   place: ") && said.out.contains("nba_raw.sqlite"),
        "{}",
        said.out
    );
    assert!(said.out.ends_with("1 problem blocks a run.\n"), "{}", said.out);
}

#[test]
fn an_unknown_check_is_refused_with_a_suggestion() {
    let state = State::none();
    let refused = state.backcourt(&["doctor", "bdl_repeatd"]).expect(2);
    assert_eq!(
        refused.err,
        "backcourt: source check 'bdl_repeatd' not found; did you mean 'bdl_repeated'?\n"
    );
    assert!(!state.path().exists());
}
