//! Draws the workers with their batches and recent utilisation, and the process metrics.

use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame::thumb;
use super::pen::{BOLD, PLAIN, Pen, row};
use crate::console::layout::Pane;
use crate::console::model::Model;
use crate::console::model::workers::{ABOVE, WorkersState};
use crate::console::text::count;
use crate::console::theme::{SELECTED, Theme, Tone};
use crate::engine::{Phase, TaskView, WorkerView};
use crate::figures::bytes_roughly;

const SLOT: usize = 3;
const PHASE: usize = 8;
const BATCH: usize = 22;
const AGE: usize = 7;
const BUSY: usize = 6;
const DONE: usize = 6;

/// Minimum width of a utilisation strip.
const STRIP: usize = 8;

pub fn draw(model: &Model, theme: Theme, area: Rect, buf: &mut Buffer) {
    let Some(snapshot) = &model.snapshot else {
        return;
    };
    if model.observation.is_some() {
        Pen::on(buf, theme, row(area, 0)).write("Worker activity is not recorded in the warehouse.", PLAIN);
        return;
    }
    process(model, theme, row(area, 0), buf);
    let columns = WorkerColumns::of(usize::from(area.width));
    columns.names(theme, row(area, 1), buf);
    let room = WorkersState::page(area);
    let top = model.workers.first_in_view(room, snapshot.workers.len());
    thumb(buf, theme, area, top, room, snapshot.workers.len());
    for (at, worker) in snapshot.workers.iter().enumerate().skip(top).take(room) {
        let line = row(area, ABOVE + at - top);
        columns.worker(model, worker, theme, line, buf);
        if at == model.workers.cursor && model.focus == Pane::Workers {
            buf.set_style(line, SELECTED);
        }
    }
}

/// Index of the worker drawn in a line of the pane.
pub fn item_at(model: &Model, area: Rect, line: usize) -> Option<usize> {
    let len = model.snapshot.as_ref()?.workers.len();
    let room = WorkersState::page(area);
    let at = model.workers.first_in_view(room, len) + line.checked_sub(ABOVE)?;
    (at < len).then_some(at)
}

fn process(model: &Model, theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::on(buf, theme, area);
    let Some(metrics) = &model.metrics else {
        if model.recording.is_some() {
            pen.write("Process metrics are not recorded.", PLAIN);
        }
        return;
    };
    // In cores, like the read slots of the bottleneck: all of those may be taken while their batches wait for the disk.
    let used = f64::from(metrics.cpu_percent) / 100.0;
    let (cpu, memory) = match metrics.cores {
        0 => (format!("{used:.1}"), bytes_roughly(metrics.memory)),
        cores => (format!("{used:.1} of {cores}"), bytes_roughly(metrics.memory)),
    };
    pen.write(&format!("cpu {cpu}  mem {memory}"), PLAIN);
    let disk = [("r", metrics.disk_read), ("w", metrics.disk_written)];
    let network = [("in", metrics.network_received), ("out", metrics.network_sent)];
    // The operating system counts network traffic only for the whole host.
    for (name, flows) in [("disk", disk), ("host net", network)] {
        pen.write(&format!("  {name}"), PLAIN);
        if flows.iter().all(|(_, rate)| *rate == 0) {
            pen.write(" idle", PLAIN);
        }
        for (direction, rate) in flows.iter().filter(|(_, rate)| *rate > 0) {
            pen.write(&format!(" {direction} {}/s", bytes_roughly(*rate)), PLAIN);
        }
    }
}

/// The optional columns that fit.
struct WorkerColumns {
    busy: bool,
    strip: bool,
    done: bool,
}

impl WorkerColumns {
    fn of(width: usize) -> Self {
        let least = SLOT + PHASE + BATCH + AGE;
        Self {
            busy: width >= least + BUSY,
            strip: width >= least + BUSY + STRIP,
            done: width >= least + BUSY + STRIP + DONE,
        }
    }

    fn names(&self, theme: Theme, area: Rect, buf: &mut Buffer) {
        let mut pen = Pen::on(buf, theme, area);
        pen.number(SLOT, "#", BOLD)
            .column(PHASE, "phase", BOLD)
            .column(BATCH, "batch", BOLD)
            .number(AGE, "age", BOLD);
        if self.done {
            pen.number(DONE, "done", BOLD);
        }
        if self.busy {
            pen.number(BUSY, "busy", BOLD);
        }
        if self.strip {
            pen.write("recent", BOLD);
        }
    }

