//! Two hosts on one `BigQuery`: only the lease holder can write.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backcourt::fence::LeaseGuard;
use backcourt::table::Value;
use backcourt::warehouse::bigquery::{BigQueryWarehouse, Settings};
use backcourt::warehouse::{ErrorClass, Holder, Lease, Replace, Warehouse, WarehouseError};
use chrono::{DateTime, Utc};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value as Json, json};

use super::abandoned::LONG;
use super::emulator::{Emulator, PROJECT, open, open_with};
use super::faults::block_on;
use super::month::{copy, embedded, raw_tables};
use super::pace::Pace;
use super::program::{State, ended, stages_alone, wait_until};
use super::proxy::{Fate, Proxy, body};
use super::warehouse::{all, at, day, game, games};

fn on(emulator: &Emulator) -> BigQueryWarehouse {
    let settings = Settings {
        labels: HashMap::from([("team".to_owned(), "data".to_owned())]),
        ..Settings::default()
    };
    open_with(&emulator.address(), settings)
}

fn holder(pid: u32) -> Holder {
    Holder {
        host: "courtside".to_owned(),
        machine: None,
        pid,
        started: None,
        since: DateTime::UNIX_EPOCH,
        folder: "/state".to_owned(),
        jobs_in: Vec::new(),
    }
}

/// The holder as stored in the lease: with the project of its jobs.
fn holding(pid: u32) -> Holder {
    Holder {
        jobs_in: vec![PROJECT.to_owned()],
        ..holder(pid)
    }
}

async fn look(warehouse: &BigQueryWarehouse) -> Option<Lease> {
    warehouse.leases().unwrap().look("it's nba").await.unwrap()
}

async fn take(warehouse: &BigQueryWarehouse, seen: Option<&Lease>, pid: u32) -> bool {
    let leases = warehouse.leases().unwrap();
    let has = leases.take("it's nba", seen, &holder(pid)).await.unwrap();
    if has {
        leases.heartbeat().await.unwrap();
    }
    has
}

async fn write(warehouse: &BigQueryWarehouse, points: i64) -> Result<(), WarehouseError> {
    let replace = Replace {
        table: &games(),
        dates: &[day("2021-10-19")],
        rows: Arc::new(vec![game("LAL", "2021-10-19", points)]),
        short: &[],
        now: at("2026-01-04T01:00:00Z"),
        name: None,
        record: None,
    };
    warehouse.replace(replace).await.map(drop)
}

async fn points(warehouse: &BigQueryWarehouse) -> Vec<Value> {
    all(warehouse)
        .await
        .into_iter()
        .map(|row| row[2].clone())
        .collect()
}

/// All jobs of a project on the server.
async fn jobs(emulator: &Emulator, project: &str) -> Vec<Json> {
    let url = format!(
        "http://127.0.0.1:{}/bigquery/v2/projects/{project}/jobs?projection=full&maxResults=1000",
        emulator.port()
    );
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let listed: Json = client.get(url).send().await.unwrap().json().await.unwrap();
    listed["jobs"].as_array().unwrap().clone()
}

