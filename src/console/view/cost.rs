//! What the work costs, stage by stage.

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

/// Columns of bytes, of slot time and of a number of jobs; the names have the rest.
const BYTES: usize = 12;
const SLOT_TIME: usize = 12;
const JOBS: usize = 9;

pub fn draw(model: &Model, page: CostPage, theme: Theme, body: Rect, buf: &mut Buffer) {
    let Some(snapshot) = &model.snapshot else {
        return;
    };
    clear(buf, body);
    frame(buf, theme, body, "Cost", true, &[]);
    let area = framed(body);
    let lines = lines(snapshot, usize::from(area.width));
    let room = usize::from(area.height);
    thumb(buf, theme, area, page.top, room, lines.len());
    for (at, line) in lines.iter().skip(page.top).take(room).enumerate() {
        let mut pen = Pen::on(buf, theme, row(area, at));
        match line {
            Line::Columns => cells(&mut pen, "", ["billed", "slot time", "jobs"], BOLD),
            Line::Row(row) => {
                pen.skip(2 * usize::from(row.is_part));
                cells(
                    &mut pen,
                    &row.name,
                    [&row.billed, &row.slot_time, &row.jobs],
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

fn cells(pen: &mut Pen<'_>, name: &str, numbers: [&str; 3], style: Style) {
    let name_columns = pen.left().saturating_sub(BYTES + SLOT_TIME + JOBS);
    pen.column(name_columns, name, style);
    for (columns, number) in [BYTES, SLOT_TIME, JOBS].into_iter().zip(numbers) {
        pen.number(columns, number, style);
    }
}
