//! Every date of a stage as a calendar: weeks are columns, weekdays are rows, twelve months a block. Blocks for which
//! there is no room shrink to one row, a sign a week.

use chrono::{Datelike, NaiveDate};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::pen::{BOLD, PLAIN, Pen, row};
use crate::console::calendar::{self, Block, MOST_COLUMNS, WEEKDAYS, blocks};
use crate::console::model::Model;
use crate::console::model::dates::unit;
use crate::console::text::{count, counted, width};
use crate::console::theme::{SELECTED, Theme};
use crate::engine::{StageView, UnitView};
use crate::ledger::UnitState;

/// Columns before a block: its label, or a weekday.
const LABEL: usize = 6;

/// Rows of a whole block: months and weekdays.
const WHOLE: usize = 8;

/// From this height on there is room for the legend.
const LEGEND_FROM: u16 = 14;

pub fn draw(model: &Model, theme: Theme, area: Rect, buf: &mut Buffer) {
    let stage = model.stage().filter(|stage| !stage.units.is_empty());
    let (Some(stage), Some(cursor)) = (stage, model.dates.cursor) else {
        Pen::on(buf, theme, row(area, 0)).write(nothing(model), PLAIN);
        return;
    };
    let legend = if area.height >= LEGEND_FROM { 2 } else { 0 };
    let foot = usize::from(area.height.saturating_sub(1));
    about_cursor(model, stage, cursor, theme, row(area, foot), buf);
    for (at, states) in LEGEND.iter().enumerate().take(legend) {
        let at = foot.saturating_sub(legend) + at;
        explain(stage, states, theme, row(area, at), buf);
    }
    let height = foot.saturating_sub(legend);
    let room = Rect {
        height: u16::try_from(height).unwrap_or(0),
        ..area
    };
    strip(model, stage, cursor, theme, room, buf);
}

fn nothing(model: &Model) -> &'static str {
    match &model.snapshot {
        Some(snapshot) if snapshot.run.preparing.is_some() => "The dates come when this is done.",
        Some(_) => "This stage has no dates yet.",
        None => "",
    }
}

fn strip(model: &Model, stage: &StageView, cursor: NaiveDate, theme: Theme, area: Rect, buf: &mut Buffer) {
    let (Some(first), Some(last)) = (stage.units.first(), stage.units.last()) else {
        return;
    };
    let blocks = blocks(first.date, last.date);
    let here = blocks
        .iter()
        .position(|block| block.contains(cursor))
        .unwrap_or(0);
    let grid = Grid {
        model,
        stage,
        cursor,
        theme,
        cell: if usize::from(area.width) >= LABEL + 2 * MOST_COLUMNS {
            2
        } else {
            1
        },
    };
    let mut at = 0;
    for (block, whole) in blocks
        .iter()
        .zip(fit(blocks.len(), here, usize::from(area.height)))
    {
        match whole {
            Some(true) => {
                grid.whole(*block, area, at, buf);
                at += WHOLE;
            }
            Some(false) => {
                grid.weeks(*block, row(area, at), buf);
                at += 1;
            }
            None => {}
        }
    }
}

/// Which blocks are drawn whole, which as one row, which not at all, so that they fit into `height` rows. The block
/// under the cursor comes first, then its neighbours.
fn fit(blocks: usize, here: usize, height: usize) -> Vec<Option<bool>> {
    let mut fitted = vec![None; blocks];
    let mut left = height;
    let mut nearest: Vec<usize> = (0..blocks).collect();
    nearest.sort_by_key(|at| (at.abs_diff(here), *at < here));
    for at in &nearest {
        let whole = *at == here && left >= WHOLE;
        let takes = if whole { WHOLE } else { 1 };
        if left >= takes {
            fitted[*at] = Some(whole);
            left -= takes;
        }
    }
    for at in nearest {
        if fitted[at] == Some(false) && left >= WHOLE - 1 {
            fitted[at] = Some(true);
            left -= WHOLE - 1;
        }
    }
    fitted
}

struct Grid<'a> {
    model: &'a Model,
    stage: &'a StageView,
    cursor: NaiveDate,
    theme: Theme,
    cell: usize,
}

