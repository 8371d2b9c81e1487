//! The page about one check: question, current and earlier results, waiver and failing dates.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::keymap::KeyContext;
use crate::console::layout::framed;
use crate::console::model::Model;
use crate::console::model::about::{AboutLine, NAME, lines};
use crate::console::model::checklist::as_text;
use crate::console::model::list::Scroll;
use crate::console::model::overlay::{About, date_columns, page};
use crate::console::model::page::Page;
use crate::console::text::{counted, measured};
use crate::console::theme::Theme;
use crate::console::view::frame::{page_frame, thumb};
use crate::console::view::pen::{BOLD, PLAIN, Pen, row};
use crate::ledger::PastAnswer;

const WHEN: usize = 17;
const STATE: usize = 11;
const VALUE: usize = 22;
const DATES: usize = 9;

impl Page for About {
    fn place(&self) -> KeyContext {
        KeyContext::About
    }

    fn scroll(&mut self, model: &Model, body: Rect) -> Option<Scroll<'_>> {
        let check = self.check(model.snapshot.as_deref()?);
        let columns = usize::from(framed(body).width);
        let len = check.map_or(0, |check| lines(check, columns).len());
        Some(Scroll::top(&mut self.top, page(body, 0), len))
    }

    fn copied(&self, model: &Model) -> Option<String> {
        self.check(model.snapshot.as_ref()?).map(as_text)
    }

    fn draw(&self, model: &Model, theme: Theme, body: Rect, buf: &mut Buffer) {
        let Some(check) = model
            .snapshot
            .as_deref()
            .and_then(|snapshot| self.check(snapshot))
        else {
            return;
        };
        let area = page_frame(buf, theme, body, &check.name, &[]);
        let room = usize::from(area.height);
        let lines = lines(check, usize::from(area.width));
        thumb(buf, theme, area, self.top, room, lines.len());
        for (at, line) in lines.iter().skip(self.top).take(room).enumerate() {
            let mut pen = Pen::on(buf, theme, row(area, at));
            match line {
                AboutLine::Fact(name, text) => {
                    let style = if *name == "value" {
                        theme.check(check.state)
                    } else {
                        PLAIN
                    };
                    pen.column(NAME, name, BOLD).write(text, style);
                }
                AboutLine::Heading(text) => {
                    pen.write(text, BOLD);
                }
                AboutLine::Dates(dates) => {
                    for date in *dates {
                        pen.column(date_columns(&check.failing_dates), &date.to_string(), PLAIN);
                    }
                }
                AboutLine::Answer(answer) => draw_answer(answer, theme, &mut pen),
                AboutLine::Gap => {}
            }
        }
    }
}

fn draw_answer(answer: &PastAnswer, theme: Theme, pen: &mut Pen<'_>) {
    let style = theme.check(answer.state);
    let state = format!("{} {}", theme.glyphs.check(answer.state), answer.state);
    let value = measured(answer.value.as_deref().unwrap_or("-"));
    let dates = match answer.failing_dates {
        0 => String::new(),
        dates => counted(dates, "date"),
    };
    pen.column(WHEN, &answer.at.format("%Y-%m-%d %H:%M").to_string(), PLAIN)
        .column(STATE, &state, style)
        .column(VALUE, &value, style)
        .column(DATES, &dates, PLAIN)
        .write(&answer.run, PLAIN);
}
