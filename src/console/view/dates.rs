//! Draws the dates of a stage as a calendar, and the date under the cursor in words.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::heat::{DateCell, Heat, date_at as date_in_heat, in_view};
use super::pen::{BOLD, PLAIN, Pen, row};
use crate::console::calendar::titled;
use crate::console::model::Model;
use crate::console::model::dates::unit;
use crate::console::text::{count, counted, width};
use crate::console::theme::{SELECTED, Theme};
use crate::engine::{StageView, UnitView};
use crate::ledger::UnitState;
use crate::partition::Partition;

/// Height from which the legend is shown.
const LEGEND_FROM: u16 = 14;

pub fn draw(model: &Model, theme: Theme, area: Rect, buf: &mut Buffer) {
    let stage = model.stage().filter(|stage| !stage.units.is_empty());
    let (Some(stage), Some(cursor)) = (stage, model.dates.cursor) else {
        Pen::on(buf, theme, row(area, 0)).write(nothing(model), PLAIN);
        return;
    };
    let legend = legend_rows(area);
    let foot = usize::from(area.height.saturating_sub(1));
    draw_cursor_date(model, stage, cursor, theme, row(area, foot), buf);
    for (at, states) in LEGEND.iter().enumerate().take(legend) {
        let at = foot.saturating_sub(legend) + at;
        explain(stage, states, theme, row(area, at), buf);
    }
    if stage.units.iter().any(|unit| model.dates.shows(unit)) {
        strip(model, stage, cursor, theme, strip_area(area), buf);
    } else {
        Pen::on(buf, theme, row(area, 0)).write("No date matches the filter; Esc shows all.", PLAIN);
    }
}

const fn legend_rows(area: Rect) -> usize {
    if area.height >= LEGEND_FROM { 2 } else { 0 }
}

/// The area of the calendar: what the legend and the foot leave.
fn strip_area(area: Rect) -> Rect {
    let below = u16::try_from(legend_rows(area) + 1).unwrap_or(1);
    Rect {
        height: area.height.saturating_sub(below),
        ..area
    }
}

/// The date drawn at a position of the pane.
pub fn date_at(model: &Model, area: Rect, column: usize, line: usize) -> Option<Partition> {
    let units = &model.stage()?.units;
    let range = units.first()?.date..=units.last()?.date;
    date_in_heat(
        &range,
        model.first_month(),
        model.dates.cursor?,
        strip_area(area),
        column,
        line,
    )
}

fn nothing(model: &Model) -> &'static str {
    match &model.snapshot {
        Some(snapshot) if snapshot.run.preparing.is_some() => "Dates appear when this is done.",
        Some(_) => "This stage has no dates yet.",
        None => "",
    }
}

fn strip(model: &Model, stage: &StageView, cursor: Partition, theme: Theme, area: Rect, buf: &mut Buffer) {
    let cell = |unit: &UnitView| {
        let shown = model.dates.shows(unit);
        DateCell {
            date: unit.date,
            sign: if shown { theme.glyphs.unit(unit.state) } else { " " },
            style: theme.unit(unit.state),
            weight: if shown { weight(unit.state) } else { 0 },
        }
    };
    let units = drawn(stage, cursor, area);
    let cells: Vec<DateCell> = units.iter().map(cell).collect();
    let selected = model.dates.selected().filter(|_| model.dates.anchor.is_some());
    Heat {
        cells: &cells,
        first_month: model.first_month(),
        cursor,
        selected,
    }
    .draw(theme, area, buf);
}

/// The units of a stage, sorted by date, for which cells are drawn.
fn drawn(stage: &StageView, cursor: Partition, area: Rect) -> &[UnitView] {
    let (Some(first), Some(last)) = (stage.units.first(), stage.units.last()) else {
        return &[];
    };
    let shown = in_view(first.date..=last.date, cursor, area);
    let from = stage.units.partition_point(|unit| unit.date < *shown.start());
    let to = stage.units.partition_point(|unit| unit.date <= *shown.end());
    &stage.units[from..to]
}

/// Priority of a state in a week that shows only one date; states hidden by the filter have the lowest.
fn weight(state: UnitState) -> usize {
    let more_urgent = UnitState::BY_URGENCY.iter().take_while(|other| **other != state);
    UnitState::BY_URGENCY.len() - more_urgent.count()
}

/// The states explained in the two rows of the legend.
const LEGEND: [&[UnitState]; 2] = [
    &[
        UnitState::Ok,
        UnitState::Skipped,
        UnitState::Pending,
        UnitState::Running,
    ],
    &[
        UnitState::Failed,
        UnitState::Empty,
        UnitState::Partial,
        UnitState::Unknown,
        UnitState::Stale,
        UnitState::Outdated,
    ],
];

/// A row of the legend. If it is too narrow, the last states without dates are left out.
fn explain(stage: &StageView, states: &[UnitState], theme: Theme, area: Rect, buf: &mut Buffer) {
    let shown = |state: &UnitState| {
        let number = stage.counts.of(*state);
        let text = format!("{} {state} {}", theme.glyphs.unit(*state), count(number));
        (*state, number, text)
    };
    let mut shown: Vec<(UnitState, u64, String)> = states.iter().map(shown).collect();
    let is_too_wide = |shown: &[(UnitState, u64, String)]| {
        let room: usize = shown.iter().map(|(_, _, text)| width(text) + 2).sum();
        room > usize::from(area.width) + 2
    };
    while is_too_wide(&shown)
        && let Some(at) = shown.iter().rposition(|(_, number, _)| *number == 0)
    {
        shown.remove(at);
    }
    let mut pen = Pen::on(buf, theme, area);
    for (state, number, text) in shown {
        let style = if number > 0 { theme.unit(state) } else { PLAIN };
        pen.write(&text, style).write("  ", PLAIN);
    }
}

/// The date under the cursor in words.
fn draw_cursor_date(
    model: &Model,
    stage: &StageView,
    cursor: Partition,
    theme: Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let mut pen = Pen::on(buf, theme, area);
    pen.write(&format!("{} ", titled(cursor)), BOLD.add_modifier(SELECTED))
        .write(" ", PLAIN);
    if model.dates.anchor.is_some() {
        let marked = model.dates.marked(stage);
        let is_skipped = |unit: &&&UnitView| unit.state == UnitState::Skipped;
        let skipped = count(marked.iter().filter(is_skipped).count() as u64);
        let text = format!(
            "{} selected, {skipped} of them skipped",
            counted(marked.len(), "date")
        );
        pen.write(&text, BOLD);
        return;
    }
    if let Some(unit) = unit(stage, cursor) {
        in_words(unit, theme, &mut pen);
        if let Some(reason) = &unit.reason {
            pen.write(": ", PLAIN).write(reason, PLAIN);
        }
    }
}

/// State, rows and attempts of a unit.
pub fn in_words(unit: &UnitView, theme: Theme, pen: &mut Pen<'_>) {
    let style = theme.unit(unit.state);
    pen.write(
        &format!("{} {}", theme.glyphs.unit(unit.state), unit.state),
        style,
    );
    if unit.expected > 0 {
        let (rows, expected) = (count(unit.rows), counted(unit.expected, "row"));
        pen.write(&format!(", {rows} of {expected}"), PLAIN);
    }
    if unit.attempts > 1 {
        pen.write(&format!(", {}", counted(unit.attempts, "attempt")), PLAIN);
    }
}