impl Grid<'_> {
    fn units(&self, block: Block) -> &[UnitView] {
        let units = &self.stage.units;
        let from = units.partition_point(|unit| unit.date < block.first);
        let to = units.partition_point(|unit| unit.date <= block.last);
        &units[from..to]
    }

    fn whole(&self, block: Block, area: Rect, at: usize, buf: &mut Buffer) {
        let theme = self.theme;
        Pen::on(buf, theme, row(area, at)).write(&block.label(), BOLD);
        for month in block.months() {
            let mut pen = Pen::on(buf, theme, row(area, at));
            pen.skip(LABEL + block.column(month) * self.cell);
            pen.write(&month.format("%b").to_string(), PLAIN);
        }
        for (weekday, name) in WEEKDAYS.iter().enumerate() {
            let marked = block.contains(self.cursor) && calendar::row(self.cursor) == weekday;
            let style = if marked {
                BOLD.add_modifier(SELECTED)
            } else {
                PLAIN
            };
            let line = row(area, at + 1 + weekday);
            Pen::on(buf, theme, line).skip(1).write(name, style);
        }
        let selected = self
            .model
            .dates
            .selected()
            .filter(|_| self.model.dates.anchor.is_some());
        for unit in self.units(block) {
            let mut style = self.theme.unit(unit.state);
            if unit.date == self.cursor {
                style = style.add_modifier(SELECTED | Modifier::BOLD);
            } else if selected.as_ref().is_some_and(|range| range.contains(&unit.date)) {
                style = style.add_modifier(SELECTED);
            }
            let line = row(area, at + 1 + calendar::row(unit.date));
            Pen::on(buf, theme, line)
                .skip(LABEL + block.column(unit.date) * self.cell)
                .write(theme.glyphs.unit(unit.state), style);
        }
    }

    /// One row, where each week shows the state in it that matters most.
    fn weeks(&self, block: Block, area: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        Pen::on(buf, theme, area).write(&block.label(), BOLD);
        let same_week = |a: &UnitView, b: &UnitView| calendar::monday(a.date) == calendar::monday(b.date);
        for week in self.units(block).chunk_by(same_week) {
            let Some(worst) = week.iter().max_by_key(|unit| weight(unit.state)) else {
                continue;
            };
            Pen::on(buf, theme, area)
                .skip(LABEL + block.column(worst.date) * self.cell)
                .write(theme.glyphs.unit(worst.state), theme.unit(worst.state));
        }
    }
}

/// How much a state matters in a week that shows only one.
const fn weight(state: UnitState) -> u8 {
    match state {
        UnitState::Skipped => 0,
        UnitState::Ok => 1,
        UnitState::Pending => 2,
        UnitState::Running => 3,
        UnitState::Stale => 4,
        UnitState::Unknown => 5,
        UnitState::Partial => 6,
        UnitState::Empty => 7,
        UnitState::Failed => 8,
    }
}

/// The states, as they are explained in two rows.
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
    ],
];

fn explain(stage: &StageView, states: &[UnitState], theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::on(buf, theme, area);
    for state in states {
        let number = stage.counts.of(*state);
        let text = format!("{} {state} {}", theme.glyphs.unit(*state), count(number));
        if width(&text) > pen.left() {
            break;
        }
        let style = if number > 0 { theme.unit(*state) } else { PLAIN };
        pen.write(&text, style).write("  ", PLAIN);
    }
}

/// The date under the cursor in words.
fn about_cursor(
    model: &Model,
    stage: &StageView,
    cursor: NaiveDate,
    theme: Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let mut pen = Pen::on(buf, theme, area);
    let weekday = WEEKDAYS[cursor.weekday().num_days_from_monday() as usize];
    pen.write(&format!("{weekday} {cursor} "), BOLD.add_modifier(SELECTED))
        .write(" ", PLAIN);
    if model.dates.anchor.is_some() {
        let (dates, left_out) = model.dates.to_rerun(stage);
        let marked = counted(dates.len() + left_out, "date");
        pen.write(&format!("{marked} selected, {left_out} of them skipped"), BOLD);
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
pub(super) fn in_words(unit: &UnitView, theme: Theme, pen: &mut Pen<'_>) {
    let style = theme.unit(unit.state);
    pen.write(
        &format!("{} {}", theme.glyphs.unit(unit.state), unit.state),
        style,
    );
    if unit.expected > 0 {
        let (rows, expected) = (count(unit.rows.into()), count(unit.expected.into()));
        pen.write(&format!(", {rows} of {expected} rows"), PLAIN);
    }
    if unit.attempts > 1 {
        pen.write(&format!(", {} attempts", unit.attempts), PLAIN);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const NO: Option<bool> = None;
    const ROW: Option<bool> = Some(false);
    const ALL: Option<bool> = Some(true);

    #[rstest]
    #[case(0, [NO, NO, NO, NO, NO])]
    #[case(3, [NO, NO, ROW, ROW, ROW])]
    #[case(8, [NO, NO, NO, ALL, NO])]
    #[case(10, [NO, NO, ROW, ALL, ROW])]
    #[case(12, [ROW, ROW, ROW, ALL, ROW])]
    #[case(19, [ROW, ROW, ROW, ALL, ALL])]
    #[case(26, [ROW, ROW, ALL, ALL, ALL])]
    #[case(40, [ALL, ALL, ALL, ALL, ALL])]
    fn the_cursors_block_is_whole_first(#[case] height: usize, #[case] fitted: [Option<bool>; 5]) {
        assert_eq!(fit(5, 3, height), fitted);
    }
}
