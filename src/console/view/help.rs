//! Draws the help: every command with its current keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::badge::Badge;
use super::frame::{frame, thumb};
use super::pen::{BOLD, PLAIN, Pen, clear, row};
use crate::console::layout::framed;
use crate::console::model::Model;
use crate::console::model::help::{Command, Help, Line};
use crate::console::text::{counted, sanitised};
use crate::console::theme::{Role, Theme};

pub fn draw(help: &Help, model: &Model, theme: Theme, body: Rect, buf: &mut Buffer) {
    let area = framed(body);
    let page = usize::from(area.height);
    let lines = help.lines(&model.keymap, model.socket(), usize::from(area.width));
    clear(buf, body);
    let title = if help.query.is_empty() {
        "Keys".to_owned()
    } else {
        let found = counted(help.bindings(&model.keymap).len(), "command");
        format!("Keys: {found} with '{}'", help.query)
    };
    // The frame alone doesn't show that the page continues.
    let in_view = (lines.len() > page).then(|| Badge {
        text: format!(
            "lines {}-{} of {}",
            help.top + 1,
            (help.top + page).min(lines.len()),
            lines.len()
        ),
        role: Role::Plain,
    });
    frame(buf, theme, body, &title, true, in_view.as_slice());
    thumb(buf, theme, area, help.top, page, lines.len());
    for (at, line) in lines.iter().skip(help.top).take(page).enumerate() {
        let mut pen = Pen::on(buf, theme, row(area, at));
        match line {
            Line::Text(text) | Line::Heading(text) => {
                pen.write(&sanitised(text), BOLD);
            }
            Line::Command(line) => command(line, model, theme, &mut pen),
            Line::Gap => {}
        }
    }
}

fn command(line: &Command, model: &Model, theme: Theme, pen: &mut Pen<'_>) {
    let keys = line
        .begins
        .map(|binding| model.keymap.spelt(binding, theme.glyphs.utf8));
    pen.column(line.keys, keys.as_deref().unwrap_or_default(), BOLD);
    pen.write(&line.text, PLAIN);
}
