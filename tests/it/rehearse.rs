//! `rehearse`: some dates are recomputed in a scratch folder and compared with another warehouse, which is not changed.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeMap;
use std::fs;
use std::sync::LazyLock;
use std::time::SystemTime;

use crate::program::{Ended, State, files, stages_alone};
use jsonschema::Validator;
use serde_json::{Value, json};

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let text = include_str!("../../docs/rehearsal.schema.json");
    jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
});

/// Every file of a state folder except those of its rehearsals.
fn kept(state: &State) -> BTreeMap<String, (u64, SystemTime)> {
    let mut files = files(&state.path());
    files.retain(|path, _| !path.contains("/rehearse/"));
    files
}

fn rehearse(state: &State, more: &[&str]) -> Ended {
    let from = format!("sqlite:{}", state.path().join("warehouse").display());
    state.backcourt(&[&["rehearse", "--from", &from], more].concat())
}

/// The JSON output, validated against the schema.
fn object(ended: &Ended) -> Value {
    let object: Value = serde_json::from_str(&ended.out).unwrap();
    let faults: Vec<String> = SCHEMA
        .iter_errors(&object)
        .map(|fault| fault.to_string())
        .collect();
    assert_eq!(faults, [] as [String; 0], "{object:#}");
    object
}

fn table<'a>(object: &'a Value, name: &str) -> &'a Value {
    let mut tables = object["tables"].as_array().unwrap().iter();
    tables.find(|table| table["table"] == name).unwrap()
}

