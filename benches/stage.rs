//! How long the pure stage takes: `team_offense` for the dates of a month of real box scores, read beforehand.

#![allow(clippy::expect_used, reason = "a bench may stop at the first surprise")]

use std::hint::black_box;
use std::sync::atomic::AtomicUsize;

use backcourt::engine::{BatchDates, Scope};
use backcourt::feeds::faults::Profile;
use backcourt::feeds::{self, BoxScores};
use backcourt::partition::{Partition, PartitionRange};
use backcourt::warehouse::sqlite::SqliteWarehouse;
use backcourt::{plan, stages};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn month(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let plan = plan::load(plan::BUILTIN).expect("the built-in plan");
    let stage = stages::stage(&plan.stages[0]).expect("its stage");
    let day = |text| Partition::parse(text).expect("a date");
    let dates: Vec<_> = PartitionRange::new(day("2023-12-01"), day("2023-12-31"))
        .expect("a month")
        .partitions()
        .collect();
    let warehouse = SqliteWarehouse::open(folder.path()).expect("a warehouse");
    let (dates, inputs) = runtime.block_on(async {
        let faults = Profile::open("january-2026").expect("the shipped profile");
        feeds::load(
            &warehouse,
            BoxScores::Shipped.read().expect("the shipped box scores"),
            faults,
            &AtomicUsize::new(0),
        )
        .await
        .expect("the shipped feeds");
        let scopes = stage.scope(&warehouse, &dates).await.expect("a schedule");
        let with_games = dates
            .iter()
            .zip(scopes)
            .filter(|(_, scope)| matches!(scope, Scope::Rows(_)));
        let dates: Vec<_> = with_games.map(|(date, _)| *date).collect();
        let inputs = (stage.reader())
            .read(&warehouse, BatchDates::alone(&dates), "reconstruct")
            .await
            .expect("the month's feeds");
        (dates, inputs)
    });
    let mut group = criterion.benchmark_group("stage");
    group.throughput(Throughput::Elements(dates.len() as u64));
    group.bench_function("team_offense, December 2023", |bencher| {
        bencher.iter(|| {
            for date in &dates {
                black_box(inputs.compute(*date)).expect("a computed date");
            }
        });
    });
    group.finish();
}

criterion_group!(benches, month);
criterion_main!(benches);
