//! Draws the causes of dates that need attention: a line per cause, and the selected one in full.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame::{frame, thumb};
use super::pen::{BOLD, PLAIN, Pen, clear, row};
use crate::console::layout::framed;
use crate::console::model::Model;
use crate::console::model::causes::{ABOUT, ABOVE, Cause, Causes, causes, dates};
use crate::console::model::list::first_in_view;
use crate::console::text::{count, counted, sanitised, wrapped};
use crate::console::theme::{SELECTED, Theme};
use crate::plan::compact_dates;

const STATE: usize = 11;
const DATES: usize = 7;
const ROWS: usize = 17;

pub fn draw(model: &Model, list: &Causes, theme: Theme, body: Rect, buf: &mut Buffer) {
    let stages = model.snapshot.iter().flat_map(|snapshot| &snapshot.stages);
    let Some(stage) = stages.into_iter().find(|stage| stage.name == list.stage) else {
        return;
    };
    clear(buf, body);
    let title = format!("{}: failures by cause", stage.name);
    frame(buf, theme, body, &title, true, &[]);
    let area = framed(body);
    let causes = causes(stage);
    let all: usize = causes.iter().map(|cause| cause.things.len()).sum();
    let about = format!("{}, {}", counted(all, "date"), counted(causes.len(), "cause"));
    Pen::on(buf, theme, row(area, 0)).write(&about, PLAIN);
    let mut head = Pen::on(buf, theme, row(area, 1));
    head.column(STATE, "", BOLD)
        .number(DATES, "dates", BOLD)
        .number(ROWS, "rows", BOLD)
        .skip(2);
    head.write("cause", BOLD);
    let room = Causes::page(body);
    let top = first_in_view(0, list.cursor, room, causes.len());
    let rows = Rect {
        y: area.y + ABOVE,
        height: u16::try_from(room).unwrap_or(0),
        ..area
    };
    thumb(buf, theme, rows, top, room, causes.len());
    for (at, cause) in causes.iter().enumerate().skip(top).take(room) {
        let line = row(rows, at - top);
        let mut pen = Pen::on(buf, theme, line);
        let state = format!("{} {}", theme.glyphs.unit(cause.kind), cause.kind);
        pen.column(STATE, &state, theme.unit(cause.kind))
            .number(DATES, &count(cause.things.len() as u64), PLAIN)
            .number(ROWS, &stored(cause), PLAIN)
            .skip(2);
        pen.write(&sanitised(&cause.reason), PLAIN);
        if at == list.cursor {
            buf.set_style(line, SELECTED);
        }
    }
    if let Some(cause) = causes.get(list.cursor) {
        in_full(cause, theme, area, buf);
    }
}

/// Stored and expected rows of the dates of a cause.
fn stored(cause: &Cause<'_>) -> String {
    let sum = |of: fn(&crate::engine::UnitView) -> u32| {
        cause.things.iter().map(|unit| u64::from(of(unit))).sum::<u64>()
    };
    format!(
        "{} of {}",
        count(sum(|unit| unit.rows)),
        count(sum(|unit| unit.expected))
    )
}

/// The reason in up to two lines, and the dates in one.
fn in_full(cause: &Cause<'_>, theme: Theme, area: Rect, buf: &mut Buffer) {
    let foot = usize::from(area.height.saturating_sub(ABOUT));
    let reason = sanitised(&cause.reason);
    for (at, piece) in wrapped(&reason, usize::from(area.width))
        .into_iter()
        .take(2)
        .enumerate()
    {
        Pen::on(buf, theme, row(area, foot + at)).write(piece, theme.unit(cause.kind));
    }
    Pen::on(buf, theme, row(area, foot + 2)).write(&compact_dates(&dates(cause)), PLAIN);
}
