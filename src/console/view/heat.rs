//! The calendar of days: weeks are columns, weekdays are rows, and a block is a year. Blocks that don't fit
//! shrink to one row with one glyph per week.

use std::ops::{Range, RangeInclusive};

use chrono::Days;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::pen::{BOLD, PLAIN, Pen, row};
use super::{hour_rows, year_rows};
use crate::console::calendar::{self, Block, MAX_WEEKS, WEEKDAYS, blocks};
use crate::console::theme::{SELECTED, Theme};
use crate::partition::{Grain, Partition};

/// Columns before a block: its label, or a weekday.
pub(super) const LABEL: usize = 6;

/// Rows of a full block: months and weekdays.
const WHOLE: usize = 8;

pub struct DateCell {
    pub date: Partition,
    pub sign: &'static str,
    pub style: Style,
    /// Its priority in a week that shows only one date.
    pub weight: usize,
}

/// The calendar; dates are sorted and unique.
pub struct Heat<'a> {
    pub cells: &'a [DateCell],
    /// The month in which a year begins.
    pub first_month: u32,
    pub cursor: Partition,
    pub selected: Option<RangeInclusive<Partition>>,
}

impl Heat<'_> {
    /// Draws as many blocks as fit, the one under the cursor first.
    pub fn draw(&self, theme: Theme, area: Rect, buf: &mut Buffer) {
        let (Some(first), Some(last)) = (self.cells.first(), self.cells.last()) else {
            return;
        };
        let range = first.date..=last.date;
        match first.date.grain() {
            Grain::Hour => return hour_rows::draw(self, &range, theme, area, buf),
            Grain::Day => {}
            Grain::Week | Grain::Month | Grain::Year => {
                return year_rows::draw(self, &range, theme, area, buf);
            }
        }
        let columns = columns_a_week(area);
        for placed in placed(&range, self.first_month, self.cursor, area) {
            let (block, at) = (placed.block, placed.rows.start);
            if placed.is_whole() {
                self.whole(block, columns, theme, area, at, buf);
            } else {
                self.weeks(block, columns, theme, row(area, at), buf);
            }
        }
    }

    pub(super) fn cells_of(&self, block: Block) -> &[DateCell] {
        let from = self
            .cells
            .partition_point(|cell| cell.date.first_day() < block.first);
        let to = self
            .cells
            .partition_point(|cell| cell.date.first_day() <= block.last);
        &self.cells[from..to]
    }

    fn whole(&self, block: Block, columns: usize, theme: Theme, area: Rect, at: usize, buf: &mut Buffer) {
        Pen::on(buf, theme, row(area, at)).write(&block.label(), BOLD);
        for month in block.months() {
            let mut pen = Pen::on(buf, theme, row(area, at));
            pen.skip(LABEL + block.column(month) * columns);
            pen.write(&month.format("%b").to_string(), PLAIN);
        }
        for (weekday, name) in WEEKDAYS.iter().enumerate() {
            let marked =
                block.contains(self.cursor.first_day()) && calendar::row(self.cursor.first_day()) == weekday;
            let style = if marked {
                BOLD.add_modifier(SELECTED)
            } else {
                PLAIN
            };
            let line = row(area, at + 1 + weekday);
            Pen::on(buf, theme, line).skip(1).write(name, style);
        }
        for cell in self.cells_of(block) {
            let line = row(area, at + 1 + calendar::row(cell.date.first_day()));
            Pen::on(buf, theme, line)
                .skip(LABEL + block.column(cell.date.first_day()) * columns)
                .write(cell.sign, cell_style(self, cell));
        }
    }

    /// A block in one row: each week shows its date of the highest weight.
    fn weeks(&self, block: Block, columns: usize, theme: Theme, area: Rect, buf: &mut Buffer) {
        Pen::on(buf, theme, area).write(&block.label(), BOLD);
        let monday = |cell: &DateCell| calendar::monday(cell.date.first_day());
        let same_week = |one: &DateCell, other: &DateCell| monday(one) == monday(other);
        for week in self.cells_of(block).chunk_by(same_week) {
            let Some(worst) = week.iter().max_by_key(|cell| cell.weight) else {
                continue;
            };
            Pen::on(buf, theme, area)
                .skip(LABEL + block.column(worst.date.first_day()) * columns)
                .write(worst.sign, worst.style);
        }
    }
}

/// The style of a cell: the cursor and the selected dates stand out.
pub(super) fn cell_style(heat: &Heat<'_>, cell: &DateCell) -> Style {
    if cell.date == heat.cursor {
        return cell.style.add_modifier(SELECTED | Modifier::BOLD);
    }
    match &heat.selected {
        Some(range) if range.contains(&cell.date) => cell.style.add_modifier(SELECTED),
        _ => cell.style,
    }
}

