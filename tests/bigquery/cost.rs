//! The cost of a run on `BigQuery`: everything billed is counted exactly once, for the right stage or check, even if a
//! process is killed. The local server bills nothing, so the proxy adds the cost of jobs.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use backcourt::figures::bytes as shown;
use serde_json::Value as Json;

use super::emulator::Emulator;
use super::month::{copy, raw_tables};
use super::program::{State, wait_until};
use super::proxy::{Fate, Proxy};
use super::pty::Pty;

const DATES: [&str; 2] = ["2021-10-19", "2021-10-22"];

const MIB: u64 = 1 << 20;

/// Two stages on the same feeds, and a check on the first.
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

[[source_check]]
name = "scheduled"
feed = "schedule"
title = "Games are there"
sql = "SELECT COUNT(*) AS checked FROM `nba_raw.nbac_schedule` WHERE game_date >= '2021-10-19'"
expect = [{ column = "checked", at_least = 1 }]
"#;

/// 1 GiB for each query on raw tables, 8 GiB for each commit, a quarter GiB for other queries.
fn dear(sql: &str) -> (u64, u64) {
    let bytes = match (sql.starts_with("BEGIN"), sql.contains("nba_raw")) {
        (true, _) => 1 << 33,
        (_, true) => 1 << 30,
        _ => 1 << 28,
    };
    (bytes, 1)
}

/// Three units for queries on the first table, five on the second, one for others. Slot time is ten milliseconds per
/// unit.
fn tariff(sql: &str) -> (u64, u64) {
    let share = match sql {
        sql if sql.contains("team_offense_game_summary") => 3,
        sql if sql.contains("team_defense_game_summary") => 5,
        _ => 1,
    };
    (share * MIB, share * 10)
}

/// The total cost of jobs: bytes, slot milliseconds and number of jobs.
fn bill<'a>(queries: impl Iterator<Item = &'a String>) -> (u64, u64, u64) {
    queries.fold((0, 0, 0), |(bytes, slots, jobs), sql| {
        let (more_bytes, more_slots) = tariff(sql);
        (bytes + more_bytes, slots + more_slots, jobs + 1)
    })
}

fn told(cost: &Json) -> (u64, u64, u64) {
    if cost.is_null() {
        return (0, 0, 0);
    }
    assert_eq!(cost["uncounted"], 0, "{cost}");
    let number = |name: &str| cost[name].as_u64().unwrap();
    (number("bytes_billed"), number("slot_ms"), number("jobs"))
}

struct Ground {
    /// Dropped last, after everything that connects to it.
    _emulator: Emulator,
    proxy: Proxy,
    state: State,
    arguments: Vec<String>,
}

