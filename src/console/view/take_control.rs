//! Draws the question before this console takes control from another.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame::frame;
use super::leave::choices;
use super::pen::{BOLD, PLAIN, Pen, clear, row};
use crate::console::layout::{framed, popup};
use crate::console::model::Model;
use crate::console::text::sanitised;
use crate::console::theme::Theme;

const SIZE: (u16, u16) = (64, 6);

pub fn draw(model: &Model, go: bool, theme: Theme, body: Rect, buf: &mut Buffer) {
    let area = popup(body, SIZE.0, SIZE.1);
    clear(buf, area);
    frame(buf, theme, area, "Control", true, &[]);
    let inside = framed(area);
    let inside = Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        ..inside
    };
    let question = match &model.control.holder {
        Some(name) => format!("Take control from {}?", sanitised(name)),
        None => "No console has control now. Take control?".to_owned(),
    };
    Pen::on(buf, theme, row(inside, 0)).write(&question, BOLD);
    Pen::on(buf, theme, row(inside, 1)).write("The console that has control becomes an observer.", PLAIN);
    let labels = [("Take control", go), ("Cancel", !go)];
    choices(&labels, theme, row(inside, 3), buf);
}
