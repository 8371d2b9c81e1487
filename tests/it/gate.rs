//! A closed gate blocks: with a failing blocking check no downstream stage starts, whatever the output mode. After a
//! waiver it starts, and every document says that the check was waived.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first surprise"
)]

use crate::program::State;
use crate::pty::Pty;
use rstest::rstest;
use rusqlite::Connection;

const RANGE: [&str; 4] = ["--from", "2023-12-14", "--to", "2023-12-17"];

/// Feeds in which one player has seven points more than his shots give, so the team's points don't add up.
fn spoilt() -> State {
    let state = State::loaded().without_source_checks();
    let raw = Connection::open(state.path().join("warehouse/nba_raw.sqlite")).unwrap();
    let changed = raw
        .execute(
            "UPDATE nbac_gamebook_player_stats SET points = points + 7
             WHERE game_date = '2023-12-16' AND player_lookup = (
               SELECT MIN(player_lookup) FROM nbac_gamebook_player_stats
               WHERE game_date = '2023-12-16' AND player_status = 'active' AND points > 10)",
            [],
        )
        .unwrap();
    assert_eq!(changed, 1);
    state
}

fn check(state: &State, name: &str) -> serde_json::Value {
    let status = state.status();
    let checks = status["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).unwrap().clone()
}

/// Number of dates of a stage that were started.
fn begun(state: &State, stage: &str) -> i64 {
    state.count(&format!("SELECT COUNT(*) FROM unit WHERE stage = '{stage}'"))
}

fn nothing_behind_the_gate_began(state: &State) {
    assert_eq!(check(state, "points_arithmetic")["state"], "FAIL");
    assert_eq!(begun(state, "team_offense"), 4);
    for stage in [
        "player_game",
        "team_defense_zone",
        "player_shot_zone",
        "player_composite",
        "ml_feature_store",
    ] {
        assert_eq!(begun(state, stage), 0, "{stage}");
    }
    assert!(!state.path().join("warehouse/nba_precompute.sqlite").exists());
    let started = state.facts();
    let started = started.iter().filter(|fact| fact["event"] == "stage_started");
    assert!(started.clone().all(|fact| fact["stage"] != "player_game"));
    assert!(started.count() > 0);
}

#[rstest]
fn a_closed_gate_blocks_downstream_stages_without_a_screen(
    #[values("plain", "jsonl", "silent")] output: &str,
) {
    let state = spoilt();
    let arguments = [&["run", "--output", output][..], &RANGE].concat();
    state.backcourt(&arguments).expect(1);
    nothing_behind_the_gate_began(&state);
    // Starting again doesn't help either.
    state.backcourt(&arguments).expect(1);
    nothing_behind_the_gate_began(&state);
}

#[test]
fn a_waiver_command_with_a_reason_lets_the_next_run_continue() {
    let state = spoilt();
    let arguments = [&["run", "--output", "plain"][..], &RANGE].concat();
    let held = state.backcourt(&arguments).expect(1);
    assert!(
        held.out.contains("a closed gate blocks team_defense and 6 more"),
        "{}",
        held.out
    );
    for (arguments, words) in [
        (["waive", "points_arithmetic", "--reason", " "], "needs a reason"),
        (["waive", "one_winner", "--reason", "x"], "one_winner is PASS"),
        (
            ["waive", "usage_coverage", "--reason", "x"],
            "usage_coverage is not run yet",
        ),
        (
            ["waive", "points_aritmetic", "--reason", "x"],
            "did you mean 'points_arithmetic'?",
        ),
    ] {
        let refused = state.backcourt(&arguments).expect(2);
        assert!(refused.err.contains(words), "{}", refused.err);
    }
    nothing_behind_the_gate_began(&state);
    let reason = ["waive", "points_arithmetic", "--reason", "the feed's own error"];
    state.backcourt(&reason).expect(0);
    state.backcourt(&arguments);
    assert_eq!(begun(&state, "player_game"), 4);
    assert_eq!(check(&state, "points_arithmetic")["state"], "WAIVED");
    let report = state.backcourt(&["report"]).expect(0).out;
    assert!(report.contains("the feed's own error"), "{report}");
}

#[test]
fn on_screen_a_closed_gate_blocks_until_waived_and_is_reported() {
    let state = spoilt();
    let flags = state.flags();
    let mut arguments = vec!["run"];
    arguments.extend(flags.iter().map(String::as_str));
    arguments.extend(RANGE);
    let mut pty = Pty::backcourt(&arguments, &[("USER", "ruth")], (120, 40));
    let finished = |screen: &vt100::Screen| {
        let text = screen.contents();
        text.lines().next().unwrap_or_default().contains("finished")
    };
    pty.wait_until("the run has ended", finished);
    pty.wait_for("a closed gate blocks team_defense and 6 more");
    pty.wait_for("Gate after team_offense closed");
    nothing_behind_the_gate_began(&state);
    pty.send("4gn");
    pty.wait_for("points_arithmetic");
    pty.send("W");
    pty.send("the feed's own error, reported");
    pty.send("\r");
    pty.wait_for("waived by ruth");
    crate::program::wait_until("the stage behind the gate has begun", || {
        begun(&state, "player_game") == 4
    });
    pty.wait_until("the run has ended again", finished);
    pty.send("q");
    pty.wait_exit();

    let waived = check(&state, "points_arithmetic");
    assert_eq!(waived["state"], "WAIVED");
    assert_eq!(waived["waiver"]["reason"], "the feed's own error, reported");
    let status = state.backcourt(&["status"]).expect(0).out;
    assert!(status.contains("waived at 1 row"), "{status}");
    let report = state.backcourt(&["report"]).expect(0).out;
    assert!(
        report.contains("| WAIVED | points_arithmetic |")
            && report.contains("the feed's own error, reported"),
        "{report}"
    );
}