/// The raw rows of these dates on a server that bills, and an empty state folder.
fn ground(latency: Duration, tariff: fn(&str) -> (u64, u64)) -> Option<Ground> {
    let emulator = Emulator::start()?;
    copy(&State::loaded(), &emulator, DATES, raw_tables());
    let proxy = Proxy::billing(Some(emulator.port()), latency, |_| Fate::Pass, tariff);
    let state = State::none();
    let plan = state.path().with_extension("toml");
    std::fs::write(&plan, PLAN).unwrap();
    let mut arguments = proxy.flags().to_vec();
    arguments.extend(["--plan".to_owned(), plan.display().to_string()]);
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

    /// The purpose of every job, from the ledger.
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
fn jobs_are_billed_by_purpose_and_reported_everywhere() {
    let Some(ground) = ground(Duration::ZERO, tariff) else {
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
    let of = |stage: Option<&str>| bill(by_stage.get(&stage).into_iter().flatten().copied());
    assert_eq!(told(&status["cost_other"]), of(None));
    for stage in status["stages"].as_array().unwrap() {
        assert_eq!(told(&stage["cost"]), of(stage["name"].as_str()));
    }
    let check = (3 * MIB, 30, 1);
    assert_eq!(told(&status["checks"][0]["cost"]), check);

    let (bytes, _, jobs) = bill(sent.values());
    let shown = shown(bytes);
    let total = format!("total {shown} billed");
    let text = ground.state.backcourt(&ground.with(&["status"])).expect(0).out;
    assert!(text.contains(&total), "{text}");
    let text = ground.state.backcourt(&ground.with(&["report"])).expect(0).out;
    let row = format!("| total | {shown} | - | ");
    assert!(
        text.contains(&row) && text.contains(&format!("| {jobs} |\n")),
        "{text}"
    );

    // Running the check again costs the same again; the earlier cost is kept.
    let check_again = ground.with(&["check", "stored", "--output", "silent"]);
    ground.state.backcourt(&check_again).expect(0);
    let status = ground.status();
    assert_eq!(told(&status["checks"][0]["cost"]), (2 * check.0, 2 * check.1, 2));
    let sent = ground.proxy.seen(|seen| seen.sent.clone());
    assert_eq!(told(&status["cost"]), bill(sent.values()));
}

#[test]
fn a_commit_of_a_dead_process_is_billed_once_by_the_next_run() {
    let Some(ground) = ground(Duration::from_millis(600), tariff) else {
        return;
    };
    let run = ground.with(&["run", "--advance", "all", "--output", "silent"]);
    for _ in 0..3 {
        let before = ground.proxy.replaces();
        let mut process = ground.state.command(&run).spawn().unwrap();
        wait_until("a commit is under way", || {
            ground.proxy.replaces() > before || process.try_wait().unwrap().is_some()
        });
        // The process may have ended; a finished run loses nothing.
        let _ = process.kill();
        process.wait().unwrap();
    }
    ground.state.backcourt(&run).expect(0);
    ground.proxy.assert_good_manners();
    let commits = ground.proxy.seen(|seen| {
        let is_commit = |job: &&String| seen.taken.contains_key(*job);
        seen.sent.keys().filter(is_commit).cloned().collect::<Vec<_>>()
    });
    assert!(commits.len() >= 2, "one for each stage: {commits:?}");
    let purposes = ground.purposes();
    for commit in commits {
        assert!(purposes.contains_key(&commit), "{commit} was not counted");
    }
}

/// The estimate of the newest run.
fn estimated(state: &State) -> Json {
    let facts = state.facts();
    let newest = facts.into_iter().rfind(|fact| fact["event"] == "estimated");
    newest.expect("an estimate")
}

#[test]
fn costs_are_estimated_before_the_run_and_can_exceed_the_limit() {
    let Some(ground) = ground(Duration::ZERO, dear) else {
        return;
    };
    let run = |more: &[&'static str]| {
        let first = [&["run", "--advance", "all", "--output", "plain"], more].concat();
        ground.state.backcourt(&ground.with(&first))
    };
    // Over the limit: the only query is whether the feeds are loaded, which is billed a GiB.
    for (flag, most, sentence) in [
        (
            "--max-bytes-billed",
            "1000",
            "a batch of team_offense reads nba_raw.",
        ),
        (
            "--max-total-bytes-billed",
            "1073741824",
            "the run would be billed at least",
        ),
    ] {
        let refused = run(&[flag, most]).expect(2);
        assert!(
            refused.out.contains(sentence) && refused.out.contains(flag),
            "{refused:?}"
        );
    }
    let asked = ground.proxy.seen(|seen| seen.sent.clone());
    assert!(asked.values().all(|sql| sql.contains("AS held")), "{asked:?}");

    // One read of the schedule, one of the feeds, and one of the stored rows, of which there are none yet.
    let told = run(&["--stop-after", "team_offense"]).expect(0);
    let estimate = estimated(&ground.state);
    let stage = &estimate["estimate"]["stages"][0];
    let number = |expected: &Json, name: &str| expected[name].as_u64().unwrap();
    let reads = &stage["reads"];
    let known = number(reads, "jobs") - number(reads, "unknown");
    assert!(known >= 2 && number(reads, "unknown") == 1, "{estimate}");
    assert_eq!(number(reads, "bytes"), known << 30, "{estimate}");
    assert_eq!(
        number(&stage["checks"], "unknown"),
        1,
        "its table is not there: {estimate}"
    );
    let all = known + number(&estimate["estimate"]["sources"], "jobs");
    let sentence = format!("estimated cost: at least {all}.0 GiB for {all} jobs");
    assert!(told.out.contains(&sentence), "{told:?}");

    // Once the tables exist, everything can be estimated.
    run(&[]).expect(0);
    run(&["--no-resume"]).expect(0);
    let estimate = estimated(&ground.state);
    for stage in estimate["estimate"]["stages"].as_array().unwrap() {
        let unknown = number(&stage["reads"], "unknown") + number(&stage["checks"], "unknown");
        assert_eq!((unknown, number(stage, "dates")), (0, 4), "{estimate}");
    }
    let first = &estimate["estimate"]["stages"][0];
    assert_eq!(number(&first["checks"], "bytes"), 1 << 28);
    assert_eq!(number(&first["reads"], "bytes"), (known << 30) + (1 << 28));

    // A dry run of the whole plan gives the same estimate.
    let dry = ground.with(&["run", "--dry-run", "--no-resume"]);
    let dry = ground.state.backcourt(&dry).expect(0);
    assert!(dry.out.contains(estimate["message"].as_str().unwrap()), "{dry:?}");

    // The limit equals the estimate. Writes exceed it and end the run, which can be resumed.
    let most = estimate["estimate"]["stages"].as_array().unwrap().iter();
    let most: u64 = most
        .map(|stage| number(&stage["reads"], "bytes") + number(&stage["checks"], "bytes"))
        .sum();
    let limit = most.to_string();
    let mut arguments = ground.with(&["run", "--no-resume", "--advance", "all", "--output", "silent"]);
    arguments.extend(["--max-total-bytes-billed", &limit]);
    ground.state.backcourt(&arguments).expect(3);
    let ending = ground.status()["run"]["ending"].clone();
    assert!(
        ending
            .as_str()
            .unwrap()
            .contains("--max-total-bytes-billed allows"),
        "{ending}"
    );
}

#[test]
fn the_console_waits_for_approval_of_the_cost() {
    let Some(ground) = ground(Duration::ZERO, dear) else {
        return;
    };
    let folder = ground.state.path().display().to_string();
    let mut arguments = ground.with(&["run", "--advance", "all"]);
    arguments.extend(["--state-dir", &folder]);
    let sent = || {
        ground
            .proxy
            .seen(|seen| seen.sent.values().cloned().collect::<Vec<_>>())
    };

    let mut pty = Pty::backcourt(&arguments, &[], (100, 30));
    pty.wait_for("Cost: not started yet");
    pty.wait_for("unknown for 3 more");
    pty.send("q");
    pty.wait_for("Not started yet: p starts");
    pty.send("q");
    assert_eq!(pty.wait_exit().exit_code(), 3);
    let asked = sent();
    assert!(asked.iter().all(|sql| sql.contains("AS held")), "{asked:?}");

    let mut pty = Pty::backcourt(&arguments, &[], (100, 30));
    pty.wait_for("Cost: not started yet");
    pty.send("\r");
    pty.wait_for("Run ended");
    pty.send("q");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    assert!(sent().iter().any(|sql| sql.starts_with("BEGIN TRANSACTION")));
}