#[test]
fn a_rehearsal_matches_every_stage_and_reports_changed_values() {
    let state = State::loaded();
    let plan = stages_alone(&state);
    let run = [
        "run",
        "--plan",
        &plan,
        "--from",
        "2021-10-19",
        "--to",
        "2021-11-18",
    ];
    state
        .backcourt(&[&run[..], &["--advance", "all", "--output", "silent"]].concat())
        .expect(0);
    let before = kept(&state);
    let days = ["--plan", &plan, "--dates", "2021-11-17..2021-11-18"];
    let said = rehearse(&state, &days).expect(0);
    assert_eq!(kept(&state), before, "what it compares with is left as it is");
    let equal = said
        .out
        .lines()
        .filter(|line| line.starts_with("= equal      nba_") && !line.ends_with(": 0 rows"))
        .count();
    assert_eq!(equal, 8, "{}", said.out);
    assert!(said.out.contains("\nAll rows are equal. "), "{}", said.out);
    assert!(
        said.err
            .contains("computing ml_feature_store, stage 8 of 8, 2 dates\n"),
        "{}",
        said.err
    );

    // For tables that aren't computed here, the season so far was copied; for the others only these dates.
    let found = object(&rehearse(&state, &[&days[..], &["--json"]].concat()).expect(0));
    assert_eq!(found["equal"], true);
    let copied = |name: &str| {
        let mut copied = found["copied"].as_array().unwrap().iter();
        copied.find(|copied| copied["table"] == name).unwrap()["dates"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(copied("nba_raw.nbac_gamebook_player_stats"), 2);
    assert!(copied("nba_analytics.player_game_summary") > 30);

    let db = state.warehouse();
    let change = |sql: &str| assert_eq!(db.execute(sql, []).unwrap(), 1, "{sql}");
    change(
        "UPDATE nba_analytics.team_offense_game_summary SET points_scored = 7, pace = NULL \
         WHERE game_date = '2021-11-18' AND team_abbr = 'CLE'",
    );
    change(
        "DELETE FROM nba_analytics.team_offense_game_summary WHERE game_date = '2021-11-18' AND team_abbr = 'UTA'",
    );
    change(
        "UPDATE nba_analytics.team_offense_game_summary SET created_at = '2020-01-01T00:00:00Z' \
         WHERE game_date = '2021-11-17' AND team_abbr = 'BOS'",
    );
    change(
        "UPDATE nba_precompute.player_composite_factors SET player_lookup = 'nobody' WHERE game_date = '2021-11-17' \
         AND player_lookup = (SELECT MIN(player_lookup) FROM nba_precompute.player_composite_factors \
         WHERE game_date = '2021-11-17')",
    );
    drop(db);
    let whole = state.path().with_extension("json");
    let file = whole.display().to_string();
    let said = rehearse(&state, &[&days[..], &["--json", "--output", &file]].concat()).expect(1);
    assert!(
        said.out.contains(
            "≠ DIFFERENT  nba_analytics.team_offense_game_summary: 1 different, 1 only here, 0 only there"
        ),
        "{}",
        said.out
    );
    assert!(said.out.contains("\n2 of 8 tables differ. "), "{}", said.out);
    let found = object(&Ended {
        out: fs::read_to_string(whole).unwrap(),
        ..said
    });
    assert_named(&found);
}

/// Asserts that each change is reported at its place, with both values.
fn assert_named(found: &Value) {
    let offense = table(found, "nba_analytics.team_offense_game_summary");
    let different = &offense["different"][0];
    assert_eq!(different["date"], "2021-11-18");
    assert!(different["row"].as_str().unwrap().contains("CLE"), "{different}");
    let columns = different["columns"].as_array().unwrap();
    let there = |column: &str| {
        let cell = columns.iter().find(|cell| cell["column"] == column).unwrap();
        assert_ne!(cell["here"], cell["there"]);
        cell["there"].clone()
    };
    assert_eq!(
        (columns.len(), there("points_scored"), there("pace")),
        (2, json!("7"), json!("NULL"))
    );
    assert!(
        offense["only_here"][0]["row"].as_str().unwrap().contains("UTA"),
        "{offense}"
    );
    let composite = table(found, "nba_precompute.player_composite_factors");
    assert_eq!(composite["only_there"].as_array().unwrap().len(), 1);
    assert_eq!(composite["only_here"].as_array().unwrap().len(), 1);
}

#[test]
fn a_rehearsal_skips_commands_and_reads_their_stored_rows() {
    let state = State::none();
    let run = [
        "run",
        "--plan",
        "shop",
        "--from",
        "2024-03-01",
        "--to",
        "2024-03-09",
    ];
    state
        .backcourt(&[&run[..], &["--output", "silent"]].concat())
        .expect(0);
    let days = ["--plan", "shop", "--dates", "2024-03-08..2024-03-09,2024-03-05"];
    let found = object(&rehearse(&state, &[&days[..], &["--json"]].concat()).expect(0));
    let stages: Vec<&Value> = found["tables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|table| &table["stage"])
        .collect();
    assert_eq!(stages, ["daily_active_users", "weekly_active_users"]);
    assert_eq!(table(&found, "shop.weekly_active_users")["same"], 3);
    let copied: Vec<&Value> = found["copied"]
        .as_array()
        .unwrap()
        .iter()
        .map(|copied| &copied["table"])
        .collect();
    // The days before; of daily_active_users only the dates that are computed here are read.
    assert_eq!(copied, ["shop.events"]);
    let refused = rehearse(&state, &[&days[..], &["--stage", "events"]].concat()).expect(2);
    assert!(
        refused.err.contains("stage events runs a program"),
        "{}",
        refused.err
    );
}

#[test]
fn invalid_rehearsals_are_refused_before_any_write() {
    let state = State::none();
    let refuse = |arguments: &[&str], part: &str| {
        let said = state.backcourt(&[&["rehearse"], arguments].concat()).expect(2);
        assert!(said.err.contains(part), "{part:?} in {}", said.err);
        assert!(!state.path().exists(), "{arguments:?}");
    };
    refuse(&["--dates", "2021-11-04"], "--from");
    refuse(
        &["--from", "sqlite:/nowhere", "--dates", "2021-11-04"],
        "/nowhere not found",
    );
    refuse(
        &["--from", "bigquery:x", "--dates", "2021-11-04"],
        "'x' is not a valid project id",
    );
    refuse(
        &[
            "--from",
            "bigquery:nba-props@http://example.com",
            "--dates",
            "2021-11-04",
        ],
        "unencrypted",
    );
    refuse(&["--from", "sqlite:/tmp", "--dates", "2021-11-31"], "2021-11-31");
    refuse(
        &["--from", "sqlite:/tmp", "--dates", "2021-11-05..2021-11-04"],
        "2021-11-05",
    );
    refuse(&["--from", "sqlite:/tmp", "--dates", ","], "--dates is empty");
    refuse(
        &[
            "--from",
            "sqlite:/tmp",
            "--dates",
            "2021-11-04",
            "--stage",
            "team_offence",
        ],
        "did you mean 'team_offense'?",
    );
}

#[test]
fn a_warehouse_without_feeds_and_a_folder_in_use_are_refused() {
    let state = State::none();
    let empty = state.path().with_extension("empty");
    fs::create_dir(&empty).unwrap();
    let from = format!("sqlite:{}", empty.display());
    let days = ["rehearse", "--dates", "2021-11-04", "--from", &from];
    let said = state.backcourt(&days).expect(2);
    assert!(
        said.err.contains("has no raw data to rehearse with"),
        "{}",
        said.err
    );
    let kept = empty.join("mine");
    fs::write(&kept, "mine").unwrap();
    let scratch = empty.display().to_string();
    let said = state
        .backcourt(&[&days[..], &["--scratch", &scratch]].concat())
        .expect(2);
    assert!(
        said.err.contains("contains files that no rehearsal created"),
        "{}",
        said.err
    );
    assert_eq!(fs::read_dir(&empty).unwrap().count(), 1);
}