    fn worker(&self, model: &Model, worker: &WorkerView, theme: Theme, area: Rect, buf: &mut Buffer) {
        let mut pen = Pen::on(buf, theme, area);
        pen.number(SLOT, &worker.slot.to_string(), PLAIN);
        match &worker.task {
            Some(task) => {
                let role = if task.phase == Phase::Backoff {
                    Tone::Warn
                } else {
                    Tone::Active
                };
                pen.column(PHASE, task.phase.word(), theme.style(role))
                    .column(BATCH, &batch(task), PLAIN)
                    .number(AGE, &age(task, model.clock()), PLAIN);
            }
            None => {
                pen.column(PHASE, "idle", PLAIN).skip(BATCH + AGE);
            }
        }
        if self.done {
            pen.number(DONE, &count(worker.units_done), PLAIN);
        }
        if self.busy {
            pen.number(BUSY, &format!("{:.0} %", 100.0 * worker.busy), PLAIN);
        }
        let deaths = model.workers.deaths(worker.slot);
        if deaths > 0 {
            pen.at_the_end(&format!(" panicked {deaths}x"), theme.style(Tone::Bad));
        }
        if self.strip {
            let fits = pen.left();
            let samples: Vec<_> = model.workers.samples(worker.slot).rev().take(fits).collect();
            for share in samples.iter().rev() {
                pen.write(height(theme, *share), theme.style(Tone::Active));
            }
        }
    }
}

/// A share, 0 to 1, as a bar of one column.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0 to 7"
)]
fn height(theme: Theme, share: f64) -> &'static str {
    theme.glyphs.heights[(share * 7.0).round().clamp(0.0, 7.0) as usize]
}

/// The dates of a batch: `2023-12-29`, or `2023-12-29..31 x3`; the end without the parts that it shares with the start.
fn batch(task: &TaskView) -> String {
    let (first, last) = (task.first, task.last);
    if first == last {
        return first.to_string();
    }
    let (begin, end) = (first.to_string(), last.to_string());
    let same = begin.split_inclusive('-').zip(end.split_inclusive('-'));
    let same: usize = same
        .take_while(|(one, other)| one == other)
        .map(|(one, _)| one.len())
        .sum();
    let end = &end[same..];
    let text = format!("{first}..{end} x{}", task.dates);
    if text.len() < BATCH {
        return text;
    }
    format!("{first} .. x{}", task.dates)
}

/// Time since the batch was assigned, in at most six columns.
fn age(task: &TaskView, now: Option<DateTime<Utc>>) -> String {
    let seconds = now.map_or(0.0, |now| (now - task.since).as_seconds_f64().max(0.0));
    match seconds {
        _ if seconds < 9.95 => format!("{seconds:.1} s"),
        _ if seconds < 99.5 => format!("{seconds:.0} s"),
        _ if seconds < 5_970.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.0} h", seconds / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::console::fixture::{day, second};

    fn task(first: &str, last: &str, dates: usize) -> TaskView {
        TaskView {
            stage: "s".to_owned(),
            first: day(first),
            last: day(last),
            dates,
            phase: Phase::Read,
            since: second(0.0),
        }
    }

    #[rstest]
    #[case("2023-12-29", "2023-12-29", 1, "2023-12-29")]
    #[case("2023-12-05", "2023-12-14", 10, "2023-12-05..14 x10")]
    #[case("2023-11-28", "2023-12-05", 8, "2023-11-28..12-05 x8")]
    #[case("2023-12-28", "2024-01-04", 8, "2023-12-28 .. x8")]
    fn a_batch_fits_its_column(
        #[case] first: &str,
        #[case] last: &str,
        #[case] dates: usize,
        #[case] text: &str,
    ) {
        assert_eq!(batch(&task(first, last, dates)), text);
    }

    #[rstest]
    #[case(0.44, "0.4 s")]
    #[case(12.0, "12 s")]
    #[case(120.0, "2 min")]
    #[case(7_200.0, "2 h")]
    fn ages_have_a_short_format(#[case] seconds: f64, #[case] text: &str) {
        assert_eq!(
            age(&task("2023-12-29", "2023-12-29", 1), Some(second(seconds))),
            text
        );
    }
}