/// The dates of the range for which cells are drawn; of hours only those of the days that fit.
pub fn in_view(range: RangeInclusive<Partition>, cursor: Partition, area: Rect) -> RangeInclusive<Partition> {
    match cursor.grain() {
        Grain::Hour => hour_rows::in_view(&range, cursor, area),
        Grain::Day | Grain::Week | Grain::Month | Grain::Year => range,
    }
}

/// A block with its rows in the area.
struct Placed {
    block: Block,
    rows: Range<usize>,
}

impl Placed {
    fn is_whole(&self) -> bool {
        self.rows.len() == WHOLE
    }
}

pub(super) fn columns_a_week(area: Rect) -> usize {
    if usize::from(area.width) >= LABEL + 2 * MAX_WEEKS {
        2
    } else {
        1
    }
}

/// The blocks of a range that fit, top down.
fn placed(range: &RangeInclusive<Partition>, first_month: u32, cursor: Partition, area: Rect) -> Vec<Placed> {
    let blocks = blocks(range.start().first_day(), range.end().first_day(), first_month);
    let here = blocks
        .iter()
        .position(|block| block.contains(cursor.first_day()))
        .unwrap_or(0);
    let fitted = fit(blocks.len(), here, usize::from(area.height));
    let drawn = (blocks.into_iter().zip(fitted)).filter_map(|(block, whole)| Some((block, whole?)));
    let mut end = 0;
    drawn
        .map(|(block, whole)| {
            let start = end;
            end += if whole { WHOLE } else { 1 };
            Placed {
                block,
                rows: start..end,
            }
        })
        .collect()
}

/// The date drawn at this column and row of the area; in a row of weeks, the first date of the week.
pub fn date_at(
    range: &RangeInclusive<Partition>,
    first_month: u32,
    cursor: Partition,
    area: Rect,
    column: usize,
    line: usize,
) -> Option<Partition> {
    match cursor.grain() {
        Grain::Hour => return hour_rows::date_at(range, cursor, area, column, line),
        Grain::Day => {}
        Grain::Week | Grain::Month | Grain::Year => {
            return year_rows::date_at(range, first_month, cursor, area, column, line);
        }
    }
    let week = column.checked_sub(LABEL)? / columns_a_week(area);
    let placed = placed(range, first_month, cursor, area);
    let under = placed.iter().find(|placed| placed.rows.contains(&line))?;
    let block = under.block;
    let weekday = if under.is_whole() {
        (line - under.rows.start).checked_sub(1)?
    } else {
        0
    };
    let days = u64::try_from(week * WEEKDAYS.len() + weekday).ok()?;
    let date = calendar::monday(block.first).checked_add_days(Days::new(days))?;
    let date = if under.is_whole() {
        date
    } else {
        date.max(block.first).max(range.start().first_day())
    };
    let day = Partition::day(date);
    (block.contains(date) && range.contains(&day)).then_some(day)
}

/// Decides which blocks are drawn in full (`Some(true)`), as one row (`Some(false)`) or not at all, to fit `height`
/// rows. The block under the cursor comes first, then its neighbours.
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
    fn the_block_with_the_cursor_is_shown_whole(#[case] height: usize, #[case] fitted: [Option<bool>; 5]) {
        assert_eq!(fit(5, 3, height), fitted);
    }

    /// `date_at` inverts the drawing: it finds every drawn date and nothing else.
    #[rstest]
    #[case(62, 40)]
    #[case(120, 19)]
    fn dates_are_hit_where_they_are_drawn(#[case] width: u16, #[case] height: u16) {
        let day = |text: &str| text.parse::<Partition>().unwrap();
        let (range, cursor) = (day("2021-10-19")..=day("2026-01-03"), day("2024-12-25"));
        let area = Rect::new(0, 0, width, height);
        let at = |column, line| date_at(&range, 10, cursor, area, column, line);
        for placed in placed(&range, 10, cursor, area) {
            let (block, top) = (placed.block, placed.rows.start);
            let dates = block.first.iter_days().take_while(|date| *date <= block.last);
            for date in dates.filter(|date| range.contains(&Partition::day(*date))) {
                let column = LABEL + block.column(date) * columns_a_week(area);
                if placed.is_whole() {
                    assert_eq!(
                        at(column, top + 1 + calendar::row(date)),
                        Some(Partition::day(date))
                    );
                } else {
                    let found = at(column, top).unwrap().first_day();
                    assert_eq!(calendar::monday(found), calendar::monday(date));
                }
            }
            assert_eq!(at(0, top), None, "a label is no date");
        }
        assert_eq!(at(LABEL, usize::from(height)), None);
    }
}
