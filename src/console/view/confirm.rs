//! Draws the question before a rerun, with every date it covers.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame::{frame, thumb};
use super::pen::{BOLD, PLAIN, Pen, clear, row};
use crate::console::layout::framed;
use crate::console::model::command_line::command_line;
use crate::console::model::overlay::{Confirm, DATE_COLUMNS};
use crate::console::theme::Theme;
use crate::engine::Command;

pub fn draw(confirm: &Confirm, theme: Theme, body: Rect, buf: &mut Buffer) {
    let area = confirm.area(body);
    let does = if matches!(confirm.order, Command::Reload { .. }) {
        "Reload"
    } else {
        "Rerun"
    };
    clear(buf, area);
    frame(buf, theme, area, does, true, &[]);
    let inside = framed(area);
    thumb(
        buf,
        theme,
        inside,
        confirm.top,
        confirm.page(body),
        confirm.lines(),
    );
    let inside = Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        ..inside
    };
    Pen::on(buf, theme, row(inside, 0)).write(&confirm.question, BOLD);
    let page = confirm.page(body);
    let lines = confirm
        .dates
        .chunks(Confirm::on_a_line())
        .skip(confirm.top)
        .take(page);
    for (at, dates) in lines.enumerate() {
        let mut pen = Pen::on(buf, theme, row(inside, 2 + at));
        for date in dates {
            pen.column(usize::from(DATE_COLUMNS), &date.to_string(), PLAIN);
        }
    }
    let mut pen = Pen::on(buf, theme, row(inside, 2 + page));
    let all = confirm.lines();
    if all > page {
        let last = (confirm.top + page).min(all);
        pen.write(&format!("lines {}-{last} of {all}  ", confirm.top + 1), PLAIN);
    }
    pen.write(confirm.note.as_deref().unwrap_or_default(), PLAIN);
    if let Some(command) = command_line(&confirm.order) {
        Pen::on(buf, theme, row(inside, 3 + page)).write(&command, PLAIN);
    }
    let foot = usize::from(inside.height.saturating_sub(1));
    let choices = [(does, confirm.go), ("Cancel", !confirm.go)];
    super::leave::choices(&choices, theme, row(inside, foot), buf);
}
