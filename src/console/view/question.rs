//! Draws the question before the first unit and its choices.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame::{frame, thumb};
use super::leave::choices;
use super::pen::{BOLD, PLAIN, Pen, clear, row};
use crate::console::layout::framed;
use crate::console::model::Model;
use crate::console::model::overlay::{QUESTION_FOOT, QuestionPage};
use crate::console::text::sanitised;
use crate::console::theme::Theme;

pub fn draw(model: &Model, page: QuestionPage, theme: Theme, body: Rect, buf: &mut Buffer) {
    let question = model
        .snapshot
        .as_ref()
        .and_then(|snapshot| snapshot.run.question.as_deref());
    let Some(question) = question else {
        return;
    };
    clear(buf, body);
    frame(buf, theme, body, "Before the run starts", true, &[]);
    let area = framed(body);
    let lines = QuestionPage::lines(question, usize::from(area.width));
    let room = usize::from(area.height).saturating_sub(usize::from(QUESTION_FOOT));
    thumb(buf, theme, area, page.top, room, lines.len());
    for (at, (text, bold)) in lines.iter().skip(page.top).take(room).enumerate() {
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
        .map(|(at, label)| (label.as_str(), at == page.chosen))
        .collect();
    let foot = usize::from(area.height.saturating_sub(1));
    choices(&marked, theme, row(area, foot), buf);
}
