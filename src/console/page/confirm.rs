//! The question before a rerun or a reload, with every date it covers.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::effect::Effect;
use crate::console::keymap::{Action, KeyContext};
use crate::console::layout::framed;
use crate::console::model::Model;
use crate::console::model::command_line::command_line;
use crate::console::model::list::Scroll;
use crate::console::model::overlay::{Confirm, date_columns};
use crate::console::model::page::{Handled, Page};
use crate::console::theme::Theme;
use crate::console::view::choices::choices;
use crate::console::view::frame::{dialog_frame, thumb};
use crate::console::view::pen::{BOLD, PLAIN, Pen, row};
use crate::engine::Command;

impl Page for Confirm {
    fn place(&self) -> KeyContext {
        KeyContext::Confirm
    }

    fn act(&mut self, _model: &mut Model, action: Action) -> Handled {
        match action {
            Action::Accept if self.go => Handled::Close(vec![Effect::Send(self.order.clone())]),
            Action::Accept => Handled::Close(Vec::new()),
            Action::Left | Action::Right => {
                self.go = !self.go;
                Handled::Stay(Vec::new())
            }
            _ => Handled::No,
        }
    }

    fn scroll(&mut self, _model: &Model, body: Rect) -> Option<Scroll<'_>> {
        let (page, len) = (self.page(body), self.lines());
        Some(Scroll::top(&mut self.top, page, len))
    }

    fn copied(&self, _model: &Model) -> Option<String> {
        command_line(&self.order)
    }

    fn draw(&self, _model: &Model, theme: Theme, body: Rect, buf: &mut Buffer) {
        let area = self.area(body);
        let does = if matches!(self.order, Command::Reload { .. }) {
            "Reload"
        } else {
            "Rerun"
        };
        let inside = dialog_frame(buf, theme, area, does);
        thumb(buf, theme, framed(area), self.top, self.page(body), self.lines());
        Pen::on(buf, theme, row(inside, 0)).write(&self.question, BOLD);
        let page = self.page(body);
        let lines = self.dates.chunks(self.on_a_line()).skip(self.top).take(page);
        for (at, dates) in lines.enumerate() {
            let mut pen = Pen::on(buf, theme, row(inside, 2 + at));
            for date in dates {
                pen.column(date_columns(&self.dates), &date.to_string(), PLAIN);
            }
        }
        let mut pen = Pen::on(buf, theme, row(inside, 2 + page));
        let all = self.lines();
        if all > page {
            let last = (self.top + page).min(all);
            pen.write(&format!("lines {}-{last} of {all}  ", self.top + 1), PLAIN);
        }
        pen.write(self.note.as_deref().unwrap_or_default(), PLAIN);
        if let Some(command) = command_line(&self.order) {
            Pen::on(buf, theme, row(inside, 3 + page)).write(&command, PLAIN);
        }
        let foot = usize::from(inside.height.saturating_sub(1));
        let labels = [(does, self.go), ("Cancel", !self.go)];
        choices(&labels, theme, row(inside, foot), buf);
    }
}
