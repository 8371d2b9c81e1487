//! The help page: every command with its current keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::keymap::KeyContext;
use crate::console::layout::framed;
use crate::console::model::Model;
use crate::console::model::help::{Help, HelpCommand, HelpLine};
use crate::console::model::list::Scroll;
use crate::console::model::overlay::page;
use crate::console::model::page::Page;
use crate::console::text::{counted, sanitised};
use crate::console::theme::{Theme, Tone};
use crate::console::view::badge::Badge;
use crate::console::view::frame::{page_frame, thumb};
use crate::console::view::pen::{BOLD, PLAIN, Pen, row};

impl Page for Help {
    fn place(&self) -> KeyContext {
        KeyContext::Help
    }

    fn scroll(&mut self, model: &Model, body: Rect) -> Option<Scroll<'_>> {
        let columns = usize::from(framed(body).width);
        let len = self.lines(&model.keymap, model.socket(), columns).len();
        Some(Scroll::top(&mut self.top, page(body, 0), len))
    }

    fn draw(&self, model: &Model, theme: Theme, body: Rect, buf: &mut Buffer) {
        let area = framed(body);
        let page = usize::from(area.height);
        let lines = self.lines(&model.keymap, model.socket(), usize::from(area.width));
        let title = if self.query.is_empty() {
            "Keys".to_owned()
        } else {
            let found = counted(self.bindings(&model.keymap).len(), "command");
            format!("Keys: {found} with '{}'", self.query)
        };
        // The frame alone doesn't show that the page continues.
        let in_view = (lines.len() > page).then(|| Badge {
            text: format!(
                "lines {}-{} of {}",
                self.top + 1,
                (self.top + page).min(lines.len()),
                lines.len()
            ),
            role: Tone::Plain,
        });
        page_frame(buf, theme, body, &title, in_view.as_slice());
        thumb(buf, theme, area, self.top, page, lines.len());
        for (at, line) in lines.iter().skip(self.top).take(page).enumerate() {
            let mut pen = Pen::on(buf, theme, row(area, at));
            match line {
                HelpLine::Text(text) | HelpLine::Heading(text) => {
                    pen.write(&sanitised(text), BOLD);
                }
                HelpLine::Command(line) => command(line, model, theme, &mut pen),
                HelpLine::Gap => {}
            }
        }
    }
}

fn command(line: &HelpCommand, model: &Model, theme: Theme, pen: &mut Pen<'_>) {
    let keys = line
        .begins
        .map(|binding| model.keymap.spelt(binding, theme.glyphs.utf8));
    pen.column(line.keys, keys.as_deref().unwrap_or_default(), BOLD);
    pen.write(&line.text, PLAIN);
}
