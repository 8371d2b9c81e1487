//! The question before this console takes control from another.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::effect::Effect;
use crate::console::keymap::{Action, KeyContext};
use crate::console::layout::popup;
use crate::console::model::Model;
use crate::console::model::overlay::TakeControl;
use crate::console::model::page::{Handled, Page};
use crate::console::text::sanitised;
use crate::console::theme::Theme;
use crate::console::view::choices::choices;
use crate::console::view::frame::dialog_frame;
use crate::console::view::pen::{BOLD, PLAIN, Pen, row};

const SIZE: (u16, u16) = (64, 6);

impl Page for TakeControl {
    fn place(&self) -> KeyContext {
        KeyContext::Confirm
    }

    fn act(&mut self, _model: &mut Model, action: Action) -> Handled {
        match action {
            Action::Accept if self.go => Handled::Close(vec![Effect::TakeControl]),
            Action::Accept => Handled::Close(Vec::new()),
            Action::Left | Action::Right => {
                self.go = !self.go;
                Handled::Stay(Vec::new())
            }
            _ => Handled::No,
        }
    }

    fn draw(&self, model: &Model, theme: Theme, body: Rect, buf: &mut Buffer) {
        let area = popup(body, SIZE.0, SIZE.1);
        let inside = dialog_frame(buf, theme, area, "Control");
        let question = match &model.control.holder {
            Some(name) => format!("Take control from {}?", sanitised(name)),
            None => "No console has control now. Take control?".to_owned(),
        };
        Pen::on(buf, theme, row(inside, 0)).write(&question, BOLD);
        Pen::on(buf, theme, row(inside, 1)).write("The console that has control becomes an observer.", PLAIN);
        let labels = [("Take control", self.go), ("Cancel", !self.go)];
        choices(&labels, theme, row(inside, 3), buf);
    }
}
