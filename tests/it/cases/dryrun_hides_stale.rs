//! A date of the first stage gets other rows, and everything downstream is stale: the dry run must say so.

use super::Planned;

fn plan(add: u32) -> String {
    let shop = include_str!("../../../assets/plans/shop.toml");
    let changed = shop.replace("10 * user", &format!("{} * user", 10 + add));
    assert!(add == 0 || changed != shop);
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
        "events",
        "--dates",
        "2024-03-06",
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
    let announced = ["events", "daily_active_users", "weekly_active_users"].map(of);
    case.run(&[]).expect(0);
    let facts = case.state.facts().split_off(before);
    let done = ["events", "daily_active_users", "weekly_active_users"].map(|stage| {
        let ended = |fact: &&serde_json::Value| fact["event"] == "unit_finished" && fact["stage"] == stage;
        facts.iter().filter(ended).count() as u64
    });
    assert_eq!(announced, done);
    assert_eq!(
        announced,
        [0, 1, 6],
        "one day, and the six of the seven days that look back on it and are not a Sunday"
    );
}
