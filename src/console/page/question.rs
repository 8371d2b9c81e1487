//! The question before the first unit and its choices.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::effect::Effect;
use crate::console::keymap::{Action, KeyContext};
use crate::console::layout::framed;
use crate::console::model::Model;
use crate::console::model::list::Scroll;
use crate::console::model::overlay::{QUESTION_FOOT, QuestionPage, page};
use crate::console::model::page::{Handled, Page};
use crate::console::text::sanitised;
use crate::console::theme::Theme;
use crate::console::view::choices::choices;
use crate::console::view::frame::{page_frame, thumb};
use crate::console::view::pen::{BOLD, PLAIN, Pen, row};
use crate::engine::Command;

impl Page for QuestionPage {
    fn place(&self) -> KeyContext {
        KeyContext::Question
    }

    fn act(&mut self, model: &mut Model, action: Action) -> Handled {
        let Some(question) = model.question() else {
            return Handled::Close(Vec::new());
        };
        let choices = question.choices.len() + 1;
        match action {
            Action::Accept => {
                // The first choice leaves the question open; it can be opened again.
                let chosen = self.chosen.checked_sub(1).and_then(|at| question.choices.get(at));
                let answer = chosen.map(|choice| choice.word.clone());
                let send = answer.map(|answer| Effect::Send(Command::Answer { answer }));
                return Handled::Close(send.into_iter().collect());
            }
            Action::Left => self.chosen = (self.chosen + choices - 1) % choices,
            Action::Right => self.chosen = (self.chosen + 1) % choices,
            _ => return Handled::No,
        }
        Handled::Stay(Vec::new())
    }

    fn scroll(&mut self, model: &Model, body: Rect) -> Option<Scroll<'_>> {
        let columns = usize::from(framed(body).width);
        let question = model.question();
        let len = question.map_or(0, |question| Self::lines(question, columns).len());
        Some(Scroll::top(&mut self.top, page(body, QUESTION_FOOT), len))
    }

    fn copied(&self, model: &Model) -> Option<String> {
        let question = model.question()?;
        let lines: Vec<&str> = std::iter::once(&question.title)
            .chain(&question.lines)
            .map(String::as_str)
            .collect();
        Some(lines.join("\n"))
    }

    fn draw(&self, model: &Model, theme: Theme, body: Rect, buf: &mut Buffer) {
        let Some(question) = model.question() else {
            return;
        };
        let area = page_frame(buf, theme, body, "Before the run starts", &[]);
        let lines = QuestionPage::lines(question, usize::from(area.width));
        let room = usize::from(area.height).saturating_sub(usize::from(QUESTION_FOOT));
        thumb(buf, theme, area, self.top, room, lines.len());
        for (at, (text, bold)) in lines.iter().skip(self.top).take(room).enumerate() {
            let style = if *bold { BOLD } else { PLAIN };
            Pen::on(buf, theme, row(area, at)).write(text, style);
        }
        let labels: Vec<String> = std::iter::once("Not yet".to_owned())
            .chain(
                question
                    .choices
                    .iter()
                    .map(|choice| sanitised(&choice.label).into_owned()),
            )
            .collect();
        let marked: Vec<(&str, bool)> = (labels.iter().enumerate())
            .map(|(at, label)| (label.as_str(), at == self.chosen))
            .collect();
        let foot = usize::from(area.height.saturating_sub(1));
        choices(&marked, theme, row(area, foot), buf);
    }
}
