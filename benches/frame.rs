//! How long a frame takes: the whole screen at three sizes, of a running plan of eight stages with 1,538 dates each; and
//! what a new picture of it costs before that.

use std::hint::black_box;
use std::sync::Arc;

use backcourt::console::{Model, Msg, Palette, Theme, draw, update};
use backcourt::engine::{Snapshot, UnitView};
use backcourt::partition::{Grain, Partition};
use criterion::{Criterion, criterion_group, criterion_main};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

// The fixture looks for the crate in the module around it.
extern crate backcourt;

#[path = "../src/console/fixture.rs"]
#[allow(
    dead_code,
    clippy::expect_used,
    missing_docs,
    reason = "made for the tests; the bench uses a part"
)]
mod fixture;

const STAGES: usize = 8;

/// Dates of each stage of a long plan.
const LONG: i64 = 12_304;

/// Hours of ten years.
const HOURS: i64 = 87_648;

/// The plan's eight stages, all at work.
fn picture(version: u64) -> Snapshot {
    let mut snapshot = fixture::running(version);
    let first = snapshot.stages[0].clone();
    snapshot.stages.extend((2..=STAGES).map(|number| {
        let mut stage = first.clone();
        stage.name = format!("stage_{number}");
        stage
    }));
    snapshot
}

/// The same stages over 33 years.
fn long_picture(version: u64) -> Snapshot {
    with_dates(picture(version), fixture::day("1990-01-01"), LONG)
}

/// One stage over ten years of hours.
fn hours(version: u64) -> Snapshot {
    let first = fixture::day("2015-01-01").at_start(Grain::Hour);
    with_dates(fixture::running(version), first, HOURS)
}

/// Every stage with this many dates.
fn with_dates(mut snapshot: Snapshot, first: Partition, dates: i64) -> Snapshot {
    for stage in &mut snapshot.stages {
        let unit = stage.units[0].clone();
        let units = (0..dates).filter_map(|later| {
            let date = first.moved(later)?;
            Some(UnitView { date, ..unit.clone() })
        });
        stage.units = Arc::new(units.collect());
    }
    snapshot
}

fn model() -> Model {
    let mut model = Model::default();
    let mut msgs = fixture::history(picture(50));
    msgs.extend([fixture::metrics(), fixture::log()]);
    for msg in msgs {
        update(&mut model, msg);
    }
    model
}

fn frame(criterion: &mut Criterion) {
    let theme = Theme::new(Palette::Auto, true, true);
    let mut group = criterion.benchmark_group("frame");
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let mut model = model();
        update(&mut model, Msg::Resize { columns, rows });
        let area = Rect::new(0, 0, columns, rows);
        let mut buffer = Buffer::empty(area);
        group.bench_function(format!("{columns}x{rows}"), |bencher| {
            bencher.iter(|| {
                buffer.reset();
                draw(black_box(&model), &theme, area, &mut buffer);
            });
        });
    }
    let mut overview = model();
    let key = Msg::Key {
        key: KeyEvent::new(KeyCode::Char('0'), KeyModifiers::NONE),
        at: fixture::second(8.4),
    };
    let (columns, rows) = (80, 24);
    for msg in [
        Msg::Resize { columns, rows },
        Msg::Snapshot(Arc::new(long_picture(60))),
        key,
    ] {
        update(&mut overview, msg);
    }
    let area = Rect::new(0, 0, columns, rows);
    let mut buffer = Buffer::empty(area);
    group.bench_function("overview-of-33-years", |bencher| {
        bencher.iter(|| {
            buffer.reset();
            draw(black_box(&overview), &theme, area, &mut buffer);
        });
    });
    let mut calendar = model();
    let (columns, rows) = (120, 40);
    update(&mut calendar, Msg::Resize { columns, rows });
    update(&mut calendar, Msg::Snapshot(Arc::new(hours(60))));
    let area = Rect::new(0, 0, columns, rows);
    let mut buffer = Buffer::empty(area);
    group.bench_function("ten-years-of-hours", |bencher| {
        bencher.iter(|| {
            buffer.reset();
            draw(black_box(&calendar), &theme, area, &mut buffer);
        });
    });
    group.finish();
    let mut model = model();
    let pictures = [51, 52].map(|version| Arc::new(picture(version)));
    let mut next = pictures.iter().cycle();
    criterion.bench_function("picture", |bencher| {
        bencher.iter(|| {
            next.next()
                .map(|picture| update(&mut model, Msg::Snapshot(Arc::clone(picture))))
        });
    });
}

criterion_group!(benches, frame);
criterion_main!(benches);
