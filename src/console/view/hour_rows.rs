//! The calendar of hours: a row is a day, a column an hour of it. Knows cells, not what they mean.

use std::ops::RangeInclusive;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::heat::{Heat, cell_style};
use super::pen::{BOLD, PLAIN, Pen, row};
use crate::console::theme::{SELECTED, Theme};
use crate::partition::Partition;

/// Columns before the hours: the day and a space.
const LABEL: usize = 11;

const HOURS: usize = 24;

/// Hours between those named above the rows.
const NAMED: usize = 6;

/// Draws as many days as fit, below the names of the hours. The day of the cursor is among them.
pub(super) fn draw(
    heat: &Heat<'_>,
    range: &RangeInclusive<Partition>,
    theme: Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let width = columns_an_hour(area);
    let mut head = Pen::on(buf, theme, row(area, 0));
    head.skip(LABEL);
    for hour in (0..HOURS).step_by(NAMED) {
        head.write(&format!("{hour:<wide$}", wide = NAMED * width), PLAIN);
    }
    let shown = in_view(range, heat.cursor, area);
    let from = heat.cells.partition_point(|cell| cell.date < *shown.start());
    let to = heat.cells.partition_point(|cell| cell.date <= *shown.end());
    for cell in &heat.cells[from..to] {
        let line = row(area, line_of(&shown, cell.date));
        let is_first = cell.date.hour() == 0 || cell.date == *range.start();
        if is_first {
            let style = if cell.date.first_day() == heat.cursor.first_day() {
                BOLD.add_modifier(SELECTED)
            } else {
                BOLD
            };
            Pen::on(buf, theme, line).write(&cell.date.first_day().to_string(), style);
        }
        Pen::on(buf, theme, line)
            .skip(LABEL + usize::from(cell.date.hour()) * width)
            .write(cell.sign, cell_style(heat, cell));
    }
}

/// The hours of the days that are drawn.
pub(super) fn in_view(
    range: &RangeInclusive<Partition>,
    cursor: Partition,
    area: Rect,
) -> RangeInclusive<Partition> {
    let days = |from: Partition, to: Partition| (to.first_day() - from.first_day()).num_days();
    let room = i64::from(area.height.saturating_sub(1)).max(1);
    let most = (days(*range.start(), *range.end()) + 1 - room).max(0);
    let above = (days(*range.start(), cursor) - room / 2).clamp(0, most);
    let of_day = |later: i64, hour: u32| {
        let day = Partition::day(range.start().first_day()).moved(later);
        day.and_then(|day| Partition::of_hour(day.first_day(), hour))
    };
    let first = of_day(above, 0).unwrap_or(*range.start()).max(*range.start());
    let last = of_day(above + room - 1, 23)
        .unwrap_or(*range.end())
        .min(*range.end());
    first..=last
}

/// The partition drawn at this column and row of the area.
pub(super) fn date_at(
    range: &RangeInclusive<Partition>,
    cursor: Partition,
    area: Rect,
    column: usize,
    line: usize,
) -> Option<Partition> {
    let shown = in_view(range, cursor, area);
    let hour = column.checked_sub(LABEL)? / columns_an_hour(area);
    let hour = u32::try_from(hour).ok()?;
    let later = i64::try_from(line.checked_sub(1)?).ok()?;
    let day = Partition::day(shown.start().first_day()).moved(later)?;
    let found = Partition::of_hour(day.first_day(), hour)?;
    shown.contains(&found).then_some(found)
}

/// The row of an hour, below the names of the hours.
fn line_of(shown: &RangeInclusive<Partition>, date: Partition) -> usize {
    let days = (date.first_day() - shown.start().first_day()).num_days();
    usize::try_from(days).unwrap_or(0) + 1
}

fn columns_an_hour(area: Rect) -> usize {
    if usize::from(area.width) >= LABEL + 2 * HOURS {
        2
    } else {
        1
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// `date_at` inverts the drawing: every hour in view is found in its column and row, and no other.
    #[rstest]
    #[case("2024-03-05T14", "2024-03-09T03", 12, "2024-03-07T00")]
    #[case("2024-03-05T14", "2024-05-09T03", 12, "2024-03-05T20")]
    #[case("2024-03-05T00", "2024-05-09T23", 7, "2024-05-09T23")]
    #[case("2024-03-05T14", "2024-03-05T14", 1, "2024-03-05T14")]
    fn hours_are_hit_where_they_are_drawn(
        #[case] from: &str,
        #[case] to: &str,
        #[case] height: u16,
        #[case] cursor: &str,
        #[values(40, 70)] width: u16,
    ) {
        let of = |text| Partition::parse(text).unwrap();
        let (range, cursor) = (of(from)..=of(to), of(cursor));
        let area = Rect::new(0, 0, width, height);
        let mut found = std::collections::BTreeSet::new();
        for line in 0..usize::from(height).max(2) {
            for column in 0..usize::from(area.width) {
                if let Some(date) = date_at(&range, cursor, area, column, line) {
                    let shown = in_view(&range, cursor, area);
                    assert_eq!(line, line_of(&shown, date));
                    assert_eq!((column - LABEL) / columns_an_hour(area), usize::from(date.hour()));
                    found.insert(date);
                }
            }
        }
        assert!(found.contains(&cursor));
        let (first, last) = in_view(&range, cursor, area).into_inner();
        assert_eq!(found, first.up_to(last).collect());
    }
}
