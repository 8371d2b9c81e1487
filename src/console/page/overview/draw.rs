//! Draws the Overview page: the periods, the stages with their gates, and the selected cell and stage in words.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::chart;
use crate::console::model::Model;
use crate::console::model::gate::{GateStatus, StageGate};
use crate::console::model::overview::{
    GATE, GATE_WORD, LEFT, OverviewColumns, OverviewPage, OverviewRows, PERCENT, PROBLEMS, StageTimes, TIME,
    ok_of_all, ok_share, problems, states_of, to_do, units_in,
};
use crate::console::text::{count, counted, duration, to_go, width};
use crate::console::theme::{SELECTED, Theme, Tone};
use crate::console::timescale::Timescale;
use crate::console::view::badge::{Badge, outside};
use crate::console::view::frame::{page_frame, thumb};
use crate::console::view::pen::{BOLD, PLAIN, Pen, row};
use crate::engine::{Snapshot, StageView};
use crate::ledger::UnitState;

pub(super) fn draw(model: &Model, page: &OverviewPage, theme: Theme, body: Rect, buf: &mut Buffer) {
    let badges = model
        .snapshot
        .as_ref()
        .map_or_else(Vec::new, |snapshot| badges(snapshot));
    let area = page_frame(buf, theme, body, "Overview", &badges);
    let Some(snapshot) = &model.snapshot else {
        return;
    };
    let columns = OverviewColumns::of(snapshot, usize::from(area.width));
    let rows = OverviewRows::of(usize::from(area.height), snapshot.stages.len());
    heading(page, &columns, theme, row(area, 0), buf);
    let top = page.first_stage(rows.stages, snapshot.stages.len());
    let list = Rect {
        y: area.y.saturating_add(1),
        height: u16::try_from(rows.stages).unwrap_or(0).min(area.height),
        ..area
    };
    thumb(buf, theme, list, top, rows.stages, snapshot.stages.len());
    let mut line = 1;
    for at in (top..snapshot.stages.len()).take(rows.stages) {
        stage_row(page, at, snapshot, &columns, theme, row(area, line), buf);
        line += 1;
    }
    if let Some(stage) = snapshot.stages.get(page.stage) {
        cell_in_words(page, stage, &columns, theme, row(area, line), buf);
        if rows.foot > 1 {
            stage_in_words(stage, snapshot, theme, row(area, line + 1), buf);
        }
    }
    line += rows.foot;
    let below = usize::from(area.height).saturating_sub(line);
    if rows.chart > 0 {
        // A gap, if the chart doesn't need the row.
        let gap = usize::from(below > rows.chart);
        let lines = Rect {
            y: area
                .y
                .saturating_add(u16::try_from(line + gap).unwrap_or(u16::MAX)),
            height: u16::try_from(rows.chart.min(below)).unwrap_or(0),
            ..area
        };
        chart::draw(&model.throughput, theme, lines, buf);
    }
}

/// What needs attention in all stages of the run, and outside of it.
fn badges(snapshot: &Snapshot) -> Vec<Badge> {
    let attention: u64 = snapshot.stages.iter().map(problems).sum();
    let need = if attention == 1 { "needs" } else { "need" };
    let inside = (attention > 0).then(|| format!("{} {need} attention", count(attention)));
    let texts = inside.into_iter().chain(outside(&snapshot.run));
    let badge = |text| Badge {
        text,
        role: Tone::Bad,
    };
    texts.map(badge).collect()
}

/// Writes a text right-aligned after a gap; `columns` includes both.
fn number(pen: &mut Pen<'_>, columns: usize, text: &str, style: Style) {
    pen.skip(columns.saturating_sub(width(text))).write(text, style);
}

/// Writes the word of a gate after a gap.
fn word(pen: &mut Pen<'_>, text: &str, style: Style) {
    let rest = GATE_WORD.saturating_sub(1 + width(text));
    pen.skip(1).write(text, style).skip(rest);
}

