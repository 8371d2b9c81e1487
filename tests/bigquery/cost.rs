//! What a run costs on `BigQuery`: everything that is billed is counted once, where it belongs, whoever dies meanwhile.
//! The local server bills nothing, so that the proxy says what a job cost.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use backcourt::warehouse::bytes as shown;
use serde_json::Value as Json;

use super::emulator::Emulator;
use super::month::{copy, raw_tables};
use super::program::{State, wait_until};
use super::proxy::{Fate, Proxy};

const DATES: [&str; 2] = ["2021-10-19", "2021-10-22"];

const MIB: u64 = 1 << 20;

/// Two stages on the same feeds, and a check of the first.
const PLAN: &str = r#"
name = "cost"
title = "Two stages"
from = "2021-10-19"
to = "2021-10-22"
source = "reconstruct"
workers = 2

[[stage]]
name = "team_offense"
table = "nba_analytics.team_offense_game_summary"
kind = "nba"

[[stage]]
name = "team_defense"
table = "nba_analytics.team_defense_game_summary"
kind = "nba"
needs = ["team_offense"]

[[check]]
name = "stored"
stage = "team_offense"
title = "Rows are there"
severity = "blocking"
sql = "SELECT COUNT(*) AS checked FROM `nba_analytics.team_offense_game_summary` WHERE game_date >= '2021-10-19'"
expect = [{ column = "checked", at_least = 1 }]
"#;

/// Three for what touches the first table, five for the second, one for the rest; slot time is ten milliseconds each.
fn tariff(sql: &str) -> (u64, u64) {
    let share = match sql {
        sql if sql.contains("team_offense_game_summary") => 3,
        sql if sql.contains("team_defense_game_summary") => 5,
        _ => 1,
    };
    (share * MIB, share * 10)
}

/// What jobs cost together: bytes, slot milliseconds, their number.
fn bill<'a>(queries: impl Iterator<Item = &'a String>) -> (u64, u64, u64) {
    queries.fold((0, 0, 0), |(bytes, slots, jobs), sql| {
        let (more_bytes, more_slots) = tariff(sql);
        (bytes + more_bytes, slots + more_slots, jobs + 1)
    })
}

fn told(cost: &Json) -> (u64, u64, u64) {
    assert_eq!(cost["uncounted"], 0, "{cost}");
    let number = |name: &str| cost[name].as_u64().unwrap();
    (number("bytes_billed"), number("slot_ms"), number("jobs"))
}

struct Ground {
    /// Gone when dropped, after everything that talks to it.
    _emulator: Emulator,
    proxy: Proxy,
    state: State,
    arguments: Vec<String>,
}

/// The raw rows of these dates on a server that bills, and a state folder that knows of nothing.
fn ground(latency: Duration) -> Option<Ground> {
    let emulator = Emulator::start()?;
    copy(&State::loaded(), &emulator, DATES, raw_tables());
    let proxy = Proxy::billing(Some(emulator.port()), latency, |_| Fate::Pass, tariff);
    let state = State::none();
    let plan = state.path().with_extension("toml");
    std::fs::write(&plan, PLAN).unwrap();
    let arguments = ["--warehouse", &format!("bigquery:{}", proxy.address()), "--plan"].map(str::to_owned);
    let mut arguments = arguments.to_vec();
    arguments.push(plan.display().to_string());
    Some(Ground {
        _emulator: emulator,
        proxy,
        state,
        arguments,
    })
}

impl Ground {
    fn with(&self, first: &[&'static str]) -> Vec<&str> {
        let own = self.arguments.iter().map(String::as_str);
        first.iter().copied().chain(own).collect()
    }

    /// What the ledger says every job was for.
    fn purposes(&self) -> HashMap<String, (Option<String>, Option<String>)> {
        let ledger = self.state.ledger();
        let mut query = ledger.prepare("SELECT id, stage, check_name FROM job").unwrap();
        let purposes = query.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))));
        purposes.unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn status(&self) -> Json {
        let said = self.state.backcourt(&self.with(&["status", "--json"])).expect(0);
        serde_json::from_str(&said.out).unwrap()
    }
}

