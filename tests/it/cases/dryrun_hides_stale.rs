//! A date of the first stage gets other rows, and everything downstream is stale: the dry run must say so.

use super::Planned;

fn plan(add: u32) -> String {
    let harbour = include_str!("../../../assets/plans/harbour.toml");
    let changed = harbour.replace("1000 * berth", &format!("{} * berth", 1000 + add));
    assert!(add == 0 || changed != harbour);
    changed
}

#[test]
fn a_dry_run_counts_what_the_run_computes() {
    let case = Planned::new(&plan(0));
    case.run(&[]).expect(0);
    case.write(&plan(1));
    let rerun = [
        "rerun",
        "--stage",
        "ship_calls",
        "--dates",
        "2024-03-05",
        "--output",
        "plain",
    ];
    case.backcourt(&rerun).expect(0);
    let before = case.state.facts().len();
    let preview = case.run(&["--dry-run"]).expect(0);
    let of = |stage: &str| -> u64 {
        let line = preview
            .out
            .lines()
            .find(|line| line.starts_with(&format!("{stage}:")));
        let words: Vec<&str> = line.unwrap().split_whitespace().collect();
        words[words.iter().position(|word| *word == "to").unwrap() - 1]
            .parse()
            .unwrap()
    };
    let announced = ["ship_calls", "daily_tons", "week_so_far"].map(of);
    case.run(&[]).expect(0);
    let facts = case.state.facts().split_off(before);
    let done = ["ship_calls", "daily_tons", "week_so_far"].map(|stage| {
        let ended = |fact: &&serde_json::Value| fact["event"] == "unit_finished" && fact["stage"] == stage;
        facts.iter().filter(ended).count() as u64
    });
    assert_eq!(announced, done);
    assert_eq!(
        announced,
        [0, 1, 6],
        "one day of tons, and the six of the seven days that look back on it and are no Sunday"
    );
}