fn heading(page: &OverviewPage, columns: &OverviewColumns, theme: Theme, area: Rect, buf: &mut Buffer) {
    if let Some(scale) = columns.scale {
        periods(page, columns, scale, theme, area, buf);
    }
    let mut pen = Pen::on(buf, theme, area);
    pen.column(columns.name + 1, "stage", BOLD).skip(columns.cells());
    if columns.gate_word {
        // The label of the last year may reach above the mark.
        pen.skip(GATE);
        word(&mut pen, "gate", BOLD);
    } else {
        pen.skip(GATE);
    }
    match columns.counts {
        Some(columns) => number(&mut pen, columns, "ok/all", BOLD),
        None => number(&mut pen, PERCENT, "ok", BOLD),
    }
    if columns.problems {
        number(&mut pen, PROBLEMS, "problems", BOLD);
    }
    if columns.times >= StageTimes::Spent {
        number(&mut pen, TIME, "time", BOLD);
    }
    if columns.times == StageTimes::SpentAndLeft {
        number(&mut pen, LEFT, "left", BOLD);
    }
}

/// The years or months above the cells; a label that reaches into the next one is left out.
fn periods(
    page: &OverviewPage,
    columns: &OverviewColumns,
    scale: Timescale,
    theme: Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let left = page.first_cell(columns, scale);
    let in_view = left..left + columns.shown;
    // One column beyond the cells is free, the one before the gates.
    let mut free_until = columns.cells() + 1;
    for (cell, label) in scale.labels().into_iter().rev() {
        if !in_view.contains(&cell) {
            continue;
        }
        let at = (cell - left) * columns.cell;
        if at + width(&label) <= free_until {
            Pen::on(buf, theme, area)
                .skip(columns.name + 1 + at)
                .write(&label, PLAIN);
            free_until = at.saturating_sub(1);
        }
    }
}

/// A row of a stage. `at` is its index in the plan.
fn stage_row(
    page: &OverviewPage,
    at: usize,
    snapshot: &Snapshot,
    columns: &OverviewColumns,
    theme: Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let Some(stage) = snapshot.stages.get(at) else {
        return;
    };
    let is_selected = at == page.stage;
    let name = theme.stage(stage.state).patch(BOLD);
    let name = if is_selected {
        name.add_modifier(SELECTED)
    } else {
        name
    };
    let mut pen = Pen::on(buf, theme, area);
    pen.column(columns.name + 1, &stage.name, name);
    if let Some(scale) = columns.scale {
        let left = page.first_cell(columns, scale);
        let cursor = is_selected.then(|| page.cell(scale));
        let worst = page.worst(at, stage, scale);
        for (cell, state) in worst.iter().enumerate().skip(left).take(columns.shown) {
            draw_cell(*state, columns.cell, cursor == Some(cell), theme, &mut pen);
        }
    }
    let gate = StageGate::of(stage, &snapshot.checks).status;
    let style = theme.check(gate.drawn_as());
    pen.skip(1).write(theme.glyphs.check(gate.drawn_as()), style);
    if columns.gate_word {
        word(&mut pen, gate.word(), style);
    }
    match columns.counts {
        Some(columns) => number(&mut pen, columns, &ok_of_all(stage), PLAIN),
        None => number(&mut pen, PERCENT, &ok_share(stage), PLAIN),
    }
    if columns.problems {
        let style = if problems(stage) > 0 {
            theme.style(Tone::Bad)
        } else {
            PLAIN
        };
        number(&mut pen, PROBLEMS, &count(problems(stage)), style);
    }
    if columns.times >= StageTimes::Spent {
        let time = (stage.seconds > 0.0).then(|| duration(stage.seconds));
        number(&mut pen, TIME, &time.unwrap_or_default(), PLAIN);
    }
    if let Some(eta) = stage.eta.filter(|_| columns.times == StageTimes::SpentAndLeft) {
        number(&mut pen, LEFT, &to_go(eta, 0), PLAIN);
    }
}