#[test]
fn every_job_is_billed_to_what_it_was_for_and_told_everywhere() {
    let Some(ground) = ground(Duration::ZERO) else {
        return;
    };
    let run = ground.with(&["run", "--advance", "all", "--output", "silent"]);
    ground.state.backcourt(&run).expect(0);
    let sent = ground.proxy.seen(|seen| seen.sent.clone());
    let purposes = ground.purposes();
    let mut by_stage: BTreeMap<Option<&str>, Vec<&String>> = BTreeMap::new();
    for (job, sql) in &sent {
        let (stage, check) = &purposes[job];
        by_stage.entry(stage.as_deref()).or_default().push(sql);
        assert_eq!(check.is_some(), sql.contains("checked"), "{sql}");
        let written = |table: &str| sql.starts_with("BEGIN") && sql.contains(table);
        if written("team_offense_game_summary") {
            assert_eq!(stage.as_deref(), Some("team_offense"));
        }
        if written("team_defense_game_summary") {
            assert_eq!(stage.as_deref(), Some("team_defense"));
        }
    }
    assert_eq!(purposes.len(), sent.len(), "nothing else was counted");

    let status = ground.status();
    assert_eq!(told(&status["cost"]), bill(sent.values()));
    let of = |stage: Option<&str>| bill(by_stage[&stage].iter().copied());
    assert_eq!(told(&status["cost_aside"]), of(None));
    for stage in status["stages"].as_array().unwrap() {
        assert_eq!(told(&stage["cost"]), of(stage["name"].as_str()));
    }
    let check = (3 * MIB, 30, 1);
    assert_eq!(told(&status["checks"][0]["cost"]), check);

    let (bytes, _, jobs) = bill(sent.values());
    let shown = shown(bytes);
    let total = format!("in all {shown} billed");
    let text = ground.state.backcourt(&ground.with(&["status"])).expect(0).out;
    assert!(text.contains(&total), "{text}");
    let text = ground.state.backcourt(&ground.with(&["report"])).expect(0).out;
    let row = format!("| in all | {shown} | - | ");
    assert!(
        text.contains(&row) && text.contains(&format!("| {jobs} |\n")),
        "{text}"
    );

    // Asked again, the check costs as much again; what was billed before is kept.
    let check_again = ground.with(&["check", "stored", "--output", "silent"]);
    ground.state.backcourt(&check_again).expect(0);
    let status = ground.status();
    assert_eq!(told(&status["checks"][0]["cost"]), (2 * check.0, 2 * check.1, 2));
    let sent = ground.proxy.seen(|seen| seen.sent.clone());
    assert_eq!(told(&status["cost"]), bill(sent.values()));
}

#[test]
fn a_commit_whose_process_died_is_billed_once_by_the_next() {
    let Some(ground) = ground(Duration::from_millis(600)) else {
        return;
    };
    let run = ground.with(&["run", "--advance", "all", "--output", "silent"]);
    for _ in 0..3 {
        let before = ground.proxy.seen(|seen| seen.taken.len());
        let mut process = ground.state.command(&run).spawn().unwrap();
        wait_until("a commit is under way", || {
            ground.proxy.seen(|seen| seen.taken.len()) > before || process.try_wait().unwrap().is_some()
        });
        // Whether it lives or not; a run that ended has nothing left to lose.
        let _ = process.kill();
        process.wait().unwrap();
    }
    ground.state.backcourt(&run).expect(0);
    ground.proxy.assert_good_manners();
    let commits = ground.proxy.seen(|seen| {
        let is_commit = |job: &&String| seen.taken.contains_key(*job);
        seen.sent.keys().filter(is_commit).cloned().collect::<Vec<_>>()
    });
    assert!(commits.len() >= 3, "{commits:?}");
    let purposes = ground.purposes();
    for commit in commits {
        assert!(purposes.contains_key(&commit), "{commit} was not counted");
    }
}
