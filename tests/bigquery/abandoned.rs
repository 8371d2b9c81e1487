//! Jobs that no task waits for any more: they are cancelled on the server, reported with the bytes processed, and
//! billed.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backcourt::warehouse::{Bill, Charge, Cost, Holder, JobEnd, JobPurpose, Lease, Warehouse};
use chrono::DateTime;
use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::emulator::{Emulator, open};
use super::faults::{behind, block_on};
use super::program::{State, wait_until};
use super::proxy::{Call, Fate, Method, Proxy};
use super::staging::{large, write};
use super::warehouse::games;

/// A query that takes the server minutes.
pub const LONG: &str = "SELECT COUNT(*) AS n FROM UNNEST(GENERATE_ARRAY(1, 1000000)) AS a \
                    CROSS JOIN UNNEST(GENERATE_ARRAY(1, 1000000)) AS b WHERE MOD(a * b, 7) = 3";

#[test]
fn only_reads_of_aborted_tasks_are_cancelled() {
    let Some(emulator) = Emulator::start() else { return };
    let proxy = Proxy::billing(
        Some(emulator.port()),
        Duration::ZERO,
        |_| Fate::Pass,
        |_| (1 << 30, 5),
    );
    block_on(async {
        let warehouse = open(&proxy.address());
        let bill = Arc::<Bill>::default();
        let sender = warehouse
            .charging(Arc::clone(&bill), JobPurpose::default())
            .unwrap();
        let task = tokio::spawn(async move { sender.query(LONG).await });
        let is_sent = || proxy.seen(|seen| seen.made.iter().any(|made| made.sql == LONG));
        while !is_sent() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(warehouse.cancel_abandoned().await, [], "its task waits for it");
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        // A busy server takes its time; jobs that are still running are cancelled again.
        let left = loop {
            let left = warehouse.cancel_abandoned().await;
            assert_eq!(left.len(), 1, "{left:?}");
            if left[0].end != JobEnd::Running {
                break left;
            }
        };
        assert_eq!(left[0].end, JobEnd::Cancelled, "{left:?}");
        proxy.seen(|seen| {
            assert!(!seen.cancelled.is_empty());
            for (job, length) in &seen.cancelled {
                assert_eq!(job, &left[0].job);
                assert_eq!(
                    *length,
                    Some(0),
                    "Google's servers refuse a POST that does not tell its length"
                );
            }
        });
        let charged = Charge {
            job: left[0].job.clone(),
            cost: Cost::of_job(1 << 30, 5),
        };
        assert_eq!(bill.take(), [charged], "what it used is billed");
        assert_eq!(warehouse.cancel_abandoned().await, [], "nothing is left");
    });
}

#[test]
fn load_jobs_are_cancelled_and_billed_like_queries() {
    let Some(emulator) = Emulator::start() else { return };
    let cancelled = Arc::new(AtomicBool::new(false));
    let is_cancelled = Arc::clone(&cancelled);
    let proxy = Proxy::start(Some(emulator.port()), Duration::ZERO, move |call| {
        if call.target.ends_with("_rows/cancel") {
            is_cancelled.store(true, Ordering::Relaxed);
        }
        if call.method != Method::Get || call.job != "backcourt_large_0_rows" {
            return Fate::Pass;
        }
        let stopped = json!({"state": "DONE", "errorResult": {"reason": "stopped", "message": "cancelled"}});
        let told = if is_cancelled.load(Ordering::Relaxed) {
            json!({"status": stopped, "statistics": {"totalSlotMs": "7", "load": {"outputRows": "0"}}})
        } else {
            json!({"status": {"state": "RUNNING"}})
        };
        Fate::Say(200, told.to_string())
    });
    block_on(async {
        let warehouse = behind(&proxy);
        warehouse.ensure(&games()).await.unwrap();
        let bill = Arc::<Bill>::default();
        let writer = warehouse
            .charging(Arc::clone(&bill), JobPurpose::default())
            .unwrap();
        let task = tokio::spawn(async move { write(writer.as_ref(), &large(), "large").await });
        let is_waited_for = || {
            proxy.seen(|seen| {
                let looks =
                    |line: &str| line.starts_with("GET ") && line.contains("/jobs/backcourt_large_0_rows?");
                seen.made.iter().any(|made| looks(&made.line))
            })
        };
        while !is_waited_for() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(warehouse.cancel_abandoned().await, [], "its task waits for it");
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        let left = warehouse.cancel_abandoned().await;
        assert_eq!(left.len(), 1, "{left:?}");
        assert_eq!(left[0].end, JobEnd::Cancelled);
        let charged = Charge {
            job: left[0].job.clone(),
            cost: Cost::of_job(0, 7),
        };
        assert_eq!(bill.take(), [charged]);

        // A load job that ends is billed beside the commit that uses its rows.
        let writer = warehouse
            .charging(Arc::clone(&bill), JobPurpose::default())
            .unwrap();
        write(writer.as_ref(), &large()[..9], "again_1").await;
        let jobs: Vec<String> = bill.take().into_iter().map(|charge| charge.job).collect();
        assert!(jobs.iter().any(|job| job.ends_with("again-1_0_rows")), "{jobs:?}");
        assert!(jobs.iter().any(|job| job.ends_with("again-1_0")), "{jobs:?}");
    });
}

const PLAN: &str = r#"
name = "long"
title = "One date that takes minutes"
from = "2024-03-01"
to = "2024-03-01"

