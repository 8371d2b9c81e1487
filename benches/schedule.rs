//! How well a run on `BigQuery` is scheduled: `team_offense` over the whole range on a warehouse that takes 6.8 s for
//! every changing statement, as measured of the real one, one transaction at a time. In real time, and printed:
//! `cargo bench --bench schedule`.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench may stop at the first surprise, and it reports"
)]

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use backcourt::engine::{
    Ceilings, Engine, Event, Lineage, Losses, OnChange, Options, Permits, RetryPolicy, Setup, Work,
};
use backcourt::feeds::faults::Profile;
use backcourt::feeds::{self, BoxScores};
use backcourt::ledger::Ledger;
use backcourt::partition::{Partition, Timezone};
use backcourt::table::{Row, Schema, TableDef};
use backcourt::warehouse::sqlite::SqliteWarehouse;
use backcourt::warehouse::{
    Answer, Dates, Ensured, Filling, Kept, Read, Refill, Refilled, Replace, Warehouse, WarehouseError,
};
use backcourt::{plan, stages};

/// What one changing statement takes. A replace has one, and one more where there is something to delete.
const STATEMENT: Duration = Duration::from_millis(6_800);
/// What a query takes.
const QUERY: Duration = Duration::from_secs(1);

/// A warehouse that is far away: the embedded one, behind the times of the real one.
#[derive(Debug)]
struct Far {
    near: SqliteWarehouse,
    /// Dates and times of every commit.
    commits: Mutex<Vec<(usize, Instant, Instant)>>,
}

#[async_trait]
impl Warehouse for Far {
    fn name(&self) -> String {
        "bigquery:far-away".to_owned()
    }

    fn read_slots(&self) -> usize {
        usize::MAX
    }

    fn quota_backoff(&self) -> Option<Duration> {
        Some(Duration::from_mins(10))
    }

    async fn ensure(&self, table: &TableDef) -> Result<Ensured, WarehouseError> {
        self.near.ensure(table).await
    }

    async fn schema(&self, path: &str) -> Result<Option<Schema>, WarehouseError> {
        self.near.schema(path).await
    }

    async fn holds_rows(&self, table: &TableDef) -> Result<bool, WarehouseError> {
        self.near.holds_rows(table).await
    }

    async fn read(&self, read: Read<'_>) -> Result<Vec<Row>, WarehouseError> {
        tokio::time::sleep(QUERY).await;
        self.near.read(read).await
    }

    async fn replace(&self, replace: Replace<'_>) -> Result<Vec<Kept>, WarehouseError> {
        let (dates, began) = (replace.dates.len(), Instant::now());
        let held = Read {
            table: replace.table,
            columns: &[replace.table.date_column.as_ref()],
            dates: Dates::Only(replace.dates),
        };
        let statements = if self.near.read(held).await?.is_empty() {
            1
        } else {
            2
        };
        tokio::time::sleep(STATEMENT * statements).await;
        let done = self.near.replace(replace).await;
        let mut commits = self.commits.lock().expect("nobody panicked");
        commits.push((dates, began, Instant::now()));
        done
    }

    async fn fill(&self, tables: Vec<Filling>, written: &AtomicUsize) -> Result<(), WarehouseError> {
        self.near.fill(tables, written).await
    }

    async fn refill(&self, refill: Refill<'_>) -> Result<Vec<Refilled>, WarehouseError> {
        self.near.refill(refill).await
    }

    async fn query_about(
        &self,
        sql: &str,
        dates: &[Partition],
        zone: Timezone,
    ) -> Result<Answer, WarehouseError> {
        self.near.query_about(sql, dates, zone).await
    }

    async fn query(&self, sql: &str) -> Result<Answer, WarehouseError> {
        tokio::time::sleep(QUERY).await;
        self.near.query(sql).await
    }
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let near = SqliteWarehouse::open(folder.path()).expect("a warehouse");
    let faults = Profile::open("january-2026").expect("the shipped profile");
    runtime
        .block_on(feeds::load(
            &near,
            BoxScores::Shipped.read().expect("the shipped box scores"),
            faults,
            &AtomicUsize::new(0),
        ))
        .expect("the shipped feeds");
    let far = Arc::new(Far {
        near,
        commits: Mutex::default(),
    });
    let mut plan = plan::load(plan::BUILTIN).expect("the built-in plan");
    plan.checks.clear();
    let stage = stages::stage(&plan.stages[0]).expect("its first stage");
    let dates: Vec<_> = plan.range.partitions().collect();
    let began = Instant::now();
    let engine = Engine::launch(Setup {
        lineage: Lineage::of(std::slice::from_ref(&stage)),
        stages: vec![stage],
        warehouse: Arc::clone(&far) as Arc<dyn Warehouse>,
        lease_guard: None,
        origin: None,
        ledger: Ledger::open(&folder.path().join("ledger.sqlite")).expect("a ledger"),
        events: folder.path().join("events.jsonl"),
        in_use: Vec::new(),
        losses: Losses::default(),
        prepare: None,
        sample: None,
        options: Options {
            run_id: "bench".to_owned(),
            source: plan.source.clone(),
            source_is_explicit: false,
            workers: plan.workers,
            largest_batch: 16,
            operator: "bench".to_owned(),
            paused: false,
            work: Work::Missing,
            accept_short: false,
            on_change: OnChange::default(),
            ask: None,
            released: Vec::new(),
            fail_fast: None,
            permits: Permits::default(),
            ceilings: Ceilings::default(),
            stay: false,
            control: None,
            retry: RetryPolicy::over(far.as_ref()),
            dates: dates.clone(),
        },
        plan: Arc::new(plan),
    })
    .expect("an engine");
    let mut facts = engine.link.facts;
    let (mut ok, mut last, mut longest) = (0, Instant::now(), Duration::ZERO);
    while let Some(fact) = facts.blocking_recv() {
        if let Event::UnitFinished { .. } = fact.event {
            ok += 1;
            longest = longest.max(last.elapsed());
            last = Instant::now();
        }
    }
    let took = began.elapsed();
    let commits = far.commits.lock().expect("nobody panicked");
    for (dates, from, to) in commits.iter() {
        println!(
            "{:6.1} s to {:6.1} s: {dates} dates",
            (*from - began).as_secs_f64(),
            (*to - began).as_secs_f64()
        );
    }
    let busy: Duration = commits.iter().skip(1).map(|(_, from, to)| *to - *from).sum();
    let span = match (commits.get(1), commits.last()) {
        (Some((_, from, _)), Some((_, _, to))) => *to - *from,
        _ => Duration::ZERO,
    };
    println!(
        "{} days, {ok} dates done: {:.1} s (at most 90); writer busy from the second commit on: {:.1} % \
         (at least 90); longest time without progress: {:.1} s (at most 15)",
        dates.len(),
        took.as_secs_f64(),
        100.0 * busy.as_secs_f64() / span.as_secs_f64(),
        longest.as_secs_f64(),
    );
}
