//! Draws the page about one check: question, current and earlier results, waiver and failing dates.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame::{frame, thumb};
use super::pen::{BOLD, PLAIN, Pen, clear, row};
use crate::console::layout::framed;
use crate::console::model::Model;
use crate::console::model::about::{Line, NAME, lines};
use crate::console::model::overlay::{About, DATE_COLUMNS};
use crate::console::text::{counted, measured};
use crate::console::theme::Theme;
use crate::ledger::PastAnswer;

const WHEN: usize = 17;
const STATE: usize = 11;
const VALUE: usize = 22;
const DATES: usize = 9;

pub fn draw(model: &Model, about: &About, theme: Theme, body: Rect, buf: &mut Buffer) {
    let Some(check) = model
        .snapshot
        .as_deref()
        .and_then(|snapshot| about.check(snapshot))
    else {
        return;
    };
    clear(buf, body);
    frame(buf, theme, body, &check.name, true, &[]);
    let area = framed(body);
    let room = usize::from(area.height);
    let lines = lines(check, usize::from(area.width));
    thumb(buf, theme, area, about.top, room, lines.len());
    for (at, line) in lines.iter().skip(about.top).take(room).enumerate() {
        let mut pen = Pen::on(buf, theme, row(area, at));
        match line {
            Line::Fact(name, text) => {
                let style = if *name == "value" {
                    theme.check(check.state)
                } else {
                    PLAIN
                };
                pen.column(NAME, name, BOLD).write(text, style);
            }
            Line::Heading(text) => {
                pen.write(text, BOLD);
            }
            Line::Dates(dates) => {
                for date in *dates {
                    pen.column(usize::from(DATE_COLUMNS), &date.to_string(), PLAIN);
                }
            }
            Line::Answer(answer) => answered(answer, theme, &mut pen),
            Line::Gap => {}
        }
    }
}

fn answered(answer: &PastAnswer, theme: Theme, pen: &mut Pen<'_>) {
    let style = theme.check(answer.state);
    let state = format!("{} {}", theme.glyphs.check(answer.state), answer.state);
    let value = measured(answer.value.as_deref().unwrap_or("-"));
    let dates = match answer.offending {
        0 => String::new(),
        dates => counted(dates, "date"),
    };
    pen.column(WHEN, &answer.at.format("%Y-%m-%d %H:%M").to_string(), PLAIN)
        .column(STATE, &state, style)
        .column(VALUE, &value, style)
        .column(DATES, &dates, PLAIN)
        .write(&answer.run, PLAIN);
}
