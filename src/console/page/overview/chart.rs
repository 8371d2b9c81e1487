//! Draws throughput over time as bars. Knows numbers, not where they come from.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::model::throughput::{Throughput, ThroughputBars};
use crate::console::text::{count, duration};
use crate::console::theme::{Theme, Tone};
use crate::console::view::pen::{BOLD, PLAIN, Pen, row};

/// Heights of a bar in one row.
const STEPS: usize = 8;

/// The heading, and the bars below it.
pub(super) fn draw(throughput: &Throughput, theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::on(buf, theme, row(area, 0));
    pen.write("Throughput", BOLD).write("  ", PLAIN);
    let Some(bars) = throughput.bars(usize::from(area.width)) else {
        pen.write("not measured yet", PLAIN);
        return;
    };
    let highest = bars.per_minute.iter().copied().fold(0.0, f64::max);
    pen.write(&heading(&bars, highest), PLAIN);
    let rows = usize::from(area.height).saturating_sub(1);
    for line in 0..rows {
        let mut pen = Pen::on(buf, theme, row(area, line + 1));
        let below = STEPS * (rows - 1 - line);
        for rate in &bars.per_minute {
            let step = height(*rate, highest, STEPS * rows)
                .saturating_sub(below)
                .min(STEPS);
            let glyph = step.checked_sub(1).and_then(|at| theme.glyphs.heights.get(at));
            pen.fill(glyph.unwrap_or(&" "), 1, theme.style(Tone::Active));
        }
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate of units that were counted"
)]
fn heading(bars: &ThroughputBars, highest: f64) -> String {
    let whole = bars.seconds as u64;
    let bar = match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min", whole / 60),
        _ => format!("{} h", whole / 3600),
    };
    let peak = count(highest.round() as u64);
    let text = format!("units/min, peak {peak}, {bar} per bar");
    // A console that was attached later, or a recording that was not played from its start.
    if bars.from >= bars.seconds {
        format!("{text}, from {} on", duration(bars.from))
    } else {
        text
    }
}

/// The height of a rate in steps. The smallest rate is still visible, and only 0 is empty.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of the rows of a screen"
)]
fn height(rate: f64, highest: f64, steps: usize) -> usize {
    if rate <= 0.0 || highest <= 0.0 {
        return 0;
    }
    ((rate / highest * steps as f64).round() as usize).clamp(1, steps)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0.0, 100.0, 0)]
    #[case(0.1, 100.0, 1)]
    #[case(50.0, 100.0, 12)]
    #[case(100.0, 100.0, 24)]
    #[case(0.0, 0.0, 0)]
    fn only_zero_is_empty(#[case] rate: f64, #[case] highest: f64, #[case] steps: usize) {
        assert_eq!(height(rate, highest, 24), steps);
    }

    #[rstest]
    #[case(0.0, 1.0, "units/min, peak 4,310, 1 s per bar")]
    #[case(0.5, 30.0, "units/min, peak 4,310, 30 s per bar")]
    #[case(185.0, 60.0, "units/min, peak 4,310, 1 min per bar, from 3 min 05 s on")]
    #[case(0.0, 7200.0, "units/min, peak 4,310, 2 h per bar")]
    fn the_heading_names_the_scale(#[case] from: f64, #[case] seconds: f64, #[case] text: &str) {
        let bars = ThroughputBars {
            from,
            seconds,
            per_minute: vec![4_310.0],
        };
        assert_eq!(heading(&bars, 4_310.0), text);
    }
}