[[stage]]
name = "sums"
kind = "sql"
reads = []
sql = """
SELECT DATE '2024-03-01' AS day, COUNT(*) AS n FROM UNNEST(GENERATE_ARRAY(1, 1000000)) AS a
CROSS JOIN UNNEST(GENERATE_ARRAY(1, 1000000)) AS b WHERE MOD(a * b, 7) = 3 AND @date = DATE '2024-03-01'
"""
table = "long.sums"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "n", type = "INT64" }]
"#;

#[test]
fn a_second_sigterm_cancels_the_running_commit_and_reports_its_bytes() {
    let Some(emulator) = Emulator::start() else { return };
    let proxy = Proxy::start(Some(emulator.port()), Duration::ZERO, |_| Fate::Pass);
    let state = State::none();
    let plan = state.path().with_extension("toml");
    std::fs::write(&plan, PLAN).unwrap();
    let (plan, flags) = (plan.display().to_string(), proxy.flags());
    let mut run = vec!["run", "--plan", &plan, "--output", "plain"];
    run.extend(flags.iter().map(String::as_str));
    let run = state.command(&run).stdout(Stdio::piped()).spawn().unwrap();
    wait_until("a commit was sent", || proxy.replaces() > 0);
    let process = Pid::from_child(&run);
    kill_process(process, Signal::TERM).unwrap();
    wait_until("it drains", || {
        let logs = std::fs::read_dir(state.path().join("logs")).unwrap();
        let read = |log: std::fs::DirEntry| std::fs::read_to_string(log.path()).unwrap_or_default();
        logs.flatten().map(read).any(|log| log.contains("draining"))
    });
    kill_process(process, Signal::TERM).unwrap();
    let ended = run.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert_eq!(ended.status.code(), Some(143), "{said}");
    let commits: Vec<String> = proxy.seen(|seen| {
        let is_commit = |job: &&String| {
            seen.sent
                .get(*job)
                .is_some_and(|sql| sql.contains("`rehearsal_long.sums`"))
        };
        seen.taken.keys().filter(is_commit).cloned().collect()
    });
    let named = format!("; job {} cancelled after ", commits[0]);
    assert!(said.contains(&named), "{said}");
    proxy.seen(|seen| assert!(seen.cancelled.iter().any(|(job, _)| *job == commits[0])));
}

/// The expected row count of the date, queried when its stage starts and again by a worker.
const ASKED: &str = "SELECT COUNT(*) AS n FROM UNNEST([1]) AS one WHERE @date = DATE '2024-03-01'";

/// The ways to end a run's work at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Cancel,
    Abort,
    LostLease,
}

#[rstest]
#[case(Way::Cancel)]
#[case(Way::Abort)]
#[case(Way::LostLease)]
fn aborting_a_run_cancels_and_bills_its_reads(#[case] way: Way) {
    let Some(emulator) = Emulator::start() else { return };
    let asked = Arc::new(Mutex::new(Vec::new()));
    let jobs = Arc::clone(&asked);
    let rule = move |call: &Call| {
        let mut asked = jobs.lock().unwrap();
        if call.method == Method::Insert
            && !call.is_dry
            && call.sql.starts_with("SELECT COUNT(*) AS n FROM UNNEST([1])")
        {
            asked.push(call.job.clone());
        }
        let is_held = asked.get(1).is_some_and(|held| *held == call.job);
        drop(asked);
        if call.method == Method::Results && is_held {
            std::thread::sleep(Duration::from_millis(100));
            return Fate::Say(200, json!({"jobComplete": false}).to_string());
        }
        Fate::Pass
    };
    let proxy = Proxy::billing(Some(emulator.port()), Duration::ZERO, rule, |_| (1 << 30, 5));
    let state = State::none();
    let plan = state.path().with_extension("toml");
    let counting = format!("expect_rows = \"{ASKED}\"\ntable = ");
    std::fs::write(&plan, PLAN.replace("table = ", &counting)).unwrap();
    let (plan, flags) = (plan.display().to_string(), proxy.flags());
    let mut run = vec!["run", "--plan", &plan, "--output", "plain"];
    run.extend(flags.iter().map(String::as_str));
    let mut run = state.command(&run).stdout(Stdio::null()).spawn().unwrap();
    wait_until("a worker asks", || asked.lock().unwrap().len() > 1);
    match way {
        Way::Cancel => drop(state.backcourt(&["ctl", "cancel"]).expect(0)),
        Way::Abort => drop(state.backcourt(&["ctl", "abort"]).expect(0)),
        Way::LostLease => block_on(take_away(&emulator)),
    }
    let job = asked.lock().unwrap()[1].clone();
    wait_until("the read is cancelled", || {
        proxy.seen(|seen| seen.cancelled.iter().any(|(cancelled, _)| *cancelled == job))
    });
    let billed =
        format!("SELECT COUNT(*) FROM job WHERE id = '{job}' AND stage = 'sums' AND bytes_billed > 0");
    wait_until("it is billed", || state.count(&billed) == 1);
    if way == Way::Cancel {
        state.backcourt(&["ctl", "abort"]).expect(0);
    }
    run.wait().unwrap();
}

/// Takes the plan's lease as if it were free, so that only its loss ends the jobs of its holder.
async fn take_away(emulator: &Emulator) {
    let warehouse = emulator.open();
    let leases = warehouse.leases().unwrap();
    let held = leases.look("long").await.unwrap().unwrap();
    let free = Lease { holder: None, ..held };
    let other = Holder {
        host: "courtside".to_owned(),
        machine: None,
        pid: 1,
        started: None,
        since: DateTime::UNIX_EPOCH,
        folder: "/state".to_owned(),
        jobs_in: Vec::new(),
    };
    assert!(leases.take("long", Some(&free), &other).await.unwrap());
    leases.heartbeat().await.unwrap();
}
