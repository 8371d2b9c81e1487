//! backcourt's own dataset doesn't grow forever: superseded entries are removed by the lease holder, and leftovers of
//! older versions are dropped.

use std::time::Duration;

use backcourt::table::Value;
use backcourt::warehouse::bigquery::BigQueryWarehouse;
use backcourt::warehouse::{Entry, ErrorClass, Holder, UNIT, Warehouse};
use chrono::DateTime;
use serde_json::json;

use super::emulator::{Emulator, open};
use super::faults::block_on;
use super::proxy::{Fate, Proxy};
use super::warehouse::day;

const PLAN: &str = "it's a plan";
const DATES: [&str; 3] = ["2024-03-01", "2024-03-02", "2024-03-03"];

fn entry(number: i64, kind: &str, date: Option<&str>) -> Entry {
    Entry {
        number,
        kind: kind.to_owned(),
        subject: "one".to_owned(),
        date: date.map(|date| day(date).first_day()),
        state: "ok".to_owned(),
        rows: Some(1),
        kept: None,
        quarantined: None,
        digest: None,
        fingerprint: None,
        run: "r".to_owned(),
        host: "courtside".to_owned(),
        at: DateTime::UNIX_EPOCH,
        body: "{}".to_owned(),
    }
}

async fn take(warehouse: &BigQueryWarehouse, plan: &str) {
    let holder = Holder {
        host: "courtside".to_owned(),
        machine: None,
        pid: 1,
        started: None,
        since: DateTime::UNIX_EPOCH,
        folder: "/state".to_owned(),
        jobs_in: Vec::new(),
    };
    let leases = warehouse.leases().unwrap();
    let seen = leases.look(plan).await.unwrap();
    assert!(leases.take(plan, seen.as_ref(), &holder).await.unwrap());
    leases.heartbeat().await.unwrap();
}

/// Entries for each date `times` times, followed by entries about other things.
fn entries(times: i64) -> Vec<Entry> {
    let dated = (0..times * 3).map(|at| {
        let date = DATES[usize::try_from(at % 3).unwrap()];
        entry(at + 1, UNIT, Some(date))
    });
    dated.chain([entry(times * 3 + 1, "check", None)]).collect()
}

async fn numbers(warehouse: &BigQueryWarehouse, plan: &str) -> Vec<Value> {
    let sql = format!(
        "SELECT number FROM `backcourt.ledger` WHERE plan = '{}' ORDER BY number",
        plan.replace('\'', "\\'")
    );
    let answer = warehouse.query(&sql).await.unwrap();
    answer.rows.into_iter().map(|row| row[0].clone()).collect()
}

#[test]
fn replaced_entries_are_pruned_and_former_tables_dropped() {
    let Some(emulator) = Emulator::start() else { return };
    let proxy = Proxy::start(Some(emulator.port()), Duration::ZERO, |call| {
        // Its last heartbeat was in 1970.
        if call.target.starts_with("GET ") && call.target.ends_with("/tables/beat") {
            return Fate::Say(200, json!({"lastModifiedTime": "0"}).to_string());
        }
        Fate::Pass
    });
    let jobs = || {
        let is_prune = |made: &super::proxy::Made| made.sql.contains("MAX(number)");
        proxy.seen(|seen| seen.made.iter().filter(|made| is_prune(made)).count())
    };
    block_on(async {
        let (warehouse, other) = (open(&proxy.address()), emulator.open());
        take(&warehouse, PLAN).await;
        take(&other, "another").await;
        let made = "CREATE TABLE `backcourt.beat` (plan STRING)";
        other.query(made).await.unwrap();
        let records = warehouse.records().unwrap();

        records.append(PLAN, &entries(4)).await.unwrap();
        records.prune(PLAN, 4).await.unwrap();
        assert_eq!(jobs(), 0, "there are few entries, which is known without a job");
        let left = "SELECT table_name FROM `backcourt.INFORMATION_SCHEMA.TABLES` WHERE table_name = 'beat'";
        assert_eq!(other.query(left).await.unwrap().rows, [[]; 0]);

        // Another plan's entries make the table large, but don't count for this plan.
        other
            .records()
            .unwrap()
            .append("another", &entries(9))
            .await
            .unwrap();
        records.prune(PLAN, 3).await.unwrap();
        assert_eq!((jobs(), numbers(&warehouse, PLAN).await.len()), (1, 13));

        let mut more = entries(2);
        for entry in &mut more {
            entry.number += 13;
        }
        records.append(PLAN, &more).await.unwrap();
        let before = records.entries(PLAN, 0).await.unwrap();
        records.prune(PLAN, 3).await.unwrap();
        assert_eq!(records.entries(PLAN, 0).await.unwrap(), before);
        let kept = [13, 17, 18, 19, 20].map(Value::Int);
        assert_eq!(numbers(&warehouse, PLAN).await, kept);
        assert_eq!(numbers(&warehouse, "another").await.len(), 28);

        // A process that lost the lease removes nothing.
        take(&emulator.open(), "another").await;
        let refused = other.records().unwrap().prune("another", 1).await.unwrap_err();
        assert_eq!(refused.class, ErrorClass::Auth, "{refused}");
        assert_eq!(numbers(&warehouse, "another").await.len(), 28);
    });
}
