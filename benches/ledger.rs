//! How long the ledger takes: 16 units promised and settled, each step on disk before the next.

#![allow(clippy::expect_used, reason = "a bench may stop at the first surprise")]

use backcourt::ledger::{Digests, Ledger, Settled, Settlement, UnitRecord, UnitState};
use backcourt::partition::Partition;
use chrono::Utc;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const UNITS: u64 = 16;

fn settled(date: Partition) -> Settled {
    Settled {
        unit: UnitRecord {
            date,
            state: UnitState::Ok,
            expected: 12,
            rows: 12,
            attempts: 1,
            class: None,
            reason: None,
            source: "reconstruct".to_owned(),
            seconds: 0.001,
        },
        quarantined: Vec::new(),
        sources: std::collections::BTreeMap::new(),
        digests: Some(Digests::default()),
        gaps: Some(Vec::new()),
    }
}

fn promise_and_settle(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut ledger = Ledger::open(&folder.path().join("ledger.sqlite")).expect("a ledger");
    let target = ledger.target("nba", "sqlite:bench").expect("a target");
    let first = Partition::parse("2021-10-19").expect("a date");
    let dates: Vec<_> = (0..UNITS)
        .map(|number| first.moved(number.cast_signed()).expect("a date"))
        .collect();
    let settled: Vec<_> = dates.iter().copied().map(settled).collect();
    let mut group = criterion.benchmark_group("ledger");
    group.throughput(Throughput::Elements(UNITS));
    group.bench_function("promise and settle 16 units", |bencher| {
        bencher.iter(|| {
            let promises = ledger
                .intend(
                    target,
                    "team_offense",
                    "bench",
                    std::slice::from_ref(&dates),
                    Utc::now(),
                )
                .expect("a promise");
            ledger
                .settle(
                    target,
                    "team_offense",
                    "bench",
                    Settlement {
                        intents: &[promises[0].id],
                        settled: &settled,
                        invalidated: &[],
                        fingerprint: None,
                        synced: &[],
                        entry: 0,
                    },
                    Utc::now(),
                )
                .expect("a settled promise");
        });
    });
    group.finish();
}

criterion_group!(benches, promise_and_settle);
criterion_main!(benches);
