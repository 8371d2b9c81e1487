//! Jobs that no task waits for any more: they are cancelled on the server, and named with what they processed.

use std::process::Stdio;
use std::time::Duration;

use backcourt::warehouse::{JobEnd, Warehouse};
use rustix::process::{Pid, Signal, kill_process};

use super::emulator::{Emulator, open};
use super::faults::block_on;
use super::program::{State, wait_until};
use super::proxy::{Fate, Proxy};

/// What the server is at for minutes.
const LONG: &str = "SELECT COUNT(*) AS n FROM UNNEST(GENERATE_ARRAY(1, 1000000)) AS a \
                    CROSS JOIN UNNEST(GENERATE_ARRAY(1, 1000000)) AS b WHERE MOD(a * b, 7) = 3";

#[test]
fn a_read_whose_task_is_aborted_is_cancelled_and_a_read_that_is_waited_for_is_not() {
    let Some(emulator) = Emulator::start() else { return };
    let proxy = Proxy::start(Some(emulator.port()), Duration::ZERO, |_| Fate::Pass);
    block_on(async {
        let warehouse = open(&proxy.address());
        let sender = warehouse.clone();
        let task = tokio::spawn(async move { sender.query(LONG).await });
        let is_sent = || proxy.seen(|seen| seen.made.iter().any(|made| made.sql == LONG));
        while !is_sent() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(warehouse.cancel_abandoned().await, [], "its task waits for it");
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        // A server that has much to do takes its time; what did not stop is asked to stop again.
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
        assert_eq!(warehouse.cancel_abandoned().await, [], "nothing is left");
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
fn a_second_sigterm_cancels_the_commit_that_is_under_way_and_names_it_with_its_bytes() {
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
