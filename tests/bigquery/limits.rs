//! `BigQuery`'s limits on table changes, enforced by a proxy that rejects changes over the limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use backcourt::warehouse::{ErrorClass, Replace, Warehouse};
use tokio::task::JoinSet;

use super::emulator::Emulator;
use super::faults::{behind, block_on};
use super::proxy::{Fate, Method, Proxy};
use super::warehouse::{all, at, day, game, games};

#[test]
fn a_commit_with_a_lost_response_is_looked_up_and_applied_once() {
    let Some(emulator) = Emulator::start() else { return };
    // The answer of the commit is lost, and so is every lookup until the network recovers.
    let lost = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&lost);
    let proxy = Proxy::start(Some(emulator.port()), Duration::ZERO, move |call| {
        let is_write = call.job.starts_with("backcourt_run");
        match call.method {
            Method::Insert if is_write && counted.fetch_add(1, Ordering::Relaxed) == 0 => Fate::LoseReply,
            _ if is_write && counted.fetch_add(1, Ordering::Relaxed) < 12 => Fate::Reset,
            _ => Fate::Pass,
        }
    });
    let warehouse = behind(&proxy);
    block_on(async {
        warehouse.ensure(&games()).await.unwrap();
        let table = games();
        let (dates, rows) = ([day("2021-10-19")], [game("LAL", "2021-10-19", 114)]);
        let replace = |name| Replace {
            table: &table,
            dates: &dates,
            rows: Arc::new(rows.to_vec()),
            short: &[],
            now: at("2026-01-04T01:00:00Z"),
            name: Some(name),
            record: None,
        };
        let unsure = warehouse.replace(replace("run-7-0")).await.unwrap_err();
        assert_eq!(unsure.class, ErrorClass::Unknown, "{unsure}");
        // Sent again under the same name until there is an answer: the job is adopted.
        let mut answer = Err(unsure);
        while answer.is_err() {
            answer = warehouse.replace(replace("run-7-0")).await;
        }
        assert_eq!(all(&warehouse).await.len(), 1);
        assert!(warehouse.await_orphaned_write("run-7-0").await.unwrap());
        assert!(
            !warehouse.await_orphaned_write("run-7-1").await.unwrap(),
            "that was never sent"
        );
        // Another name is another write.
        warehouse.replace(replace("run-7-1")).await.unwrap();
    });
    proxy.assert_good_manners();
    proxy.seen(|seen| assert_eq!(seen.taken.len(), 2, "{:?}", seen.taken));
    assert!(lost.load(Ordering::Relaxed) > 12);
}

#[test]
fn concurrent_writers_of_a_table_are_serialised_within_dml_limits() {
    let Some(emulator) = Emulator::start() else { return };
    let proxy = Proxy::start(Some(emulator.port()), Duration::from_millis(5), |_| Fate::Pass);
    let warehouse = Arc::new(behind(&proxy));
    block_on(async {
        warehouse.ensure(&games()).await.unwrap();
        let mut writes = JoinSet::new();
        for number in 0..14 {
            let warehouse = Arc::clone(&warehouse);
            writes.spawn(async move {
                let date = day("2021-10-19").moved(number).unwrap();
                let replace = Replace {
                    table: &games(),
                    dates: &[date],
                    rows: Arc::new(vec![game("LAL", &date.to_string(), 100)]),
                    short: &[],
                    now: at("2026-01-04T01:00:00Z"),
                    name: None,
                    record: None,
                };
                warehouse.replace(replace).await.unwrap();
            });
        }
        writes.join_all().await;
        assert_eq!(all(&warehouse).await.len(), 14);
    });
    proxy.assert_good_manners();
}

#[test]
fn statements_beyond_the_queue_limit_fail_with_a_rate_error() {
    let proxy = Proxy::start(None, Duration::from_millis(100), |_| Fate::Pass);
    let warehouse = Arc::new(behind(&proxy));
    block_on(async {
        let mut lone = JoinSet::new();
        for _ in 0..24 {
            let warehouse = Arc::clone(&warehouse);
            lone.spawn(async move {
                let sql = "DELETE FROM `box.games` WHERE game_date = DATE '2021-10-19'";
                warehouse.query(sql).await
            });
        }
        let (done, refused): (Vec<_>, Vec<_>) = lone.join_all().await.into_iter().partition(Result::is_ok);
        assert!(done.len() >= 22, "two run and twenty wait");
        for refused in refused {
            let error = refused.unwrap_err();
            assert_eq!(error.class, ErrorClass::Rate, "{error}");
        }
    });
    proxy.seen(|seen| assert!(seen.outstanding > 0, "{seen:?}"));
}
