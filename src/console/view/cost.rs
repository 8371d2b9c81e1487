//! Draws the estimated and billed cost per stage.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::frame::{frame, thumb};
use super::pen::{BOLD, PLAIN, Pen, clear, row};
use crate::console::layout::framed;
use crate::console::model::Model;
use crate::console::model::cost::{Line, lines};
use crate::console::model::overlay::CostPage;
use crate::console::theme::Theme;
use crate::engine::Topic;

/// Columns of expected bytes, billed bytes, slot time and job count; the names get the rest.
const NUMBERS: [usize; 4] = [12, 11, 11, 8];

pub fn draw(model: &Model, page: CostPage, theme: Theme, body: Rect, buf: &mut Buffer) {
    let Some(snapshot) = &model.snapshot else {
        return;
    };
    clear(buf, body);
    let title = if snapshot.run.waits_for(Topic::Cost) {
        "Cost: not started yet"
    } else {
        "Cost"
    };
    frame(buf, theme, body, title, true, &[]);
    let area = framed(body);
    let lines = lines(snapshot, usize::from(area.width));
    let room = usize::from(area.height);
    thumb(buf, theme, area, page.top, room, lines.len());
    for (at, line) in lines.iter().skip(page.top).take(room).enumerate() {
        let mut pen = Pen::on(buf, theme, row(area, at));
        match line {
            Line::Columns => cells(&mut pen, "", ["expected", "billed", "slot time", "jobs"], BOLD),
            Line::Row(row) => {
                pen.skip(2 * usize::from(row.is_part));
                cells(
                    &mut pen,
                    &row.name,
                    [&row.expected, &row.billed, &row.slot_time, &row.jobs],
                    PLAIN,
                );
            }
            Line::Text(text) => {
                pen.write(text, PLAIN);
            }
            Line::Gap => {}
        }
    }
}

fn cells(pen: &mut Pen<'_>, name: &str, numbers: [&str; 4], style: Style) {
    let name_columns = pen.left().saturating_sub(NUMBERS.iter().sum());
    pen.column(name_columns, name, style);
    for (columns, number) in NUMBERS.into_iter().zip(numbers) {
        pen.number(columns, number, style);
    }
}