/// A cell of one column is its sign; a wider one repeats it and leaves a gap.
fn draw_cell(state: Option<UnitState>, columns: usize, is_cursor: bool, theme: Theme, pen: &mut Pen<'_>) {
    let sign = state.map_or(" ", |state| theme.glyphs.unit(state));
    let style = state.map_or(PLAIN, |state| theme.unit(state));
    let style = if is_cursor {
        style.patch(BOLD).add_modifier(SELECTED)
    } else {
        style
    };
    let signs = columns.saturating_sub(1).max(1);
    pen.fill(sign, signs, style).skip(columns - signs);
}

/// The selected cell: its period, and its dates by state. It also explains the signs.
fn cell_in_words(
    page: &OverviewPage,
    stage: &StageView,
    columns: &OverviewColumns,
    theme: Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let mut pen = Pen::on(buf, theme, area);
    let Some(scale) = columns.scale else {
        pen.write("Dates appear when the stages are planned.", PLAIN);
        return;
    };
    let cell = page.cell(scale);
    pen.write(&format!("{} ", scale.title(cell)), BOLD.add_modifier(SELECTED));
    let states = states_of(units_in(stage, scale, cell));
    if states.is_empty() {
        pen.write("  no dates", PLAIN);
    }
    in_states(&states, true, theme, &mut pen);
}

/// Numbers of dates by state. If not all fit, the line ends with a mark.
fn in_states(states: &[(UnitState, u64)], signs: bool, theme: Theme, pen: &mut Pen<'_>) {
    for (at, (state, number)) in states.iter().enumerate() {
        let sign = if signs { theme.glyphs.unit(*state) } else { "" };
        let text = format!("{sign} {} {state}", count(*number));
        let text = format!("  {}", text.trim_start());
        let mark = format!(" {}", theme.glyphs.cut);
        let is_last = at + 1 == states.len();
        let room = pen.left().saturating_sub(if is_last { 0 } else { width(&mark) });
        if width(&text) > room {
            pen.write(&mark, PLAIN);
            return;
        }
        pen.write(&text, theme.unit(*state));
    }
}

/// The selected stage: its gate, and its dates by state.
fn stage_in_words(stage: &StageView, snapshot: &Snapshot, theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::on(buf, theme, area);
    pen.write(&stage.name, BOLD).write("  ", PLAIN);
    if to_do(stage) > 0 {
        pen.write(&format!("{} ok  ", ok_of_all(stage)), PLAIN);
    }
    let gate = StageGate::of(stage, &snapshot.checks);
    let style = theme.check(gate.status.drawn_as());
    pen.write(&format!("gate {}", gate_in_words(gate, stage)), style);
    let states = UnitState::BY_URGENCY.map(|state| (state, stage.counts.of(state)));
    let other = |(state, number): &(UnitState, u64)| *number > 0 && *state != UnitState::Ok;
    let states: Vec<(UnitState, u64)> = states.into_iter().filter(other).collect();
    in_states(&states, false, theme, &mut pen);
    // Problems come first where not all fits.
    let left = stage.eta.map(|eta| format!("  {} left", to_go(eta, 0)));
    if let Some(left) = left.filter(|left| width(left) <= pen.left()) {
        pen.write(&left, PLAIN);
    }
}

fn gate_in_words(gate: StageGate, stage: &StageView) -> String {
    let word = gate.status.word();
    let reason = match gate.status {
        GateStatus::Failed if gate.failing > 0 => counted(gate.failing, "failing check"),
        GateStatus::Failed if problems(stage) > 0 => counted(problems(stage), "problem"),
        GateStatus::Waived => counted(gate.waived, "check"),
        GateStatus::Passed if gate.blocking > 0 => counted(gate.blocking, "blocking check"),
        GateStatus::Passed => "no blocking check".to_owned(),
        GateStatus::NotYet | GateStatus::Checking | GateStatus::Failed => return word.to_owned(),
    };
    format!("{word} ({reason})")
}
