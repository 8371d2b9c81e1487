//! The calendar of weeks, months or years: a row is a year. Knows cells, not what they mean.

use std::ops::RangeInclusive;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::heat::{Heat, LABEL, cell_style, columns_a_week};
use super::pen::{BOLD, PLAIN, Pen, row};
use crate::console::calendar::{Block, blocks};
use crate::console::theme::Theme;
use crate::partition::{Grain, Partition};

/// Columns of a month and of a year, with the space after it.
const MONTH: usize = 4;
const YEAR: usize = 9;

/// Draws as many years as fit, below the names of the months. The year of the cursor is among them.
pub(super) fn draw(
    heat: &Heat<'_>,
    range: &RangeInclusive<Partition>,
    theme: Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let shown = shown(range, heat.first_month, heat.cursor, area);
    let grain = range.start().grain();
    if let (Some((block, _)), Grain::Week | Grain::Month) = (shown.first(), grain) {
        let first = Partition::containing(block.year_start(), Grain::Month);
        for month in (0..12).filter_map(|later| first.moved(later)) {
            let cell = Partition::containing(month.first_day(), grain);
            Pen::on(buf, theme, row(area, 0))
                .skip(columns(*block, cell, area).0)
                .write(&month.first_day().format("%b").to_string(), PLAIN);
        }
    }
    for (block, line) in shown {
        let label = match (grain, heat.cells_of(block)) {
            (Grain::Year, [year, ..]) => year.date.to_string(),
            _ => block.label(),
        };
        Pen::on(buf, theme, row(area, line)).write(&label, BOLD);
        for cell in heat.cells_of(block) {
            let (at, width) = columns(block, cell.date, area);
            Pen::on(buf, theme, row(area, line))
                .skip(at)
                .write(&cell.sign.repeat(width), cell_style(heat, cell));
        }
    }
}

/// The partition drawn at this column and row of the area.
pub(super) fn date_at(
    range: &RangeInclusive<Partition>,
    first_month: u32,
    cursor: Partition,
    area: Rect,
    column: usize,
    line: usize,
) -> Option<Partition> {
    let shown = shown(range, first_month, cursor, area);
    let (block, _) = shown.iter().find(|(_, at)| *at == line)?;
    let first = Partition::containing(block.first, range.start().grain()).max(*range.start());
    let mut drawn = first.up_to(*range.end());
    drawn.find(|date| {
        let (at, width) = columns(*block, *date, area);
        block.contains(date.first_day()) && (at..at + width).contains(&column)
    })
}

/// The years in view, each with its row.
fn shown(
    range: &RangeInclusive<Partition>,
    first_month: u32,
    cursor: Partition,
    area: Rect,
) -> Vec<(Block, usize)> {
    let blocks = blocks(range.start().first_day(), range.end().first_day(), first_month);
    let head = match range.start().grain() {
        Grain::Year => 0,
        Grain::Hour | Grain::Day | Grain::Week | Grain::Month => 1,
    };
    let room = usize::from(area.height).saturating_sub(head);
    let here = blocks.iter().position(|block| block.contains(cursor.first_day()));
    let top = here.unwrap_or(0).saturating_sub(room / 2);
    let top = top.min(blocks.len().saturating_sub(room));
    let shown = blocks.into_iter().skip(top).take(room);
    shown.enumerate().map(|(at, block)| (block, head + at)).collect()
}

/// The first column of a partition in the row of its year, and the columns that it fills.
fn columns(block: Block, date: Partition, area: Rect) -> (usize, usize) {
    let start = Partition::containing(block.year_start(), date.grain());
    let index = usize::try_from(start.distance(date)).unwrap_or(0);
    match date.grain() {
        Grain::Hour | Grain::Day | Grain::Week => (LABEL + index * columns_a_week(area), 1),
        Grain::Month => (LABEL + index * MONTH, MONTH - 1),
        Grain::Year => (LABEL, YEAR - 1),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// A month has its column in every year, also if the range begins within a year.
    #[test]
    fn january_is_below_january() {
        let of = |text| Partition::parse(text).unwrap();
        let area = Rect::new(0, 0, 70, 20);
        let shown = shown(&(of("2022-03")..=of("2024-11")), 1, of("2022-03"), area);
        let at = |year: usize, month| columns(shown[year].0, of(month), area).0;
        assert_eq!(
            [at(0, "2022-03"), at(1, "2023-01"), at(1, "2023-03")],
            [LABEL + 8, LABEL, LABEL + 8]
        );
    }

    /// `date_at` inverts the drawing: every partition in view is found in all of its columns, and in no other.
    #[rstest]
    #[case("2022-W01", "2024-W52", 40, "2023-W20")]
    #[case("2021-W01", "2024-W52", 3, "2023-W20")]
    #[case("2022-03", "2024-11", 40, "2023-05")]
    #[case("1999", "2024", 5, "2010")]
    fn partitions_are_hit_where_they_are_drawn(
        #[case] from: &str,
        #[case] to: &str,
        #[case] height: u16,
        #[case] cursor: &str,
    ) {
        let of = |text| Partition::parse(text).unwrap();
        let (range, cursor) = (of(from)..=of(to), of(cursor));
        let area = Rect::new(0, 0, 70, height);
        let mut found = std::collections::BTreeSet::new();
        for (block, line) in shown(&range, 1, cursor, area) {
            assert!(line < usize::from(height));
            for column in 0..usize::from(area.width) {
                if let Some(date) = date_at(&range, 1, cursor, area, column, line) {
                    let (at, width) = columns(block, date, area);
                    assert!((at..at + width).contains(&column), "{date}");
                    assert!(
                        range.contains(&date) && block.contains(date.first_day()),
                        "{date}"
                    );
                    found.insert(date);
                }
            }
        }
        assert!(found.contains(&cursor));
        let in_view = shown(&range, 1, cursor, area);
        let expected = range.start().up_to(*range.end());
        let expected =
            expected.filter(|date| in_view.iter().any(|(block, _)| block.contains(date.first_day())));
        assert_eq!(found, expected.collect());
    }
}
