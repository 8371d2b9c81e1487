//! How long a frame takes: the whole screen at three sizes, of a running plan of 1,538 dates.

use std::hint::black_box;

use backcourt::console::{Model, Msg, Palette, Theme, draw, update};
use criterion::{Criterion, criterion_group, criterion_main};
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

fn model() -> Model {
    let mut model = Model::default();
    let mut msgs = fixture::history(fixture::running(50));
    msgs.extend([fixture::vitals(), fixture::log()]);
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
    group.finish();
}

criterion_group!(benches, frame);
criterion_main!(benches);