/// Waits until a job with this query runs, and returns its id.
async fn running(emulator: &Emulator, project: &str, sql: &str) -> Json {
    let is_it = |job: &Json| job["configuration"]["query"]["query"] == json!(sql);
    let is_running = |job: &Json| is_it(job) && job["status"]["state"] == "RUNNING";
    loop {
        if let Some(job) = jobs(emulator, project).await.into_iter().find(is_running) {
            return job["jobReference"]["jobId"].clone();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The state of a job.
async fn state_of(emulator: &Emulator, project: &str, id: &Json) -> Json {
    // By id: the sender may have sent the query again in another job.
    let is_it = |job: &Json| job["jobReference"]["jobId"] == *id;
    let found = jobs(emulator, project).await.into_iter().find(is_it);
    found.unwrap()["status"]["state"].clone()
}

#[test]
fn a_lease_has_one_holder_and_a_process_that_lost_it_cannot_write() {
    let Some(emulator) = Emulator::start() else { return };
    block_on(async {
        let (first, second) = (on(&emulator), on(&emulator));
        first.ensure(&games()).await.unwrap();
        assert_eq!(look(&first).await, None);
        write(&first, 100).await.unwrap();

        assert!(take(&first, None, 1).await);
        assert!(!take(&second, None, 2).await, "already taken");
        let stands = look(&second).await.unwrap();
        assert_eq!(
            (stands.epoch, stands.heartbeat, &stands.holder),
            (1, 1, &Some(holding(1)))
        );
        let leases = first.leases().unwrap();
        leases.heartbeat().await.unwrap();
        assert_eq!(look(&second).await.unwrap().heartbeat, 2);
        write(&first, 101).await.unwrap();

        // A job of the previous holder that is still running.
        let sender = first.clone();
        let lost = tokio::spawn(async move { sender.query(LONG).await });
        let id = running(&emulator, PROJECT, LONG).await;
        let stands = look(&second).await;
        assert!(take(&second, stands.as_ref(), 2).await);
        assert_eq!(state_of(&emulator, PROJECT, &id).await, "DONE");
        lost.abort();
        assert_eq!(look(&first).await.unwrap().epoch, 2);

        write(&second, 102).await.unwrap();
        let refused = write(&first, 103).await.unwrap_err();
        assert_eq!(refused.class, ErrorClass::Auth, "{refused}");
        let told = "lost the lease of plan it's nba to process 2 on courtside, state folder /state";
        assert!(refused.message.contains(told), "{refused}");
        assert_eq!(
            points(&second).await,
            [Value::Int(102)],
            "the refused write changed nothing"
        );
        // Without a write, the next heartbeat fails.
        let unheard = leases.heartbeat().await.unwrap_err();
        assert!(unheard.message.contains(told), "{unheard}");

        leases.give_back().await.unwrap();
        assert_eq!(
            look(&second).await.unwrap().holder,
            Some(holding(2)),
            "only the holder can release it"
        );
        second.leases().unwrap().give_back().await.unwrap();
        assert_eq!(look(&second).await.unwrap().holder, None);

        let labelled = jobs(&emulator, PROJECT)
            .await
            .into_iter()
            .map(|job| job["configuration"].clone());
        let writes: Vec<Json> = labelled
            .filter(|job| {
                job["query"]["query"]
                    .as_str()
                    .unwrap()
                    .starts_with("BEGIN TRANSACTION")
            })
            .map(|job| job["labels"].clone())
            .collect();
        let epochs: Vec<&Json> = writes
            .iter()
            .rev()
            .map(|labels| &labels["backcourt_epoch"])
            .collect();
        assert_eq!(epochs, [&Json::Null, &json!("1"), &json!("2"), &json!("1")]);
        let lease = writes[0]["backcourt_lease"].as_str().unwrap();
        assert!(lease.starts_with("it_s_nba_"), "{lease}");
        assert!(writes.iter().all(|labels| labels["team"] == "data"));
    });
}

#[test]
fn jobs_of_an_earlier_holder_are_cancelled_in_its_billing_project() {
    const BILLED: &str = "acme-billing";
    let Some(emulator) = Emulator::start() else { return };
    let may_list = Arc::new(AtomicBool::new(false));
    let allowed = Arc::clone(&may_list);
    let proxy = Proxy::start(Some(emulator.port()), Duration::ZERO, move |call| {
        let lists = call.target == format!("GET /bigquery/v2/projects/{BILLED}/jobs");
        if lists && !allowed.load(Ordering::Relaxed) {
            return Fate::Say(
                403,
                body(403, "accessDenied", "Access Denied: Project acme-billing"),
            );
        }
        Fate::Pass
    });
    block_on(async {
        let billed = Settings {
            billing_project: Some(BILLED.to_owned()),
            ..Settings::default()
        };
        let first = open_with(&emulator.address(), billed);
        assert!(take(&first, None, 1).await);
        let sender = first.clone();
        let lost = tokio::spawn(async move { sender.query(LONG).await });
        let id = running(&emulator, BILLED, LONG).await;

        let second = open(&proxy.address());
        let stands = look(&second).await.unwrap();
        let leases = second.leases().unwrap();
        let refused = leases
            .take("it's nba", Some(&stands), &holder(2))
            .await
            .unwrap_err();
        assert_eq!(refused.class, ErrorClass::Auth, "{refused}");
        let said = "may have left jobs running in project acme-billing, but this account can't list them";
        assert!(
            refused.message.contains(said) && refused.message.contains("--billing-project acme-billing"),
            "{refused}"
        );
        // A failed start doesn't lose the list of projects.
        may_list.store(true, Ordering::Relaxed);
        let third = open(&proxy.address());
        let mut stands = look(&third).await;
        while !take(&third, stands.as_ref(), 3).await {
            stands = look(&third).await;
        }
        assert_eq!(state_of(&emulator, BILLED, &id).await, "DONE");
        let holder = look(&third).await.unwrap().holder.unwrap();
        assert_eq!(holder.jobs_in, [PROJECT, BILLED]);
        lost.abort();
    });
}

#[test]
fn one_of_many_concurrent_takers_gets_the_lease() {
    let Some(emulator) = Emulator::start() else { return };
    block_on(async {
        assert!(take(&on(&emulator), None, 1).await);
        let seen = look(&on(&emulator)).await;
        let takers = (2..8).map(|pid| {
            let (warehouse, seen) = (on(&emulator), seen.clone());
            tokio::spawn(async move { take(&warehouse, seen.as_ref(), pid).await.then_some(pid) })
        });
        let mut has = Vec::new();
        for taker in takers.collect::<Vec<_>>() {
            has.extend(taker.await.unwrap());
        }
        assert_eq!(has.len(), 1, "{has:?}");
        let stands = look(&on(&emulator)).await.unwrap();
        assert_eq!((stands.epoch, stands.holder.unwrap().pid), (2, has[0]));
    });
}

#[test]
fn a_frozen_run_loses_its_lease_and_writes_nothing_when_resumed() {
    let Some(emulator) = Emulator::start() else { return };
    let dates = ["2021-10-19", "2021-11-03"];
    let state = embedded(dates, &["--stop-after", "team_offense"]);
    copy(&state, &emulator, dates, raw_tables());
    let proxy = Proxy::start(Some(emulator.port()), Duration::from_millis(300), |_| Fate::Pass);
    let flags = proxy.flags();
    let (first, second) = (State::none(), State::none());
    let command = |state: &State| {
        let plan = stages_alone(state);
        let mut arguments = vec!["run", "--from", dates[0], "--to", dates[1], "--plan", &plan];
        arguments.extend([
            "--stop-after",
            "team_offense",
            "--workers",
            "1",
            "--output",
            "plain",
        ]);
        arguments.extend(flags.iter().map(String::as_str));
        arguments.extend(["--lease-wait", "20"]);
        state.command(&arguments)
    };
    let mut frozen = command(&first).stdout(Stdio::null()).spawn().unwrap();
    let signal = |signal| kill_process(Pid::from_child(&frozen), signal).unwrap();
    wait_until("a commit was sent", || proxy.replaces() > 0);
    signal(Signal::STOP);

    let done = ended(&mut command(&second)).expect(0);
    assert!(done.err.contains("waiting up to 20 s for "), "{}", done.err);
    assert_eq!(second.dates("ok"), state.dates("ok"));
    let stamps = || {
        block_on(async {
            let warehouse = emulator.open();
            let sql = "SELECT processed_at FROM `nba_analytics.team_offense_game_summary` \
                       WHERE game_date >= '2021-01-01' ORDER BY game_id, team_abbr";
            warehouse.query(sql).await.unwrap().rows
        })
    };
    let written = stamps();
    assert!(!written.is_empty());

    signal(Signal::CONT);
    assert_eq!(frozen.wait().unwrap().code(), Some(3));
    assert_eq!(stamps(), written, "it wrote nothing more");
    proxy.assert_good_manners();
    let status = first.status();
    let why = status["run"]["ending"].as_str().unwrap_or_default();
    assert!(why.contains("lost the lease of plan nba to "), "{status:#}");
}

/// Starts the program `BACKCOURT_SECOND_STARTS` times against a live holder behind the latencies of
/// `BigQuery`; 20 is the nightly size. A simulation of the same rules does 2,000 starts
/// (`src/fence/watch.rs`).
#[test]
fn second_starts_never_take_the_lease_of_a_living_holder() {
    let Some(emulator) = Emulator::start() else { return };
    let starts = std::env::var("BACKCOURT_SECOND_STARTS").map_or(2, |starts| starts.parse().unwrap());
    let proxy = Proxy::paced(emulator.port(), Pace::of_seed(9), |_| Fate::Pass);
    let holder = open(&proxy.address());
    let own = State::none();
    let waits = |wait: backcourt::fence::LeaseWait<'_>| panic!("waited for a free lease: {wait:?}");
    let lease_guard =
        LeaseGuard::take(Arc::new(holder.clone()), "shop", &own.path(), Utc::now(), waits).unwrap();
    let flags = proxy.flags();
    let mut run = vec!["run", "--plan", "shop"];
    run.extend(flags.iter().map(String::as_str));
    for _ in 0..starts {
        let second = State::none();
        let refused = second.backcourt(&run).expect(4);
        assert!(refused.err.contains("is in use by process"), "{}", refused.err);
        assert!(
            refused.err.contains("waiting up to 120 s for "),
            "{}",
            refused.err
        );
    }
    // A released lease is free at once.
    drop(lease_guard);
    let free = block_on(async { holder.leases().unwrap().look("shop").await.unwrap().unwrap() });
    assert_eq!((free.epoch, free.holder), (1, None));
}
