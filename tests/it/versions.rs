//! The rule versions of the built-in stages: a change that gives different rows from the same feeds must increment
//! `VERSION`, so that earlier rows show as outdated.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use crate::program::{State, stages_alone};
use backcourt::nba::rules_version;

/// Each stage with its rules version and the digest of its sample rows. A different digest means that the rules give
/// different rows: increment `VERSION` and write the new pair here.
const MADE: [(&str, u32, i64); 8] = [
    ("team_offense", 1, -8_698_679_899_780_667_159),
    ("team_defense", 1, 4_518_585_221_296_988_960),
    ("player_game", 1, -8_481_357_727_857_693_444),
    ("team_defense_zone", 1, 7_628_337_811_412_513_227),
    ("player_shot_zone", 1, -3_676_469_255_952_135_355),
    ("player_composite", 1, 5_807_082_200_907_258_459),
    ("player_daily_cache", 1, -3_688_492_112_762_854_499),
    ("ml_feature_store", 1, 3_692_862_133_020_174_855),
];

/// The first weeks of a season, until the look-back stages have enough games.
const SAMPLE: [&str; 4] = ["--from", "2021-10-19", "--to", "2021-11-21"];

#[test]
fn changed_rules_need_a_new_rules_version() {
    let state = State::loaded();
    let plan = stages_alone(&state);
    let arguments = [&["run", "--output", "plain", "--plan", &plan][..], &SAMPLE].concat();
    state.backcourt(&arguments).expect(0);
    let made: Vec<(&str, u32, i64)> = MADE
        .iter()
        .map(|&(stage, ..)| (stage, rules_version(stage).unwrap(), digest(&state, stage)))
        .collect();
    assert_eq!(made, MADE, "the left is what the rules make now");
}

/// The digests of all rows of a stage in the ledger, combined into one number.
fn digest(state: &State, stage: &str) -> i64 {
    let ledger = state.ledger();
    let mut query = ledger
        .prepare("SELECT date, output, rows FROM digest JOIN unit USING (target, stage, date) WHERE stage = ?1 ORDER BY date")
        .unwrap();
    let outputs = query.query_map([stage], |row| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)));
    let (mut digest, mut rows) = (0_i64, 0);
    for output in outputs.unwrap() {
        let (output, stored) = output.unwrap();
        digest = digest.wrapping_mul(31).wrapping_add(output);
        rows += stored;
    }
    assert!(rows > 0, "the sample shows no row of {stage}");
    digest
}
